"""signalrcore, feature by feature. Each outcome is a line of JSON."""

import logging
import os
import queue
import random
import threading

from paces import FEATURES, PROTOCOL, TRANSPORT, URL, VALUE, Absent, contains, equal, tell
from signalrcore.hub_connection_builder import HubConnectionBuilder
from signalrcore.subject import Subject
from signalrcore.types import HttpTransportType, HubProtocolEncoding

TRANSPORTS = {
    "WebSockets": HttpTransportType.web_sockets,
    "ServerSentEvents": HttpTransportType.server_sent_events,
    "LongPolling": HttpTransportType.long_polling,
}
ENCODING = HubProtocolEncoding.binary if PROTOCOL == "messagepack" else HubProtocolEncoding.text


class Connection:
    """The client with waiting in place of callbacks."""

    def __init__(self, path="/hub", token=None):
        options = {"transport": TRANSPORTS[TRANSPORT]}
        if token is not None:
            options["access_token_factory"] = lambda: token
        builder = HubConnectionBuilder().with_url(URL + path, options=options)
        builder = builder.configure_logging(logging.CRITICAL).with_hub_protocol(ENCODING)
        self.hub = builder.build()
        self.opened, self.closed = queue.Queue(), queue.Queue()
        self.errors = {}
        self.hub.on_open(lambda: self.opened.put(None))
        self.hub.on_close(lambda: self.closed.put(None))
        self.hub.on_error(self._fail)

    def _fail(self, message):
        answer = self.errors.pop(message.invocation_id, None)
        if answer is not None:
            answer.put(ValueError(message.error))

    def start(self):
        self.hub.start()
        self.opened.get()
        return self

    def invoke(self, target, *arguments):
        answer = queue.Queue()
        identifier = str(random.getrandbits(64))
        self.errors[identifier] = answer
        self.hub.invoke(target, list(arguments), answer.put, identifier)
        message = answer.get()
        if isinstance(message, ValueError):
            raise message
        return message.result

    def refused(self, expected, target, *arguments):
        try:
            self.invoke(target, *arguments)
        except ValueError as error:
            contains(error, expected)
        else:
            raise AssertionError(f"expected an error with {expected!r}")


def connect(_):
    pass


def invoke(connection):
    equal(connection.invoke("Echo", VALUE), VALUE)
    equal(connection.invoke("add", 2, 3), 5)


def void(connection):
    equal(connection.invoke("Nothing"), None)


def error(connection):
    connection.refused("HubException: the reason", "Fail", "the reason")


def unknown_method(connection):
    connection.refused("Method does not exist.", "Missing")


def argument_count(connection):
    connection.refused("Failed to invoke 'Add'", "Add", 1)
    equal(connection.invoke("Add", 1, 1), 2)


def argument_type(connection):
    connection.refused("Failed to invoke 'Add'", "Add", "one", 1)
    equal(connection.invoke("Add", 1, 1), 2)


def stream(connection):
    items, done = [], threading.Event()
    connection.hub.stream("Count", [50]).subscribe(
        {"next": items.append, "complete": lambda _: done.set(), "error": lambda _: done.set()}
    )
    done.wait()
    equal(items, list(range(50)))


def cancel(_):
    raise Absent("StreamHandler in hub/handlers.py has nothing to cancel by")


def upload(connection):
    summed = queue.Queue()
    connection.hub.on("Summed", summed.put)
    numbers = Subject()
    connection.hub.send("SumLater", numbers)
    for number in range(1, 101):
        numbers.next(number)
    numbers.complete()
    equal(summed.get(), [5050])


def client_result(_):
    raise Absent("__on_invocation_message in base_hub_connection.py drops what a handler returns")


def group(connection):
    name = f"group {random.random()}"
    other = Connection().start()
    heard = [queue.Queue(), queue.Queue()]
    for each, said in zip((connection, other), heard):
        each.hub.on("Said", said.put)
        each.invoke("Join", name)
    other.invoke("Say", name, "hello")
    equal([said.get() for said in heard], [["hello"], ["hello"]])
    other.hub.stop()


def flood(connection):
    heard = queue.Queue()
    connection.hub.on("Drop", heard.put)
    connection.invoke("Flood", 500)
    equal([heard.get() for _ in range(500)], [[n] for n in range(500)])


def bearer(_):
    known = Connection("/secure", token="alice").start()
    equal(known.invoke("WhoAmI"), "alice")
    known.hub.stop()
    try:
        Connection("/secure").hub.start()
    except Exception as error:
        contains(repr(error), "Unauthorized")
    else:
        raise AssertionError("expected UnAuthorizedHubError")


def redirect(_):
    led = Connection("/redirect", token="original").start()
    equal(led.invoke("WhoAmI"), "redirected")
    led.hub.stop()


def close_for_good(_):
    connection = Connection().start()
    connection.hub.send("CloseMe", [False])
    connection.closed.get()


def close_reconnect(_):
    raise Absent("__on_close_message in base_hub_connection.py ends it, whatever allowReconnect says")


def reconnect(_):
    raise Absent("handle_reconnect in base_transport.py opens the id that has ended, which gets 404")


def stateful_reconnect(_):
    raise Absent("__on_sequence_message in base_hub_connection.py only logs")


def main():
    connection = Connection().start()
    for feature in FEATURES:
        try:
            globals()[feature](connection)
        except Exception as error:
            tell(feature, error)
        else:
            tell(feature)
    # Its threads would keep the program alive.
    os._exit(0)


main()
