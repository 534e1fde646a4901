// The official JavaScript client at its default limits, as a device that reads everything.
//
// Input: a line with the token and the installation, then lines with how many notifications are to be
// read in all. For each of the latter a line comes out: what was read since the last one.

import { createInterface } from "node:readline";
import {
  HttpTransportType,
  HubConnectionBuilder,
  JsonHubProtocol,
  LogLevel,
} from "@microsoft/signalr";
import { MessagePackHubProtocol } from "@microsoft/signalr-protocol-msgpack";

const { INTEROP_URL, INTEROP_TRANSPORT, INTEROP_PROTOCOL } = process.env;
const PAGE_ENTRIES = 500;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { token, installationId } = JSON.parse((await lines.next()).value);

const messagePack = INTEROP_PROTOCOL === "messagepack";
const connection = new HubConnectionBuilder()
  .withUrl(INTEROP_URL, {
    transport: HttpTransportType[INTEROP_TRANSPORT],
    accessTokenFactory: () => token,
  })
  .withHubProtocol(messagePack ? new MessagePackHubProtocol() : new JsonHubProtocol())
  .configureLogging(LogLevel.None)
  .build();

async function call(method, argument) {
  const answer = await connection.invoke(method, argument);
  if (answer.problem) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`);
  return answer;
}

let cursor = null;
let count = 0;
let reading;

function begin() {
  reading = { notifications: [], pages: 0, live: 0, largest: 0 };
}
begin();

function add({ entries, ...rest }) {
  const bytes = Buffer.byteLength(JSON.stringify({ entries, ...rest }));
  reading.largest = Math.max(reading.largest, bytes);
  for (const { kind, notification } of entries) {
    if (kind !== "notification") continue;
    reading.notifications.push(notification);
    count += 1;
  }
}

async function sync() {
  for (let more = true; more; ) {
    const page = await call("Sync", { cursor, limit: PAGE_ENTRIES });
    reading.pages += 1;
    add(page);
    cursor = page.cursor;
    more = page.more;
  }
}

// One job at a time, in the order in which they came. A fault ends the script.
let work = Promise.resolve();
let progressed = () => {};
function inOrder(job) {
  work = work.then(job).then(() => progressed());
  work.catch((error) => {
    console.error(error);
    process.exit(1);
  });
}

async function takeLive(live) {
  if (live.cursor === cursor) return;
  if (live.after !== cursor) return sync();
  reading.live += 1;
  add(live);
  cursor = live.cursor;
}

connection.on("Entries", (live) => inOrder(() => takeLive(live)));
connection.on("Behind", (behind) => inOrder(() => behind.cursor !== cursor && sync()));

await connection.start();
inOrder(async () => {
  await call("Hello", { contract: 1, installationId });
  await sync();
});

for await (const line of lines) {
  const total = Number(line);
  while (count < total) await new Promise((resolve) => (progressed = resolve));
  await work;
  process.stdout.write(`${JSON.stringify(reading)}\n`);
  begin();
}
await connection.stop();
