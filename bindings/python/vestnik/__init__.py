"""Vestnik's core for Python: the generated module, and what a Python program needs around it.

The package is this file, the generated module as `_generated.py`, and the native library beside it.
"""

import atexit
import datetime

from ._generated import *
from ._generated import __all__, Click, Config, Network, Notification, SearchQuery, quiesce

# How long a program that ends waits for its own listeners, log sink and secret store to return.
_PATIENCE = datetime.timedelta(seconds=5)

# Python ends a thread that calls it while it ends, in the middle of native code, which aborts the process.
# What a program registers after this import, as its own `stop`, is done before.
atexit.register(quiesce, _PATIENCE)


def _tell_only(record, *fields):
    """A record's text has these fields and nothing else, so that it may be logged."""

    def text(self):
        told = ", ".join(f"{field}={getattr(self, field)}" for field in fields)
        return f"{record.__name__}({told})"

    record.__str__ = record.__repr__ = text


# What is left out is content, or an address that may have a password or a token in it.
_tell_only(Notification, "id", "revision")
_tell_only(Click, "opened_by")
_tell_only(SearchQuery, "limit")
_tell_only(Config, "app", "device")
_tell_only(Network)
