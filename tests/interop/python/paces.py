"""What all the Python clients have in common: who they are, and how an outcome is told."""

import json
import os

URL = os.environ["INTEROP_URL"]
TRANSPORT = os.environ["INTEROP_TRANSPORT"]
PROTOCOL = os.environ["INTEROP_PROTOCOL"]

PATIENCE = 15
VALUE = {"text": "Привет 👋 \x1e", "list": [1, -2, 2**40, 0.5], "deep": {"a": [None, True]}}


class Absent(Exception):
    """The client does not have it; the text says where that is seen."""


def equal(actual, expected):
    """Fails unless both are the same."""
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def contains(text, expected):
    """Fails unless a text has a part."""
    if expected not in str(text):
        raise AssertionError(f"expected {expected!r} in {str(text)!r}")


def tell(feature, error=None):
    """Prints how a feature went."""
    outcome = {"feature": feature, "outcome": "pass"}
    if isinstance(error, Absent):
        outcome = {"feature": feature, "outcome": "absent", "detail": str(error)}
    elif error is not None:
        detail = f"{type(error).__name__}: {error}"
        outcome = {"feature": feature, "outcome": "fail", "detail": detail}
    print(json.dumps(outcome), flush=True)
