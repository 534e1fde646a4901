import { screen, waitFor } from "@testing-library/svelte";
import { expect, test } from "vitest";

import { FakePlatform } from "../src/platform/fake";
import { sample, samples } from "../src/platform/sample";
import { openWindow, row, rows } from "./window";

test("arrows move along the list, Enter opens, Escape comes back to the row", async () => {
  const platform = new FakePlatform(samples(4));
  const user = await openWindow(platform);
  (await row("Notification 4")).focus();
  await user.keyboard("{ArrowDown}{ArrowDown}");
  expect(await row("Notification 2")).toHaveFocus();
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("heading", { name: "Notification 2" })).toHaveFocus();
  await user.keyboard("{Escape}");
  await waitFor(async () => expect(await row("Notification 2")).toHaveFocus());
  expect(screen.queryByRole("heading", { name: "Notification 2" })).toBeNull();
});

test("Home and End lead to the ends, and arrows stop there", async () => {
  const user = await openWindow(new FakePlatform(samples(4)));
  (await row("Notification 4")).focus();
  await user.keyboard("{End}{ArrowDown}");
  expect(await row("Notification 1")).toHaveFocus();
  await user.keyboard("{Home}{ArrowUp}");
  expect(await row("Notification 4")).toHaveFocus();
});

test("the list is one stop of the Tab order, where the person left it", async () => {
  const user = await openWindow(new FakePlatform(samples(3)));
  (await row("Notification 3")).focus();
  await user.keyboard("{ArrowDown}");
  const stops = rows().filter((candidate) => candidate.tabIndex === 0);
  expect(stops).toEqual([await row("Notification 2")]);
});

test("an arrival does not take the focus away", async () => {
  const platform = new FakePlatform(samples(2));
  const user = await openWindow(platform);
  (await row("Notification 2")).focus();
  await user.keyboard("{ArrowDown}");
  platform.arrive(sample({ id: "z", title: "Fresh", acceptedAt: "2026-11-22T00:00:00Z" }));
  await row("Fresh");
  expect(await row("Notification 1")).toHaveFocus();
});

test("Tab reaches the skip link first, and it leads to the list", async () => {
  const user = await openWindow(new FakePlatform(samples(1)));
  await row("Notification 1");
  await user.tab();
  const skip = screen.getByRole("link", { name: "Skip to notifications" });
  expect(skip).toHaveFocus();
  const target = document.querySelector(skip.getAttribute("href") ?? "none");
  expect(target).toContainElement(await row("Notification 1"));
});

test("Escape leaves the settings", async () => {
  const user = await openWindow(new FakePlatform(samples(1)));
  await user.click(screen.getByRole("button", { name: "Settings" }));
  expect(await screen.findByRole("heading", { name: "Settings" })).toHaveFocus();
  await user.keyboard("{Escape}");
  expect(await row("Notification 1")).toBeVisible();
});
