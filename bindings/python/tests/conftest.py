"""A real server for the tests: the `vestnik` binary on a free loopback port."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import time
import urllib.request

import pytest

VESTNIK = os.environ["VESTNIK_BIN"]
APP = "shop"


class Server:
    """A running server, and the rights to publish to its users."""

    def __init__(self, directory):
        database = str(directory / "vestnik.sqlite")
        self.keys = self._command("keys", "bootstrap", "--app", APP, "--database", database)
        self.process = subprocess.Popen(
            [VESTNIK, "--json", "serve", "--listen", "127.0.0.1:0", "--database", database],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = json.loads(self.process.stdout.readline())["listening"]

    @staticmethod
    def _command(*arguments):
        done = subprocess.run(
            [VESTNIK, "--json", *arguments], check=True, capture_output=True, text=True, timeout=300
        )
        return json.loads(done.stdout)

    def identity_token(self, user):
        """Vouches for a user, as the App's backend would (RFC 7519, HS256)."""
        header = {"alg": "HS256", "typ": "JWT", "kid": self.keys["identity_key_id"]}
        claims = {"sub": user, "aud": APP, "exp": int(time.time()) + 3600}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        secret = base64.urlsafe_b64decode(self.keys["identity_secret"] + "==")
        signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_base64url(signature)}"

    def publish(self, user, title, body=""):
        """Publishes to a user and gives the notification's id."""
        request = {"to": {"users": [user]}, "notification": {"title": title, "body": body}}
        return self._call("POST", "v1/notifications", request)["id"]

    def counts(self, notification):
        """How the deliveries of a notification stand."""
        return self._call("GET", f"v1/notifications/{notification}")["counts"]

    def wait_for(self, notification, status):
        """Waits until a device has reported it."""
        while self.counts(notification)[status] == 0:
            pass

    def _call(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "authorization": f"Bearer {self.keys['key']}",
                "content-type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=300) as response:
            return json.load(response)

    def stop(self):
        """Asks the server to finish, and sees that it does."""
        self.process.terminate()
        assert self.process.wait(timeout=300) == 0


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture
def server(tmp_path):
    running = Server(tmp_path)
    yield running
    running.stop()
