"""An SMTP server (aiosmtpd) that demands STARTTLS and a login, and tells what it got.

Writes its port, then one JSON object for each letter, as Python's own parser reads it: before it answers
the sender, which it does only after so many milliseconds if a third argument says so.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Handler:
    def __init__(self, pause):
        self.pause = pause

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        if address.startswith("full@"):
            return "452 4.2.2 the mailbox is full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        told = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "from": letter["From"],
            "to": letter["To"],
            "subject": letter["Subject"],
            "message_id": letter["Message-ID"],
            "unsubscribe": letter["List-Unsubscribe"],
            "unsubscribe_post": letter["List-Unsubscribe-Post"],
            "kind": letter.get_content_type(),
            "parts": {
                part.get_content_type(): part.get_content()
                for part in letter.iter_parts()
            },
            "defects": [str(defect) for defect in letter.defects],
        }
        print(json.dumps(told), flush=True)
        await asyncio.sleep(self.pause)
        return "250 2.0.0 queued"


def authenticate(server, session, envelope, mechanism, auth_data):
    good = isinstance(auth_data, LoginPassword) and (
        auth_data.login,
        auth_data.password,
    ) == (b"anna", "пароль".encode())
    # Not handled: the server answers by itself.
    return AuthResult(success=good, handled=good)


async def main():
    certificate, key, *pause = sys.argv[1:]
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    handler = Handler(float(pause[0]) / 1000 if pause else 0)

    def protocol():
        return SMTP(
            handler,
            tls_context=tls,
            require_starttls=True,
            authenticator=authenticate,
            auth_required=True,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, host="127.0.0.1", port=0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
