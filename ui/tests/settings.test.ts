import { screen, waitFor } from "@testing-library/svelte";
import { expect, test } from "vitest";

import { FakePlatform } from "../src/platform/fake";
import { samples } from "../src/platform/sample";
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

  const detail = "server: not an address";
  platform.phaseAfterReload = { kind: "setup", configPath, problem: { kind: "invalid", detail } };
  await user.click(screen.getByRole("button", { name: "Check again" }));
  await waitFor(() => expect(screen.getByRole("status")).toHaveTextContent(detail));

  platform.phaseAfterReload = { kind: "ready" };
  await user.click(screen.getByRole("button", { name: "Check again" }));
  expect(await screen.findByText("Notification 1")).toBeVisible();
});
