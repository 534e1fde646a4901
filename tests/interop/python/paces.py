"""What all the Python clients have in common: who they are, and how an outcome is told."""

import json
import os

URL = os.environ["INTEROP_URL"]
TRANSPORT = os.environ["INTEROP_TRANSPORT"]
PROTOCOL = os.environ["INTEROP_PROTOCOL"]

FEATURES = (
    "connect",
    "invoke",
    "void",
    "error",
    "unknown_method",
    "argument_count",
    "argument_type",
    "stream",
    "cancel",
    "upload",
    "client_result",
    "group",
    "flood",
    "bearer",
    "redirect",
    "close_for_good",
    "close_reconnect",
    "reconnect",
    "stateful_reconnect",
)
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


async def walk(features, connection):
    """Puts a connection through every feature, which are coroutines by name, and tells how each went.

    It waits as long as it takes; the program that started this one notices silence.
    """
    for feature in FEATURES:
        try:
            await features[feature](connection)
        except Exception as error:
            tell(feature, error)
        else:
            tell(feature)
