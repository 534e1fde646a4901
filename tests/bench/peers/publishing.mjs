// An HTTP server that hands the body of each POST to `publish` and answers 204.
import { createServer } from "node:http";

export function publishing(publish) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      publish(Buffer.concat(chunks).toString());
      response.writeHead(204).end();
    });
  });
  server.keepAliveTimeout = 0;
  return server;
}

export function listen(server) {
  server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
}
