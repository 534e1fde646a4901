import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";

import type { Language } from "../src/generated/Language";
import { FakePlatform } from "../src/platform/fake";
import { sample } from "../src/platform/sample";
import { PlatformError } from "../src/platform/types";
import { openWindow } from "./window";

function inbox(...categories: string[]): FakePlatform {
  return new FakePlatform(
    categories.map((category, n) => sample({ id: `ntf_${String(n)}`, category })),
  );
}

async function openSettings(platform: FakePlatform): ReturnType<typeof openWindow> {
  const user = await openWindow(platform);
  await user.click(screen.getByRole("button", { name: "Settings" }));
  await screen.findByRole("checkbox", { name: "Receive notifications" });
  return user;
}

function box(name: string): HTMLElement {
  return screen.getByRole("checkbox", { name });
}

test("each category can be left and joined again, by mouse and by keyboard", async () => {
  const platform = inbox("orders", "promotions");
  platform.wanted.topics = [{ name: "news", isOff: true, isWaiting: false }];
  const user = await openSettings(platform);
  const categories = within(screen.getByRole("group", { name: "Categories" }));
  expect(categories.getAllByRole("checkbox")).toHaveLength(2);
  expect(box("news")).not.toBeChecked();
  await user.click(box("promotions"));
  await waitFor(() => expect(box("promotions")).not.toBeChecked());
  box("news").focus();
  await user.keyboard(" ");
  await waitFor(() => expect(box("news")).toBeChecked());
  const told = platform.calls.filter((call) => call.startsWith("optOut"));
  expect(told).toEqual(["optOut category promotions true", "optOut topic news false"]);
  expect(box("orders")).toBeChecked();
});

test("who wants nothing is told what that means, and keeps their choices", async () => {
  const platform = inbox("orders");
  const user = await openSettings(platform);
  await user.click(box("Receive notifications"));
  expect(await screen.findByText(/You receive nothing/)).toBeVisible();
  expect(platform.calls).toContain("optOut all true");
  expect(box("orders")).toBeDisabled();
  await user.click(box("Receive notifications"));
  await waitFor(() => expect(box("orders")).toBeEnabled());
  expect(box("orders")).toBeChecked();
});

test("a choice that the server does not know yet says so, also to a screen reader", async () => {
  const platform = inbox("orders");
  const user = await openSettings(platform);
  platform.connect({ state: "offline", trouble: "unreachable", retryAt: null });
  await user.click(box("orders"));
  await waitFor(() => expect(box("orders")).not.toBeChecked());
  expect(box("orders")).toHaveAccessibleDescription("Will be sent when connected");
  expect(box("Receive notifications")).not.toHaveAccessibleDescription();
  platform.connect({ state: "online" });
  await waitFor(() =>
    expect(box("orders")).toHaveAccessibleDescription("The server has not confirmed it yet"),
  );
  const categories = [{ name: "orders", isOff: true, isWaiting: false }];
  platform.want({ ...platform.wanted, categories });
  await waitFor(() => expect(box("orders")).not.toHaveAccessibleDescription());
});

test("what is chosen on another device appears; a refusal is told and undone", async () => {
  const platform = inbox("orders");
  await openSettings(platform);
  const before = platform.wanted;
  platform.want({ ...before, categories: [{ name: "orders", isOff: true, isWaiting: false }] });
  await waitFor(() => expect(box("orders")).not.toBeChecked());
  platform.want(before, true);
  expect(await screen.findByRole("alert")).toHaveTextContent("The server refused this request.");
  await waitFor(() => expect(box("orders")).toBeChecked());
});

test("a choice that cannot be kept is not ticked", async () => {
  const platform = inbox("orders");
  const user = await openSettings(platform);
  platform.failure = new PlatformError("disk_full", "");
  await user.click(box("orders"));
  expect(await screen.findByRole("alert")).toHaveTextContent("The disk is full.");
  await waitFor(() => expect(box("orders")).toBeChecked());
});

test("before the server has answered, the window does not pretend to know", async () => {
  const platform = inbox();
  platform.wanted.isKnown = false;
  await openSettings(platform);
  expect(screen.getByText(/on other devices is not known yet/)).toBeVisible();
  expect(screen.getByText(/Categories are listed here once/)).toBeVisible();
  platform.want({ ...platform.wanted, isKnown: true });
  await waitFor(() => expect(screen.queryByText(/is not known yet/)).toBeNull());
});

test("nothing of it is another user's, and nobody can choose", async () => {
  const platform = inbox("orders");
  await openSettings(platform);
  platform.wanted = { ...platform.wanted, categories: [] };
  platform.forget();
  await waitFor(() => expect(screen.queryByRole("checkbox", { name: "orders" })).toBeNull());
  platform.be({ kind: "nobody", isSignOutPending: false });
  await waitFor(() =>
    expect(screen.queryByRole("checkbox", { name: "Receive notifications" })).toBeNull(),
  );
});

const words: [Language, string, RegExp][] = [
  ["en", "Show pop-ups on this computer", /Pop-ups are switched off on this computer/],
  ["ru", "Показывать всплывающие уведомления на этом компьютере", /компьютере выключены/],
];

test.each(words)(
  "pop-ups are switched off on this computer in %s",
  async (language, label, off) => {
    const preferences = { language, theme: "system", isSwitchedOff: false } as const;
    const platform = new FakePlatform([], { language, preferences });
    const user = await openWindow(platform);
    const settings = language === "en" ? "Settings" : "Настройки";
    await user.click(screen.getByRole("button", { name: settings }));
    const popUps = await screen.findByRole("checkbox", { name: label });
    expect(popUps).toBeChecked();
    await user.click(popUps);
    expect(await screen.findByText(off)).toBeVisible();
    expect(popUps).not.toBeChecked();
    platform.failure = new PlatformError("system", "read-only file system");
    await user.click(popUps);
    await screen.findByRole("alert");
    await waitFor(() => expect(popUps).not.toBeChecked());
  },
);
