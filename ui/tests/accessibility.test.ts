import { screen } from "@testing-library/svelte";
import axe from "axe-core";
import { expect, test } from "vitest";

import type { Language } from "../src/generated/Language";
import { FakePlatform } from "../src/platform/fake";
import { sampleInbox, samples } from "../src/platform/sample";
import { openWindow, row } from "./window";

const languages: Language[] = ["en", "ru"];

test.each(languages)("the inbox has no finding in %s", async (language) => {
  const platform = new FakePlatform(sampleInbox(new Date()), { language });
  const user = await openWindow(platform);
  platform.connect({ state: "offline", reason: "unreachable", retryAt: new Date().toISOString() });
  await user.click(await row("Сборка 1482"));
  await screen.findByRole("article");
  await expectNoFindings();
});

test("an empty inbox has no finding", async () => {
  await openWindow(new FakePlatform());
  await screen.findByText("Nothing here yet");
  await expectNoFindings();
});

test("settings have no finding", async () => {
  const user = await openWindow(new FakePlatform(samples(1)));
  await user.click(screen.getByRole("button", { name: "Settings" }));
  await screen.findByRole("heading", { name: "Settings" });
  await expectNoFindings();
});

test("the first-run page has no finding", async () => {
  const problem = { kind: "missing" as const, settings: ["server"] };
  await openWindow(
    new FakePlatform([], { phase: { kind: "setup", configPath: "/c/desktop.toml", problem } }),
  );
  await expectNoFindings();
});

/** jsdom has no layout: contrast is measured in the real window instead. */
async function expectNoFindings(): Promise<void> {
  const { violations } = await axe.run(document, {
    rules: { "color-contrast": { enabled: false } },
  });
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`),
  ).toEqual([]);
}
