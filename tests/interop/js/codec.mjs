// The official codecs: reads each frame and tells what it means, and writes the same meaning.
// A line of JSON in, a line of JSON out: { frame: base64, meaning }.

import { createInterface } from "node:readline";
import { JsonHubProtocol, NullLogger } from "@microsoft/signalr";
import { MessagePackHubProtocol } from "@microsoft/signalr-protocol-msgpack";

const isText = process.argv[2] === "json";
const protocol = isText ? new JsonHubProtocol() : new MessagePackHubProtocol();

function read(frame) {
  const input = isText
    ? frame.toString("utf8")
    : frame.buffer.slice(frame.byteOffset, frame.byteOffset + frame.byteLength);
  const [message] = protocol.parseMessages(input, NullLogger.instance);
  return message ?? null;
}

/** The client leaves out what is not there, and so do we. */
function sparse({ invocationId, error, streamIds, ...rest }) {
  const message = { ...rest };
  if (invocationId != null) message.invocationId = invocationId;
  if (error != null) message.error = error;
  if (streamIds !== undefined && streamIds.length > 0) message.streamIds = streamIds;
  return message;
}

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line);
  const meaning = read(Buffer.from(told.frame, "base64"));
  const frame = Buffer.from(protocol.writeMessage(sparse(told.meaning))).toString("base64");
  if (!process.stdout.write(`${JSON.stringify({ frame, meaning })}\n`)) {
    await new Promise((resolve) => process.stdout.once("drain", resolve));
  }
}
