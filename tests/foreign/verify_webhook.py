"""Verifies webhooks by the reference library: a JSON object a line, answered by ok or the error."""

import json
import sys

from standardwebhooks.webhooks import Webhook

for line in sys.stdin:
    told = json.loads(line)
    try:
        Webhook(told["verifier"]).verify(told["body"], told["headers"])
        print("ok", flush=True)
    except Exception as error:
        print(type(error).__name__, flush=True)
