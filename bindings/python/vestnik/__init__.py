"""Vestnik's core for Python: the generated module, and what a Python program needs around it.

The package is this file, the generated module as `_generated.py`, and the native library beside it.
"""

import atexit
import datetime

from ._generated import *
from ._generated import __all__, quiesce

# How long a program that ends waits for its own listeners, log sink and secret store to return.
_PATIENCE = datetime.timedelta(seconds=5)

# Python ends a thread that calls it while it ends, in the middle of native code, which aborts the process.
# What a program registers after this import, as its own `stop`, is done before.
atexit.register(quiesce, _PATIENCE)
