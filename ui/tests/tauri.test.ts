import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import { afterEach, expect, test } from "vitest";

import { tauriPlatform } from "../src/platform/tauri";
import type { UiEvent } from "../src/generated/UiEvent";

afterEach(() => {
  clearMocks();
});

type Call = { command: string; args: unknown };

/** Answers every command of the window with `answer` and writes the commands down. */
function host(answer: (call: Call) => unknown): Call[] {
  const calls: Call[] = [];
  mockIPC((command, args) => {
    calls.push({ command, args });
    return answer({ command, args });
  });
  return calls;
}

test("commands reach the desktop app by their names", async () => {
  const calls = host(() => null);
  const platform = tauriPlatform();
  const request = { before: null, limit: 50, search: null };
  const preferences = { language: "ru", theme: "dark", isSwitchedOff: true } as const;
  const what = { kind: "category", name: "news" } as const;
  await platform.history(request);
  await platform.notification("ntf_1");
  await platform.open("ntf_1");
  await platform.markAllRead();
  await platform.followLink("ntf_1");
  await platform.press("ntf_1", "ok");
  await platform.reply("ntf_1", "answer", "Yes");
  await platform.retryNow();
  await platform.readCode("a.b.c");
  await platform.signIn(null, true);
  await platform.signOut();
  await platform.consent();
  await platform.optOut(what, true);
  await platform.savePreferences(preferences);
  await platform.startAtLogin(true);
  await platform.reloadConfiguration(false);
  await platform.quit();
  expect(calls).toEqual([
    { command: "history", args: { request } },
    { command: "notification", args: { id: "ntf_1" } },
    { command: "open", args: { id: "ntf_1" } },
    { command: "mark_all_read", args: {} },
    { command: "follow_link", args: { id: "ntf_1" } },
    { command: "press", args: { id: "ntf_1", action: "ok" } },
    { command: "reply", args: { id: "ntf_1", action: "answer", text: "Yes" } },
    { command: "retry_now", args: {} },
    { command: "read_code", args: { code: "a.b.c" } },
    { command: "sign_in", args: { code: null, replaces: true } },
    { command: "sign_out", args: {} },
    { command: "consent", args: {} },
    { command: "opt_out", args: { what, isOff: true } },
    { command: "save_preferences", args: { preferences } },
    { command: "start_at_login", args: { starts: true } },
    { command: "reload_configuration", args: { withoutKeyring: false } },
    { command: "quit", args: {} },
  ]);
});

test("events come through the channel, in order, until nobody listens", async () => {
  let channel = 0;
  host(({ args }) => {
    channel = (args as { events: { id: number } }).events.id;
    return null;
  });
  const { __TAURI_INTERNALS__: internals } = window as unknown as {
    __TAURI_INTERNALS__: { runCallback: (id: number, message: unknown) => void };
  };
  let index = 0;
  const send = (message: UiEvent): void => {
    internals.runCallback(channel, { index: index++, message });
  };
  const heard: UiEvent[] = [];
  const detach = await tauriPlatform().attach((event) => heard.push(event));
  send({ kind: "unread", count: 1 });
  send({ kind: "stale" });
  detach();
  send({ kind: "unread", count: 2 });
  expect(heard).toEqual([{ kind: "unread", count: 1 }, { kind: "stale" }]);
});

test("a refusal keeps its code; anything else is the system's", async () => {
  const refusals: unknown[] = [{ code: "not_found", message: "no such notification" }, "boom"];
  mockIPC(() => {
    throw refusals.shift();
  });
  const platform = tauriPlatform();
  await expect(platform.open("ntf_1")).rejects.toMatchObject({ code: "not_found" });
  await expect(platform.open("ntf_1")).rejects.toMatchObject({ code: "system", message: "boom" });
});
