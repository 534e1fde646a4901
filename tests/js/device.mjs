// A Vestnik device by the official SignalR client alone: no library of ours.
//
// It logs in, says Hello, reads what it missed, receives live, reports, and is told what was read
// on another device. The environment says who it is:
//
//   VESTNIK_URL             where the server is, as http://127.0.0.1:4000
//   VESTNIK_APP             the App
//   VESTNIK_INSTALLATION    this install's own id, made once: ins_ and 32 hexadecimal digits
//   VESTNIK_IDENTITY_TOKEN  the JWT by which the App's backend vouches for its user
//   VESTNIK_TRANSPORT       WebSockets, ServerSentEvents or LongPolling; whatever is offered first
//                           if absent
//
// What happens is printed, a JSON object a line. Lines read from standard input: "read ID" when
// the person has read a notification, "stop" to end.

import { createInterface } from "node:readline";
import { HttpTransportType, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";

const server = process.env.VESTNIK_URL;
const installation = process.env.VESTNIK_INSTALLATION;

const tell = (event, facts) => console.log(JSON.stringify({ event, ...facts }));

// --- Tokens: logged in once by the identity token, renewed by the refresh token.

let tokens;

async function grant(request) {
  const response = await fetch(`${server}/v1/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
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

// --- What is stored: the history, and the cursor up to which the log is known without a gap.

const history = new Map();
let cursor = null;

function isNext(place) {
  if (cursor === null) return false;
  const [epoch, seq] = cursor.split(":");
  return place === `${epoch}:${BigInt(seq) + 1n}`;
}

function storeNotification({ deliveryId, readAt, notification }, how) {
  if (history.has(notification.id)) return [];
  history.set(notification.id, { deliveryId, read: readAt !== undefined });
  tell("notification", { id: notification.id, title: notification.title, how });
  return [notification.id];
}

function storeState({ id, state }) {
  const known = history.get(id);
  if (state !== "read" || known === undefined || known.read) return;
  known.read = true;
  tell("read_elsewhere", { id });
}

// --- The hub.

const transport = HttpTransportType[process.env.VESTNIK_TRANSPORT];

const connection = new HubConnectionBuilder()
  .withUrl(`${server}/hub`, { accessTokenFactory: accessToken, transport })
  .withAutomaticReconnect()
  .configureLogging(LogLevel.None)
  .build();

async function report(ids, kind) {
  if (ids.length === 0) return;
  const at = new Date().toISOString();
  const receipts = ids.map((notificationId) => ({ notificationId, kind, at }));
  const { accepted, unknown } = await connection.invoke("Report", { receipts });
  tell("reported", { kind, accepted, unknown });
}

async function sync() {
  for (let more = true; more; ) {
    const page = await connection.invoke("Sync", { cursor, limit: 2 });
    const fresh = [];
    for (const entry of page.entries) {
      if (entry.kind === "notification") fresh.push(...storeNotification(entry, "missed"));
      if (entry.kind === "state") storeState(entry);
    }
    cursor = page.cursor;
    more = page.more;
    await report(fresh, "delivered");
  }
}

async function catchUp() {
  const welcome = await connection.invoke("Hello", {
    installationId: installation,
    cursor,
    locale: "en",
    timeZone: "Europe/Berlin",
    permission: "granted",
    appVersion: "1.0",
  });
  await sync();
  tell("caught_up", { behindBy: welcome.behindBy, cursor });
}

// A live entry is taken only when it is the very next one; any other means that something is
// missing, and the log is read on from here.
async function takeLive(entries, store) {
  for (const entry of entries) {
    if (!isNext(entry.cursor)) return sync();
    const fresh = store(entry);
    cursor = entry.cursor;
    await report(fresh, "delivered");
  }
}

// One thing at a time, in the order in which it came.
let work = Promise.resolve();
function inOrder(job) {
  work = work.then(job).catch((error) => tell("failed", { error: error.message }));
}

connection.on("Notify", (entries) => {
  inOrder(() => takeLive(entries, (entry) => storeNotification(entry, "live")));
});
connection.on("StateChanged", (entries) => {
  inOrder(() => takeLive(entries, (entry) => (storeState(entry), [])));
});
connection.on("Behind", () => inOrder(sync));
connection.on("Drain", ({ retryAfterMs }) => tell("drain", { retryAfterMs }));
connection.onreconnecting(() => tell("reconnecting", {}));
connection.onreconnected(() => inOrder(catchUp));
connection.onclose((error) => tell("closed", { error: error?.message ?? null }));

// --- What the person and the network do.

async function obey(line) {
  const [command, id] = line.trim().split(" ");
  if (command === "read") {
    history.get(id).read = true;
    await report([id], "read");
  }
  if (command === "stop") await connection.stop();
}

const { user } = await grant({
  grant_type: "identity_token",
  app: process.env.VESTNIK_APP,
  installation_id: installation,
  identity_token: process.env.VESTNIK_IDENTITY_TOKEN,
});
tell("logged_in", { user });
await connection.start();
inOrder(catchUp);
for await (const line of createInterface({ input: process.stdin })) {
  inOrder(() => obey(line));
}
await work;
