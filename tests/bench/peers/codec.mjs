// What each message costs in the official JavaScript codec, a line of JSON for each.
// Run with --expose-gc, so that a collection in the middle does not hide what was allocated.
import { readFileSync } from "node:fs";
import { JsonHubProtocol, NullLogger } from "@microsoft/signalr";
import { MessagePackHubProtocol } from "@microsoft/signalr-protocol-msgpack";

const duration = Number(process.argv[2] ?? 60);
const samples = JSON.parse(readFileSync(new URL("messages.json", import.meta.url), "utf8"));
const TURN = 256;
let sink;

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function bytes(work) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let turn = 0; turn < TURN; turn++) sink = work();
  return Math.max(0, process.memoryUsage().heapUsed - before) / TURN;
}

// CPU time in milliseconds: what another program does meanwhile is not in it.
function spent() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function cost(work) {
  const warm = spent();
  while (spent() - warm < duration * 2) sink = work();
  const stretches = [];
  for (let stretch = 0; stretch < 5; stretch++) {
    const started = spent();
    let turns = 0;
    do {
      for (let turn = 0; turn < TURN; turn++) sink = work();
      turns++;
    } while (spent() - started < duration);
    stretches.push(((spent() - started) * 1e6) / (turns * TURN));
  }
  return { nanos: median(stretches), bytes: bytes(work) };
}

const protocols = { json: new JsonHubProtocol(), messagepack: new MessagePackHubProtocol() };
for (const [protocol, codec] of Object.entries(protocols)) {
  for (const { name, message } of samples) {
    let frame = codec.writeMessage(message);
    if (frame instanceof Uint8Array) frame = frame.buffer.slice(frame.byteOffset, frame.byteOffset + frame.byteLength);
    const encode = cost(() => codec.writeMessage(message));
    const decode = cost(() => codec.parseMessages(frame, NullLogger.instance));
    console.log(JSON.stringify({ protocol, message: name, encode, decode }));
  }
}
if (sink === undefined) throw new Error("nothing was measured");
