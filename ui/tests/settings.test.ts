import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, test } from "vitest";

import type { DeliveryView } from "../src/generated/DeliveryView";
import type { SecretsView } from "../src/generated/SecretsView";
import type { SetupProblem } from "../src/generated/SetupProblem";
import { FakePlatform } from "../src/platform/fake";
import { samples } from "../src/platform/sample";
import { PlatformError } from "../src/platform/types";
import { openWindow } from "./window";

test("the language changes at once, everywhere, without a reload", async () => {
  const platform = new FakePlatform(samples(2));
  const user = await openWindow(platform);
  await user.click(screen.getByRole("button", { name: "Settings" }));
  await user.click(await screen.findByRole("radio", { name: "Русский" }));
  expect(await screen.findByRole("heading", { name: "Настройки" })).toBeVisible();
  expect(screen.getByText("2 непрочитанных уведомления")).toBeVisible();
  expect(document.documentElement).toHaveAttribute("lang", "ru");
  expect(document.title).toBe("(2) Вестник");
});

test("the theme follows the choice, and the system without one", async () => {
  const user = await openWindow(new FakePlatform());
  expect(document.documentElement.dataset["theme"]).toBe("system");
  await user.click(screen.getByRole("button", { name: "Settings" }));
  await user.click(await screen.findByRole("radio", { name: "Dark" }));
  await waitFor(() => expect(document.documentElement.dataset["theme"]).toBe("dark"));
  expect(screen.getByRole("radio", { name: "Dark" })).toBeChecked();
});

test("an app without configuration says what is missing, where, and tries again", async () => {
  const problem = { kind: "missing" as const, settings: ["server", "app"] };
  const configPath = "/home/anna/.config/vestnik/desktop.toml";
  const platform = new FakePlatform(samples(1), { phase: { kind: "setup", configPath, problem } });
  const user = await openWindow(platform);
  expect(screen.getByRole("status")).toHaveTextContent("Not set yet: server, app.");
  expect(screen.getByText(configPath)).toBeVisible();
  expect(platform.calls).toEqual([]);

  const detail = "relative URL without a base";
  const invalid = { kind: "invalid_setting" as const, setting: "server", detail };
  platform.phaseAfterReload = { kind: "setup", configPath, problem: invalid };
  await user.click(screen.getByRole("button", { name: "Check again" }));
  await waitFor(() => expect(screen.getByRole("status")).toHaveTextContent("“server”"));
  expect(screen.getByText(detail)).toBeVisible();

  platform.phaseAfterReload = { kind: "ready" };
  await user.click(screen.getByRole("button", { name: "Check again" }));
  expect(await screen.findByText("Notification 1")).toBeVisible();
});

const problems: [SetupProblem, string][] = [
  [{ kind: "in_use" }, "Another program uses Vestnik's data."],
  [{ kind: "too_new" }, "written by a newer Vestnik"],
  [{ kind: "disk_full" }, "The disk is full."],
  [{ kind: "damaged" }, "damaged and could not be recovered"],
  [{ kind: "unreadable_file", detail: "expected `=`" }, "The configuration file cannot be read."],
  [{ kind: "failed", detail: "the core has stopped" }, "Something unexpected happened."],
];

test.each(problems)("%o is told in words", async (problem, words) => {
  await openWindow(new FakePlatform([], { phase: { kind: "setup", configPath: "/c", problem } }));
  expect(screen.getByRole("status")).toHaveTextContent(words);
});

test("a keyring that cannot be had can be done without, knowingly", async () => {
  const problem = { kind: "keyring_locked" as const };
  const platform = new FakePlatform([], { phase: { kind: "setup", configPath: "/c", problem } });
  const user = await openWindow(platform);
  expect(screen.getByRole("status")).toHaveTextContent("your keyring, which is locked");
  expect(screen.getByText(/you have to sign in again/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Go on without the keyring" }));
  expect(platform.calls).toContain("reloadConfiguration true");
});

test("the start at login follows the box, and the box what the system says", async () => {
  const platform = new FakePlatform();
  const user = await openWindow(platform);
  await user.click(screen.getByRole("button", { name: "Settings" }));
  const box = await screen.findByRole("checkbox", { name: /^Start when I log in/ });
  expect(box).not.toBeChecked();
  await user.click(box);
  expect(platform.calls).toContain("startAtLogin true");
  platform.change({ startsAtLogin: false });
  await waitFor(() => expect(box).not.toBeChecked());
  platform.change({ startsAtLogin: null });
  expect(await screen.findByText(/does not say what starts/)).toBeVisible();
});

const deliveries: [DeliveryView, string][] = [
  ["ready", "Your system accepts pop-ups"],
  ["paused", "“Do not disturb” is on"],
  ["denied", "switched off in your system's settings"],
  ["no_service", "Nothing on this system shows pop-ups now."],
  ["unknown", "does not say whether it shows pop-ups"],
];

test.each(deliveries)(
  "settings say honestly how pop-ups are shown: %s",
  async (delivery, words) => {
    const platform = new FakePlatform();
    const user = await openWindow(platform);
    platform.change({ delivery });
    await user.click(screen.getByRole("button", { name: "Settings" }));
    expect(await screen.findByRole("region", { name: "Pop-ups" })).toHaveTextContent(words);
  },
);

test("what keeps pop-ups away is told above the list", async () => {
  const platform = new FakePlatform(samples(1));
  await openWindow(platform);
  expect(screen.queryByText(/Nothing on this system shows pop-ups/)).toBeNull();
  platform.change({ delivery: "no_service" });
  expect(await screen.findByText(/Nothing on this system shows pop-ups/)).toBeVisible();
  platform.change({ delivery: "ready" });
  await waitFor(() => expect(screen.queryByText(/Nothing on this system/)).toBeNull());
});

const places: [SecretsView, string][] = [
  ["keyring", "in your system's keyring"],
  ["files_without_keyring", "not encrypted, because no keyring runs"],
  ["files_keyring_locked", "not encrypted, because the keyring was locked"],
];

test.each(places)("settings say honestly where the keys are: %s", async (secrets, words) => {
  const platform = new FakePlatform();
  const user = await openWindow(platform);
  platform.change({ secrets });
  await user.click(screen.getByRole("button", { name: "Settings" }));
  expect(await screen.findByRole("region", { name: "Keys" })).toHaveTextContent(words);
});

test("quitting is always at hand: in the settings, and by Ctrl+Q everywhere", async () => {
  const platform = new FakePlatform();
  const user = await openWindow(platform);
  await user.click(screen.getByRole("button", { name: "Settings" }));
  await user.click(await screen.findByRole("button", { name: "Quit Vestnik" }));
  expect(platform.calls).toEqual(["history start", "consent", "quit"]);
  await user.keyboard("{Control>}q{/Control}");
  expect(platform.calls).toEqual(["history start", "consent", "quit", "quit"]);
});

test.each([
  ["Ctrl+Q", { code: "KeyQ", key: "q", ctrlKey: true }, true],
  ["Ctrl+Q in Russian", { code: "KeyQ", key: "й", ctrlKey: true }, true],
  ["Ctrl+Q in French", { code: "KeyA", key: "q", ctrlKey: true }, true],
  ["Ctrl+A in French", { code: "KeyQ", key: "a", ctrlKey: true }, false],
  ["AltGr+Q in German", { code: "KeyQ", key: "@", ctrlKey: true, altKey: true }, false],
  ["Q", { code: "KeyQ", key: "q" }, false],
])("%s ends the app or does not", async (_, keys, quits) => {
  const platform = new FakePlatform();
  await openWindow(platform);
  await fireEvent.keyDown(window, keys);
  expect(platform.calls.includes("quit")).toBe(quits);
});

test("a start at login that the system refuses is not ticked", async () => {
  const platform = new FakePlatform();
  const user = await openWindow(platform);
  await user.click(screen.getByRole("button", { name: "Settings" }));
  const box = await screen.findByRole("checkbox", { name: /^Start when I log in/ });
  platform.failure = new PlatformError("system", "permission denied");
  await user.click(box);
  expect(await screen.findByRole("alert")).toBeVisible();
  await waitFor(() => expect(box).not.toBeChecked());
  await user.click(box);
  await waitFor(() => expect(box).toBeChecked());
});

test("without a tray the settings say how the window is found again", async () => {
  const platform = new FakePlatform();
  const user = await openWindow(platform);
  await user.click(screen.getByRole("button", { name: "Settings" }));
  expect(await screen.findByText(/goes on in the tray/)).toBeVisible();
  platform.change({ hasTray: false });
  expect(await screen.findByText(/There is no tray here/)).toBeVisible();
});
