"""`python -m plugincreds` is the command `plugincreds`."""

import sys

from plugincreds._cli import main

sys.exit(main())
