// A socket.io server that emits what is posted to each of its clients.
import { Server } from "socket.io";
import { listen, publishing } from "./publishing.mjs";

const server = publishing((text) => io.emit("Notify", text));
const io = new Server(server, {
  transports: ["websocket"],
  perMessageDeflate: false,
  serveClient: false,
  pingInterval: 600_000,
});
listen(server);
