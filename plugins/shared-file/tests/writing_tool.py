"""A tool that logs in: it writes the file in place, piece by piece, as careless ones do.

The arguments are the file and the new text.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

path, text = Path(sys.argv[1]), sys.argv[2]
with path.open("w", encoding="utf-8") as stream:
    for begin in range(0, len(text), 50):
        stream.write(text[begin : begin + 50])
        stream.flush()
        time.sleep(0.05)
