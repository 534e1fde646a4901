// A message centre (node-smpp) that tells what it got, as it reads it by itself.
//
// Writes its port, then one JSON object a line. Binds shop with secret08. With two arguments, a certificate
// and a key, it speaks TLS. What it does with a message is said by the last four digits of its number:
//   0001  throttled, for each part the first time
//   0002  the number is none
//   0003  the connection ends without an answer
//   0004  the receipt comes before the answer
//   0005  throttled, the second part only, the first time
//   0006  asks whether the client lives, and sends a message of a person in two parts
//   0007  unbinds after the answer
//   0008  the receipt has parameters and no text
// Any other is taken and delivered. Ids are hexadecimal in answers and parameters, and decimal in texts.
import { readFileSync } from "node:fs";

import smpp from "smpp";

const tell = (kind, told = {}) => console.log(JSON.stringify({ kind, ...told }));
const RECEIPT = smpp.ESM_CLASS.MC_DELIVERY_RECEIPT;

let taken = 1_000_000;
const seen = new Set();

/** Whether something is met for the first time. */
function isNew(key) {
  const isFirst = !seen.has(key);
  seen.add(key);
  return isFirst;
}

function serve(session) {
  session.on("error", (error) => tell("error", { message: String(error) }));
  session.on("close", () => tell("closed"));
  session.on("bind_transceiver", (pdu) => bind(session, pdu));
  session.on("bind_transmitter", (pdu) => bind(session, pdu));
  session.on("enquire_link", (pdu) => {
    tell("enquired");
    session.send(pdu.response());
  });
  session.on("unbind", (pdu) => {
    tell("unbound");
    session.send(pdu.response());
    session.close();
  });
  session.on("submit_sm", (pdu) => submit(session, pdu));
}

function bind(session, pdu) {
  const isKnown = pdu.system_id === "shop" && pdu.password === "secret08";
  tell("bind", { isKnown, version: pdu.interface_version, type: pdu.system_type });
  if (!isKnown) {
    session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
    session.close();
    return;
  }
  session.send(pdu.response({ system_id: "centre", sc_interface_version: pdu.interface_version }));
}

function submit(session, pdu) {
  const content = pdu.message_payload ?? pdu.short_message;
  const header = (content.udh ?? []).map((element) => element.toString("hex"));
  tell("submit", {
    to: pdu.destination_addr,
    toKind: [pdu.dest_addr_ton, pdu.dest_addr_npi],
    from: pdu.source_addr,
    fromKind: [pdu.source_addr_ton, pdu.source_addr_npi],
    text: content.message,
    header,
    coding: pdu.data_coding,
    validity: pdu.validity_period,
    receipt: pdu.registered_delivery,
    part: [pdu.sar_msg_ref_num, pdu.sar_segment_seqnum, pdu.sar_total_segments],
    isPayload: pdu.message_payload !== undefined,
  });
  const refuse = (command_status) => session.send(pdu.response({ command_status }));
  const kind = pdu.destination_addr.slice(-4);
  const isSecond = header.some((element) => element.endsWith("02"));
  if (kind === "0001" && isNew(`${pdu.destination_addr} ${header}`)) {
    return refuse(smpp.ESME_RTHROTTLED);
  }
  if (kind === "0005" && isSecond && isNew(pdu.destination_addr)) {
    return refuse(smpp.ESME_RTHROTTLED);
  }
  if (kind === "0002") return refuse(smpp.ESME_RINVDSTADR);
  if (kind === "0003") return session.destroy();
  take(session, pdu, kind);
}

function take(session, pdu, kind) {
  const id = ++taken;
  const answer = () => session.send(pdu.response({ message_id: hexadecimal(id) }));
  const report = () => pdu.registered_delivery && deliver(session, pdu, id, kind);
  if (kind === "0004") {
    report();
    // Once the receipt was offered, and before it was answered.
    setImmediate(answer);
    return;
  }
  answer();
  report();
  if (kind === "0006") ask(session, pdu);
  if (kind === "0007") session.unbind({}, () => session.close());
}

function hexadecimal(id) {
  return id.toString(16).toUpperCase();
}

function deliver(session, pdu, id, kind) {
  const told = (response) => tell("receipted", { id, status: response.command_status });
  const receipt = {
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: RECEIPT,
  };
  if (kind === "0008") {
    receipt.receipted_message_id = hexadecimal(id);
    receipt.message_state = smpp.MESSAGE_STATE.UNDELIVERABLE;
  } else {
    receipt.short_message =
      `id:${id} sub:001 dlvrd:001 submit date:2611301200 done date:2611301201 ` +
      `stat:DELIVRD err:000 text:${pdu.destination_addr}`;
  }
  session.deliver_sm(receipt, told);
}

function ask(session, pdu) {
  session.enquire_link({}, (response) => tell("lives", { status: response.command_status }));
  for (const [number, message] of ["Да, ", "спасибо 🎉"].entries()) {
    const part = {
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      short_message: { udh: Buffer.from([5, 0, 3, 77, 2, number + 1]), message },
    };
    session.deliver_sm(part, (response) => tell("wrote", { status: response.command_status }));
  }
}

const [certificate, key] = process.argv.slice(2);
const tls = certificate && { cert: readFileSync(certificate), key: readFileSync(key) };
const server = smpp.createServer(tls || {}, serve);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
