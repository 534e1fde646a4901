import { screen } from "@testing-library/svelte";
import axe from "axe-core";
import { expect, test } from "vitest";

import type { AccountView } from "../src/generated/AccountView";
import type { Language } from "../src/generated/Language";
import { FakePlatform } from "../src/platform/fake";
import { sampleInbox, samples } from "../src/platform/sample";
import { openWindow, row } from "./window";

const languages: Language[] = ["en", "ru"];
const nobody: AccountView = { kind: "nobody", isSignOutPending: true };

test.each(languages)("the inbox has no finding in %s", async (language) => {
  const platform = new FakePlatform(sampleInbox(new Date()), { language });
  const user = await openWindow(platform);
  platform.connect({ state: "offline", trouble: "unreachable", retryAt: new Date().toISOString() });
  await user.click(await row("Сборка 1482"));
  await screen.findByRole("article");
  await expectNoFindings();
});

test("an empty inbox has no finding", async () => {
  await openWindow(new FakePlatform());
  await screen.findByText("Nothing here yet");
  await expectNoFindings();
});

test("settings have no finding, the question before a sign-out included", async () => {
  const user = await openWindow(new FakePlatform(samples(1)));
  await user.click(screen.getByRole("button", { name: "Settings" }));
  await screen.findByRole("heading", { name: "Settings" });
  await expectNoFindings();
  await user.click(screen.getByRole("button", { name: "Sign out" }));
  await screen.findByRole("heading", { name: "Sign out on this device?" });
  await expectNoFindings();
});

test.each(languages)("the sign-in page has no finding in %s", async (language) => {
  const platform = new FakePlatform([], { language, account: nobody });
  await openWindow(platform);
  await expectNoFindings();
  platform.refuseSignIn("code_refused");
  await screen.findByRole("alert");
  await expectNoFindings();
  platform.be({ kind: "signing_in", user: "anna", trouble: "captive_portal", retryAt: null });
  await screen.findByRole("heading", { name: /anna/ });
  await expectNoFindings();
});

test("a session that has ended has no finding", async () => {
  const platform = new FakePlatform(samples(2));
  await openWindow(platform);
  platform.be({ kind: "needs_identity", user: "anna", reason: "refused" });
  platform.change({ delivery: "no_service" });
  await screen.findByRole("button", { name: "Sign in again" });
  await expectNoFindings();
});

test.each([
  { kind: "missing" as const, settings: ["server"] },
  { kind: "keyring_locked" as const },
  { kind: "failed" as const, detail: "the core has stopped" },
])("the first-run page has no finding: %o", async (problem) => {
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
