"""`python -m plugincreds` is the command `plugincreds`."""

import sys

from plugincreds._cli import script

sys.exit(script())
