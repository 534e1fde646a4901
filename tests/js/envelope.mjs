// Vestnik's sealed envelopes by a foreign implementation of HPKE (hpke-js), from the format that
// core/envelope/src/lib.rs documents.
//
//   node envelope.mjs open FILE     opens the envelopes of FILE and compares their contents
//   node envelope.mjs seal FILE     writes envelopes that this implementation sealed
//
// A FILE is a list of {private, installation, notification, content, envelope}, all in hex.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";

const VERSION = 1;
const BUCKET = 256;
const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Chacha20Poly1305(),
});

const hex = (text) => Buffer.from(text, "hex");
const info = (one) => Buffer.concat([Buffer.from("vestnik envelope 1\0"), hex(one.installation)]);
const aad = (head, one) => Buffer.concat([head, hex(one.notification)]);

async function privateKey(one) {
  return suite.kem.importKey("raw", new Uint8Array(hex(one.private)).buffer, false);
}

async function open(one) {
  const sealed = hex(one.envelope);
  const [head, encapsulated, ciphertext] = [sealed.subarray(0, 9), sealed.subarray(9, 41), sealed.subarray(41)];
  if (head[0] !== VERSION) throw new Error(`version ${head[0]}`);
  const recipientKey = await privateKey(one);
  const padded = Buffer.from(
    await suite.open({ recipientKey, enc: encapsulated, info: info(one) }, ciphertext, aad(head, one)),
  );
  if (padded.length % BUCKET !== 0) throw new Error(`${padded.length} bytes are not padded`);
  return padded.subarray(4, 4 + padded.readUInt32BE(0));
}

async function seal(one) {
  const pair = await suite.kem.deriveKeyPair(new Uint8Array(hex(one.random)).buffer);
  const publicKey = Buffer.from(await suite.kem.serializePublicKey(pair.publicKey));
  const mark = createHash("sha256").update(publicKey).digest().subarray(0, 8);
  const head = Buffer.concat([Buffer.from([VERSION]), mark]);
  const content = hex(one.content);
  const padded = Buffer.alloc(Math.ceil((4 + content.length) / BUCKET) * BUCKET);
  padded.writeUInt32BE(content.length);
  content.copy(padded, 4);
  const { ct, enc } = await suite.seal(
    { recipientPublicKey: pair.publicKey, info: info(one) },
    padded,
    aad(head, one),
  );
  const envelope = Buffer.concat([head, Buffer.from(enc), Buffer.from(ct)]).toString("hex");
  const secret = Buffer.from(await suite.kem.serializePrivateKey(pair.privateKey)).toString("hex");
  return { private: secret, installation: one.installation, notification: one.notification, content: one.content, envelope };
}

const [command, file] = process.argv.slice(2);
if (command === "open") {
  const all = JSON.parse(readFileSync(file, "utf8"));
  for (const one of all) {
    const content = await open(one);
    if (content.toString("hex") !== one.content) throw new Error(`another content: ${content.toString("hex")}`);
  }
  console.log(JSON.stringify({ opened: all.length }));
} else if (command === "seal") {
  const contents = [Buffer.alloc(0), Buffer.from("Заказ в пути 🚚"), Buffer.alloc(252, "x"), Buffer.alloc(3000, "y")];
  const all = contents.map((content, index) =>
    seal({
      random: createHash("sha256").update(`key ${index}`).digest("hex"),
      installation: `0192f0c100007000800000000000000${index}`,
      notification: `0192f0c100007000800000000000001${index}`,
      content: content.toString("hex"),
    }),
  );
  writeFileSync(file, `${JSON.stringify(await Promise.all(all), null, 1)}\n`);
} else {
  throw new Error("usage: node envelope.mjs open|seal FILE");
}
