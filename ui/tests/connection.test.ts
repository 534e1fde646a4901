import { screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { retryWords } from "../src/features/connection/words";
import type { ConnectionView } from "../src/generated/ConnectionView";
import type { TroubleView } from "../src/generated/TroubleView";
import { FakePlatform } from "../src/platform/fake";
import { openWindow } from "./window";

const offline = (trouble: TroubleView): ConnectionView => ({
  state: "offline",
  trouble,
  retryAt: null,
});

const states: [ConnectionView, string, string | null][] = [
  [{ state: "online" }, "Online", null],
  [{ state: "connecting" }, "Connecting…", null],
  [{ state: "syncing" }, "Catching up…", null],
  [{ state: "offline", trouble: null, retryAt: null }, "Offline", null],
  [offline("unreachable"), "Offline", "The server cannot be reached."],
  [offline("captive_portal"), "Offline", "This network asks you to sign in first."],
  [offline("wrong_address"), "Offline", "Something else answers at the server's address."],
  [offline("refused"), "Offline", "The server refuses the connection."],
  [offline("throttled"), "Offline", "The server asks this device to slow down."],
  [offline("server_busy"), "Offline", "The server is restarting or overloaded."],
  [offline("storage"), "Offline", "This device cannot store notifications."],
  [offline("internal"), "Offline", "Vestnik had to restart its connection."],
];

test.each(states)("%o is told in words", async (connection, words, reason) => {
  const platform = new FakePlatform();
  await openWindow(platform);
  platform.connect(connection);
  const status = screen.getByRole("status");
  await waitFor(() => expect(status).toHaveTextContent(words));
  if (reason !== null) expect(status).toHaveTextContent(reason);
});

describe("the next try", () => {
  beforeEach(() => {
    vi.useFakeTimers({ shouldAdvanceTime: true, now: new Date("2026-11-21T10:00:00Z") });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("is counted down outside of what is announced", async () => {
    const platform = new FakePlatform();
    await openWindow(platform);
    platform.connect({ state: "offline", trouble: "unreachable", retryAt: "2026-11-21T10:01:00Z" });
    const left = async () => {
      const text = await screen.findByText(/^Next try in \d+ seconds$/);
      expect(text).toBeVisible();
      return Number.parseInt(text.textContent.replace(/\D+/g, ""), 10);
    };
    // The clock also goes on by itself while a slow machine works.
    const before = await left();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await left()).toBeLessThanOrEqual(before - 10);
    expect(screen.getByRole("status")).not.toHaveTextContent("seconds");
  });

  test("can be had at once", async () => {
    const platform = new FakePlatform();
    const user = await openWindow(platform);
    platform.connect({ state: "offline", trouble: "unreachable", retryAt: "2026-11-21T10:00:20Z" });
    await user.click(await screen.findByRole("button", { name: "Try now" }));
    expect(platform.calls).toContain("retryNow");
    await waitFor(() => expect(screen.getByRole("status")).toHaveTextContent("Connecting…"));
    expect(screen.queryByRole("button", { name: "Try now" })).toBeNull();
  });

  test("is a time of day when it is far, and a word when it is due", () => {
    const now = Date.parse("2026-11-21T10:00:00Z");
    expect(retryWords("2026-11-21T10:00:01Z", now)).toBe("Next try in 1 second");
    expect(retryWords("2026-11-21T10:05:00Z", now)).toMatch(/^Next try at \d\d:05:00$/);
    expect(retryWords("2026-11-21T09:59:59Z", now)).toBe("Trying again…");
  });
});
