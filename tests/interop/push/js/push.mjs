// Sends to the simulator by foreign libraries: web-push and node-apn. Prints a line for each thing that
// was tried, and ends with 1 if one failed. NODE_EXTRA_CA_CERTS names the simulator's authority.
import apn from "@parse/node-apn";
import webPush from "web-push";

const admin = process.argv[2];

async function call(method, path, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(admin + path, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return response.json();
}

const register = (kind) => call("POST", "/admin/devices", { kind });
const kill = (device) => call("POST", `/admin/devices/${device.id}/kill`, {});

/** The one event of a device, which must be its delivery. */
async function only(device) {
  const { events } = await call("GET", `/admin/devices/${device.id}/events`);
  if (events.length !== 1 || events[0].fate !== "delivered") {
    throw new Error(`one delivery wanted, ${JSON.stringify(events)} came`);
  }
  return events[0].message;
}

function equal(got, wanted) {
  if (got !== wanted) throw new Error(`${JSON.stringify(wanted)} wanted, ${JSON.stringify(got)} came`);
}

const credentials = await call("GET", "/admin/credentials");

// APNs.

async function sendApns(url, device) {
  const { hostname, port } = new URL(url);
  const { key, key_id: keyId, team_id: teamId, topic } = credentials.apns;
  const ca = credentials.ca_certificate;
  const provider = new apn.Provider({ token: { key, keyId, teamId }, address: hostname, port, ca });
  const note = new apn.Notification({ topic, pushType: "alert", priority: 5, collapseId: "order" });
  note.alert = { title: "Заказ", body: "On its way" };
  note.mutableContent = 1;
  try {
    return await provider.send(note, device.token);
  } finally {
    await provider.shutdown();
  }
}

async function apnSends() {
  const phone = await register("apns");
  const { sent, failed } = await sendApns(credentials.apns.base_url, phone);
  if (sent.length !== 1) throw new Error(JSON.stringify(failed));
  const message = await only(phone);
  equal(message.collapse, "order");
  equal(message.urgency, "5");
  equal(message.content.payload.aps.alert.title, "Заказ");
}

async function apnDead() {
  const phone = await register("apns");
  await kill(phone);
  const { failed } = await sendApns(credentials.apns.base_url, phone);
  equal(failed[0]?.status, 410);
  equal(failed[0]?.response?.reason, "Unregistered");
}

// Web Push.

function sendWeb(browser, text) {
  const { publicKey, privateKey } = webPush.generateVAPIDKeys();
  const vapidDetails = { subject: "mailto:push@shop.example", publicKey, privateKey };
  const options = { vapidDetails, TTL: 60, urgency: "high", topic: "order" };
  return webPush.sendNotification(browser.subscription, text, options);
}

async function webSends() {
  const browser = await register("web_push");
  const answer = await sendWeb(browser, "Заказ");
  equal(answer.statusCode, 201);
  const message = await only(browser);
  equal(message.collapse, "order");
  equal(message.urgency, "high");
  equal(message.content.text, "Заказ");
}

async function webGone() {
  const browser = await register("web_push");
  await kill(browser);
  const answer = await sendWeb(browser, "text").catch((error) => error);
  equal(answer.statusCode, 410);
}

let failed = false;
for (const [name, attempt] of [
  ["apns: node-apn sends", apnSends],
  ["apns: node-apn is told of a dead token", apnDead],
  ["web push: web-push sends", webSends],
  ["web push: web-push is told of an ended subscription", webGone],
]) {
  try {
    await attempt();
    console.log("ok  ", name);
  } catch (error) {
    failed = true;
    console.log("fail", `${name}: ${error.message}`);
  }
}
process.exit(failed ? 1 : 0);
