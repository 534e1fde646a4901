import { screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { retryWords } from "../src/features/connection/words";
import type { ConnectionView } from "../src/generated/ConnectionView";
import { FakePlatform } from "../src/platform/fake";
import { openWindow } from "./window";

const states: [ConnectionView, string, string | null][] = [
  [{ state: "online" }, "Online", null],
  [{ state: "connecting" }, "Connecting…", null],
  [{ state: "syncing" }, "Catching up…", null],
  [
    { state: "offline", reason: "unreachable", retryAt: null },
    "Offline",
    "The server cannot be reached.",
  ],
  [{ state: "offline", reason: "draining", retryAt: null }, "Offline", "The server is restarting."],
  [
    { state: "offline", reason: "refused", retryAt: null },
    "Offline",
    "The server ended the connection.",
  ],
  [
    { state: "offline", reason: "storage", retryAt: null },
    "Offline",
    "The notifications on this device cannot be stored.",
  ],
  [{ state: "signed_out" }, "Signed out", "This device no longer belongs to you on the server."],
  [{ state: "needs_identity" }, "Sign-in needed", "The server no longer accepts your identity."],
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
    platform.connect({ state: "offline", reason: "unreachable", retryAt: "2026-11-21T10:01:00Z" });
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
    platform.connect({ state: "offline", reason: "unreachable", retryAt: "2026-11-21T10:00:20Z" });
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
