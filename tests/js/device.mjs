// A Vestnik device by the official SignalR client alone, without a library of Vestnik's.
//
// It logs in, says Hello, reads what it missed, receives live entries and reports facts. Contract 1 of
// the hub is described in core/model/src/contract.rs. The environment:
//
//   VESTNIK_URL                  the server's address, as http://127.0.0.1:4000; it may have a path
//   VESTNIK_APP                  the App
//   VESTNIK_INSTALLATION         this installation's id, made once: ins_ and 32 hexadecimal digits
//   VESTNIK_INSTALLATION_SECRET  its secret, made once: 32 random bytes as base64url without padding;
//                                a new one if absent
//   VESTNIK_IDENTITY_TOKEN       the JWT by which the App's backend vouches for its user
//   VESTNIK_TRANSPORT            WebSockets, ServerSentEvents or LongPolling; the first that the server
//                                offers if absent
//
// Each event is printed as a JSON object on a line. Commands on standard input: "read ID" and
// "delete ID" when the person did so with a notification, "stop" to end.

import { randomBytes, randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { HttpTransportType, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";

const server = process.env.VESTNIK_URL.replace(/\/+$/, "");
const installation = process.env.VESTNIK_INSTALLATION;
const secret = process.env.VESTNIK_INSTALLATION_SECRET ?? randomBytes(32).toString("base64url");

const print = (event, facts) => console.log(JSON.stringify({ event, ...facts }));

// --- Tokens: a login by the identity token, then renewals by the refresh token. The secret goes with
// --- each, so that the server recognises the installation.

let tokens;

async function grant(request) {
  const response = await fetch(`${server}/v1/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...request, installation_secret: secret }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  const renewAt = Date.now() + (answer.expires_in * 1000 * 2) / 3;
  tokens = { access: answer.access_token, refresh: answer.refresh_token, renewAt };
  return answer;
}

async function accessToken() {
  if (Date.now() >= tokens.renewAt) {
    await grant({ grant_type: "refresh_token", refresh_token: tokens.refresh });
  }
  return tokens.access;
}

// --- What a device stores: the history, facts that the server has not answered yet, and the cursor.
// --- The cursor is opaque: it is compared with others and given back.

const history = new Map();
const outbox = new Map();
let cursor = null;

function addFact(kind, notificationId, rest = {}) {
  const id = randomUUID();
  outbox.set(id, { id, kind, notificationId, at: new Date().toISOString(), ...rest });
}

// An entry of a kind that this version does not know is passed over; the cursor moves over it.
function apply(entry, how) {
  switch (entry.kind) {
    case "notification":
      return arrive(entry, how);
    case "recall":
      return withdraw(entry.id);
    case "state":
      return changeState(entry);
    default:
      return print("unknown_entry", { kind: entry.kind ?? null });
  }
}

function arrive({ id, readAt, notification }, how) {
  if (history.has(id)) return;
  history.set(id, { read: readAt !== undefined, recalled: false, versions: {} });
  addFact("delivered", id);
  print("notification", { id, title: notification.title, how });
}

// Remembered, so that it is not shown if it arrives later.
function withdraw(id) {
  const known = history.get(id);
  history.set(id, { read: true, versions: {}, ...known, recalled: true });
  if (known !== undefined && !known.recalled) print("withdrawn", { id });
}

function changeState({ id, flag, value, version }) {
  const known = history.get(id);
  if (known === undefined || version <= (known.versions[flag] ?? -1)) return;
  known.versions[flag] = version;
  if (flag === "read") {
    if (!value || known.read) return;
    known.read = true;
    print("read_elsewhere", { id });
  } else {
    print("flag", { id, flag, value });
  }
}

// --- The hub.

const transport = HttpTransportType[process.env.VESTNIK_TRANSPORT];

const connection = new HubConnectionBuilder()
  .withUrl(`${server}/hub`, { accessTokenFactory: accessToken, transport })
  .withAutomaticReconnect()
  .configureLogging(LogLevel.None)
  .build();

// A refusal is a result with a problem; an exception means a fault.
async function call(method, argument) {
  const answer = await connection.invoke(method, argument);
  if (answer.problem) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`);
  return answer;
}

// Facts stay until the server has answered each by its id: a report whose answer was lost is sent
// again, and the server calls its facts duplicates.
async function report() {
  if (outbox.size === 0) return;
  const facts = [...outbox.values()].slice(0, 100);
  const { results } = await call("Report", { facts, cursor });
  print("reported", { results: results.map(toldResult) });
  for (const { id } of results) outbox.delete(id);
}

function toldResult({ id, outcome, code }) {
  const { kind, notificationId } = outbox.get(id) ?? {};
  return { kind, notificationId, outcome, code };
}

// A page that begins elsewhere than asked comes from a server that was restored from a backup: the
// device keeps what it has and goes on from the page's cursor.
async function sync() {
  for (let more = true; more; ) {
    const page = await call("Sync", { cursor, limit: 2 });
    if (cursor !== null && page.after !== cursor) print("log_replaced", {});
    for (const entry of page.entries) apply(entry, "missed");
    cursor = page.cursor;
    more = page.more;
    await report();
  }
}

async function catchUp() {
  const welcome = await call("Hello", {
    contract: 1,
    features: ["recall", "flags"],
    installationId: installation,
    cursor,
    locale: "en",
    timeZone: "Europe/Berlin",
    permission: "granted",
    appVersion: "1.0",
  });
  if (welcome.behindBy > 0 || welcome.cursor !== cursor) await sync();
  await report();
  print("caught_up", { behindBy: welcome.behindBy, cursor });
}

// Live entries that follow the device's cursor are applied; any others mean that something has to be
// read, unless they end where the device stands.
async function takeLive({ after, cursor: end, entries }) {
  if (end === cursor) return;
  if (after !== cursor) return sync();
  for (const entry of entries) apply(entry, "live");
  cursor = end;
  await report();
}

// One job at a time, in the order in which they came.
let work = Promise.resolve();
function inOrder(job) {
  work = work.then(job).catch((error) => print("failed", { error: error.message }));
}

connection.on("Entries", (call) => inOrder(() => takeLive(call)));
connection.on("Behind", ({ cursor: end }) => inOrder(() => (end === cursor ? undefined : sync())));
connection.on("Drain", ({ retryAfterMs }) => print("drain", { retryAfterMs }));
connection.on("InstallationReplaced", ({ reason }) => {
  print("replaced", { reason });
  // Not in order: what waits there has no session any more.
  void connection.stop();
});
connection.onreconnecting(() => print("reconnecting", {}));
connection.onreconnected(() => inOrder(catchUp));
connection.onclose((error) => print("closed", { error: error?.message ?? null }));

// --- What the person does.

async function perform(line) {
  const [command, id] = line.trim().split(" ");
  if (command === "read") {
    history.get(id).read = true;
    addFact("read", id);
    await report();
  }
  if (command === "delete") {
    const { versions } = history.get(id);
    versions.deleted = (versions.deleted ?? 0) + 1;
    addFact("flag", id, { version: versions.deleted, body: { flag: "deleted", value: true } });
    await report();
  }
  if (command === "stop") await connection.stop();
}

const { user } = await grant({
  grant_type: "identity_token",
  app: process.env.VESTNIK_APP,
  installation_id: installation,
  identity_token: process.env.VESTNIK_IDENTITY_TOKEN,
});
print("logged_in", { user });
await connection.start();
inOrder(catchUp);
for await (const line of createInterface({ input: process.stdin })) {
  inOrder(() => perform(line));
}
await work;
