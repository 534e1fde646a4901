// A Vestnik sender by the official SignalR client alone: it publishes, and watches what becomes
// of it until everybody has read it.
//
//   VESTNIK_URL  where the server is, as http://127.0.0.1:4000
//   VESTNIK_KEY  an API key with the scopes "publish" and "read"
//
// The request is the one argument, as JSON. What happens is printed, a JSON object a line.

import { HubConnectionBuilder, LogLevel } from "@microsoft/signalr";

const tell = (event, facts) => console.log(JSON.stringify({ event, ...facts }));

const connection = new HubConnectionBuilder()
  .withUrl(`${process.env.VESTNIK_URL}/hub`, { accessTokenFactory: () => process.env.VESTNIK_KEY })
  .withAutomaticReconnect()
  .configureLogging(LogLevel.None)
  .build();

const isReadByAll = ({ counts }) =>
  Object.entries(counts).every(([status, count]) => status === "read" || count === 0);

// Resolves when the server ends the watch, or when there is nothing left to wait for.
function watch(notificationId) {
  return new Promise((resolve, reject) => {
    const subscription = connection.stream("Watch", { notificationId }).subscribe({
      next(change) {
        tell("status", change);
        if (change.counts.read > 0 && isReadByAll(change)) {
          subscription.dispose();
          resolve();
        }
      },
      error: reject,
      complete: resolve,
    });
  });
}

try {
  await connection.start();
  const published = await connection.invoke("Publish", JSON.parse(process.argv[2]));
  tell("published", published);
  await watch(published.id);
  tell("done", { id: published.id });
} catch (error) {
  tell("failed", { error: error.message });
  process.exitCode = 1;
} finally {
  await connection.stop();
}
