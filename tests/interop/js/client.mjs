// The official JavaScript client, feature by feature. Each outcome is a line of JSON.

import { isDeepStrictEqual } from "node:util";
import {
  HttpTransportType,
  HubConnectionBuilder,
  JsonHubProtocol,
  LogLevel,
  Subject,
} from "@microsoft/signalr";
import { MessagePackHubProtocol } from "@microsoft/signalr-protocol-msgpack";

const url = process.env.INTEROP_URL;
const transport = HttpTransportType[process.env.INTEROP_TRANSPORT];
const messagePack = process.env.INTEROP_PROTOCOL === "messagepack";

function build(path, { token, reconnect, stateful } = {}) {
  const builder = new HubConnectionBuilder()
    .withUrl(`${url}${path}`, {
      transport,
      ...(token === undefined ? {} : { accessTokenFactory: () => token }),
    })
    .withHubProtocol(messagePack ? new MessagePackHubProtocol() : new JsonHubProtocol())
    .configureLogging(LogLevel.None);
  if (reconnect !== undefined) builder.withAutomaticReconnect(reconnect);
  if (stateful) builder.withStatefulReconnect();
  return builder.build();
}

/** The client does not have it; the text says where that is seen. */
class Absent extends Error {}

function equal(actual, expected) {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
  }
}

async function refused(call, expected) {
  try {
    await call;
  } catch (error) {
    if (error.message.includes(expected)) return;
    throw new Error(`expected "${expected}" in "${error.message}"`);
  }
  throw new Error(`expected an error with "${expected}"`);
}

function items(stream, { stopAfter = Infinity } = {}) {
  return new Promise((resolve, reject) => {
    const all = [];
    const subscription = stream.subscribe({
      next(item) {
        all.push(item);
        if (all.length === stopAfter) {
          subscription.dispose();
          resolve(all);
        }
      },
      complete: () => resolve(all),
      error: reject,
    });
  });
}

const next = (connection, event) => new Promise((resolve) => connection[event](resolve));

const VALUE = { text: "Привет 👋 \u001e", list: [1, -2, 2 ** 40, 0.5], deep: { a: [null, true] } };

const features = {
  async connect(connection) {
    await connection.start();
  },
  async invoke(connection) {
    equal(await connection.invoke("Echo", VALUE), VALUE);
    equal(await connection.invoke("add", 2, 3), 5);
  },
  async void(connection) {
    equal((await connection.invoke("Nothing")) ?? null, null);
  },
  async error(connection) {
    await refused(connection.invoke("Fail", "the reason"), "HubException: the reason");
  },
  async unknown_method(connection) {
    await refused(connection.invoke("Missing"), "Method does not exist.");
  },
  async argument_count(connection) {
    await refused(connection.invoke("Add", 1), "Failed to invoke 'Add'");
    equal(await connection.invoke("Add", 1, 1), 2);
  },
  async argument_type(connection) {
    await refused(connection.invoke("Add", "one", 1), "Failed to invoke 'Add'");
    equal(await connection.invoke("Add", 1, 1), 2);
  },
  async stream(connection) {
    equal(await items(connection.stream("Count", 50)), [...Array(50).keys()]);
    await refused(items(connection.stream("Nothing")), "non-streaming 'Nothing' method");
    await refused(connection.invoke("Count", 1), "streaming 'Count' method");
  },
  async cancel(connection) {
    const before = await connection.invoke("Stopped");
    equal(await items(connection.stream("Forever"), { stopAfter: 3 }), [0, 1, 2]);
    while ((await connection.invoke("Stopped")) === before);
  },
  async upload(connection) {
    const sum = new Subject();
    const answer = connection.invoke("Sum", sum);
    for (let number = 1; number <= 100; number += 1) sum.next(number);
    sum.complete();
    equal(await answer, 5050);
    const failing = new Subject();
    const refusal = refused(connection.invoke("Sum", failing), "given up");
    failing.next(1);
    failing.error(new Error("given up"));
    await refusal;
    const doubled = new Subject();
    const both = items(connection.stream("Double", doubled));
    for (const number of [1, 2, 3]) doubled.next(number);
    doubled.complete();
    equal(await both, [2, 4, 6]);
  },
  async client_result(connection) {
    await refused(connection.invoke("AskMe", "well?"), "Client didn't provide a result.");
    connection.on("Answer", (question) => {
      if (question === "") throw new Error("no question");
      return `${question} yes`;
    });
    equal(await connection.invoke("AskMe", "well?"), "well? yes, it said");
    await refused(connection.invoke("AskMe", ""), "no question");
  },
  async group(connection) {
    const other = build("/hub");
    await other.start();
    const heard = [connection, other].map(
      (each) => new Promise((resolve) => each.on("said", resolve)),
    );
    const name = `group ${Math.random()}`;
    await connection.invoke("Join", name);
    await other.invoke("Join", name);
    await other.invoke("Say", name, "hello");
    equal(await Promise.all(heard), ["hello", "hello"]);
    await other.stop();
  },
  async flood(connection) {
    const count = 500;
    const heard = new Promise((resolve) => {
      const all = [];
      connection.on("Drop", (number) => {
        all.push(number);
        if (all.length === count) resolve(all);
      });
    });
    await connection.invoke("Flood", count);
    equal(await heard, [...Array(count).keys()]);
  },
  async bearer() {
    const known = build("/secure", { token: "alice" });
    await known.start();
    equal(await known.invoke("WhoAmI"), "alice");
    await known.stop();
    await refused(build("/secure").start(), "401");
  },
  async redirect() {
    const led = build("/redirect", { token: "original" });
    await led.start();
    equal(await led.invoke("WhoAmI"), "redirected");
    await led.stop();
  },
  async close_for_good() {
    const connection = build("/hub", { reconnect: [0, 0] });
    await connection.start();
    const closed = next(connection, "onclose");
    connection.send("CloseMe", false);
    await closed;
    equal(connection.state, "Disconnected");
  },
  async close_reconnect() {
    await returns((connection) => connection.send("CloseMe", true));
  },
  async reconnect() {
    await returns(cut);
  },
  async stateful_reconnect() {
    if (transport !== HttpTransportType.WebSockets) {
      throw new Absent("_resolveTransportOrError in HttpConnection.js has it for WebSockets only");
    }
    const connection = build("/hub", { stateful: true });
    const numbers = [];
    let cutting;
    connection.on("Drop", (number) => {
      numbers.push(number);
      if (numbers.length === 50) cutting = cut();
    });
    await connection.start();
    const { connectionId } = connection;
    const name = `group ${Math.random()}`;
    await connection.invoke("Join", name);
    for (let round = 0; round < 3; round += 1) {
      await connection.invoke("Flood", 500);
      await cutting;
      equal(numbers.splice(0), [...Array(500).keys()]);
      // Only the same connection is still in the group.
      const said = new Promise((resolve) => connection.on("Said", resolve));
      await connection.invoke("Say", name, "still here");
      equal([await said, connection.connectionId], ["still here", connectionId]);
    }
    await connection.stop();
  },
};

/** Cuts every connection there is. The answer is cut too. */
const cut = () => fetch(`${url}/cut`, { method: "POST" }).catch(() => {});

/** A connection that is ended some way comes back by itself, and works. */
async function returns(end) {
  const connection = build("/hub", { reconnect: [0, 100, 500, 1000, 2000] });
  await connection.start();
  const back = next(connection, "onreconnected");
  await end(connection);
  await back;
  equal(await connection.invoke("Add", 1, 2), 3);
  await connection.stop();
}

const isText = transport === HttpTransportType.ServerSentEvents;
if (messagePack && isText) {
  // Events are text (HTML standard, section 9.2); the client has to find that out by itself.
  const absent = "_resolveTransportOrError in HttpConnection.js: events carry no binary";
  await refused(build("/hub").start(), "'ServerSentEvents' does not support Binary");
  for (const feature of Object.keys(features)) {
    console.log(JSON.stringify({ feature, outcome: "absent", detail: absent }));
  }
  process.exit(0);
}

const connection = build("/hub");
for (const [feature, run] of Object.entries(features)) {
  try {
    // However long it takes: the program that started this one notices silence.
    await run(connection);
    console.log(JSON.stringify({ feature, outcome: "pass" }));
  } catch (error) {
    const outcome = error instanceof Absent ? "absent" : "fail";
    console.log(JSON.stringify({ feature, outcome, detail: error.message }));
  }
}
process.exit(0);
