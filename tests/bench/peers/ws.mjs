// A `ws` server that sends what is posted to each of its clients.
import { WebSocketServer } from "ws";
import { listen, publishing } from "./publishing.mjs";

const server = publishing((text) => {
  for (const client of sockets.clients) client.send(text);
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
listen(server);
