// A Vestnik sender by the official SignalR client alone: it publishes, and watches the notification
// until all of its deliveries are read or nothing can change any more.
//
//   VESTNIK_URL  the server's address, as http://127.0.0.1:4000; it may have a path
//   VESTNIK_KEY  an API key with the scopes "publish" and "read"
//
// The request is the one argument, as JSON. Each event is printed as a JSON object on a line.

import { HubConnectionBuilder, LogLevel } from "@microsoft/signalr";

const print = (event, facts) => console.log(JSON.stringify({ event, ...facts }));

const server = process.env.VESTNIK_URL.replace(/\/+$/, "");
const connection = new HubConnectionBuilder()
  .withUrl(`${server}/hub`, { accessTokenFactory: () => process.env.VESTNIK_KEY })
  .withAutomaticReconnect()
  .configureLogging(LogLevel.None)
  .build();

// A refusal is a result, or an item of a stream, with a problem; an exception means a fault.
function accepted(answer) {
  if (answer.problem) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`);
  return answer;
}

const isReadByAll = ({ counts }) =>
  counts.read > 0 &&
  Object.entries(counts).every(([status, count]) => status === "read" || count === 0);

// Resolves with true when there is nothing left to wait for, with false when the connection ended
// first. `place.after` is the version of the last item, by which the next watch goes on.
function watchOnce(notificationId, place) {
  return new Promise((resolve, reject) => {
    const subscription = connection.stream("Watch", { notificationId, ...place }).subscribe({
      next(item) {
        if (item.problem) return reject(new Error(`${item.problem.code}: ${item.problem.detail}`));
        place.after = item.version;
        print("status", item);
        if (!isReadByAll(item)) return;
        subscription.dispose();
        resolve(true);
      },
      // The client ends its streams before it leaves the state Connected.
      error: (error) =>
        setImmediate(() => (connection.state === "Connected" ? reject(error) : resolve(false))),
      complete: () => resolve(true),
    });
  });
}

async function watch(notificationId) {
  const place = {};
  for (;;) {
    const isBack = new Promise((resolve, reject) => {
      connection.onreconnected(resolve);
      connection.onclose(() => reject(new Error("the connection ended")));
    });
    // Only awaited when the connection is lost.
    isBack.catch(() => undefined);
    if (await watchOnce(notificationId, place)) return;
    await isBack;
  }
}

try {
  await connection.start();
  const published = accepted(await connection.invoke("Publish", JSON.parse(process.argv[2])));
  print("published", published);
  await watch(published.id);
  print("done", { id: published.id });
} catch (error) {
  print("failed", { error: error.message });
  process.exitCode = 1;
} finally {
  await connection.stop();
}
