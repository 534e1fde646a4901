// The official SignalR client with stateful reconnect, over a line that is cut again and again.
//
// It sends numbered messages and receives numbered messages at the same time, as fast as both ends'
// windows let it. When all came it says how, on one line of JSON.
//
//   STATEFUL_URL       the hub
//   STATEFUL_PROTOCOL  json or messagepack
//   STATEFUL_COUNT     how many messages go each way

import { HttpTransportType, HubConnectionBuilder, JsonHubProtocol, LogLevel } from "@microsoft/signalr";
import { MessagePackHubProtocol } from "@microsoft/signalr-protocol-msgpack";

const count = Number(process.env.STATEFUL_COUNT);
const isBinary = process.env.STATEFUL_PROTOCOL === "messagepack";

const connection = new HubConnectionBuilder()
  .withUrl(process.env.STATEFUL_URL, { transport: HttpTransportType.WebSockets })
  .withHubProtocol(isBinary ? new MessagePackHubProtocol() : new JsonHubProtocol())
  .withStatefulReconnect()
  .configureLogging(LogLevel.None)
  .build();

const received = [];
const all = new Promise((resolve, reject) => {
  connection.on("Down", (number) => {
    received.push(number);
    if (number === count - 1) resolve();
  });
  connection.onclose((error) => reject(error ?? new Error("closed")));
});

async function sendAll() {
  for (let number = 0; number < count; number += 1) {
    await connection.send("Up", number, "x".repeat(number % 100));
    // What arrives meanwhile is read.
    if (number % 8 === 0) await new Promise(setImmediate);
  }
}

await connection.start();
const began = connection.connectionId;
await connection.send("Begin", count);
await Promise.all([sendAll(), all]);
// It is behind all the others, and its answer behind the server's.
const arrived = await connection.invoke("Arrived");
const same = began === connection.connectionId;
console.log(JSON.stringify({ received, arrived, same }));
process.exit(0);
