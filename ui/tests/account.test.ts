import { screen, waitFor, within } from "@testing-library/svelte";
import type { UserEvent } from "@testing-library/user-event";
import { describe, expect, test } from "vitest";

import type { AccountView } from "../src/generated/AccountView";
import type { ErrorCode } from "../src/generated/ErrorCode";
import type { SessionEndView } from "../src/generated/SessionEndView";
import { FakePlatform } from "../src/platform/fake";
import { sample, samples } from "../src/platform/sample";
import { PlatformError } from "../src/platform/types";
import { openWindow, row, titles } from "./window";

const nobody: AccountView = { kind: "nobody", isSignOutPending: false };

async function enter(user: UserEvent, code: string): Promise<void> {
  const field = await screen.findByRole("textbox", { name: "Sign-in code" });
  await user.clear(field);
  await user.type(field, code);
}

function signInButton(): HTMLElement {
  return screen.getByRole("button", { name: "Sign in" });
}

describe("signing in", () => {
  test("takes a pasted code, shows how it goes, and then the inbox", async () => {
    const platform = new FakePlatform(samples(1), { account: nobody });
    platform.isSignInSlow = true;
    const user = await openWindow(platform);
    expect(await screen.findByRole("textbox", { name: "Sign-in code" })).toHaveFocus();
    expect(screen.getByText("Notifications come from push.example.")).toBeVisible();
    expect(signInButton()).toBeDisabled();
    await enter(user, "anna");
    await user.click(signInButton());
    expect(await screen.findByRole("heading", { name: "Signing in as anna" })).toHaveFocus();
    expect(platform.calls).toContain("signIn anna false");
    platform.endSignIn({ kind: "signed_in", user: "anna" });
    expect(await row("Notification 1")).toBeVisible();
  });

  test("keeps the code and says why, when the server refuses it after a while", async () => {
    const platform = new FakePlatform([], { account: nobody });
    platform.isSignInSlow = true;
    const user = await openWindow(platform);
    await enter(user, "anna");
    await user.click(signInButton());
    await screen.findByRole("heading", { name: "Signing in as anna" });
    platform.endSignIn(nobody, "code_refused");
    expect(await screen.findByRole("alert")).toHaveTextContent("did not accept this code");
    expect(screen.getByRole("textbox", { name: "Sign-in code" })).toHaveValue("anna");
  });

  test("says what holds it up, when it is tried again, and can be tried at once or given up", async () => {
    const platform = new FakePlatform([], { account: nobody });
    const user = await openWindow(platform);
    const retryAt = new Date(Date.now() + 30_000).toISOString();
    platform.be({ kind: "signing_in", user: "anna", trouble: "captive_portal", retryAt });
    expect(await screen.findByText(/This network asks you to sign in first/)).toBeVisible();
    expect(screen.getByText(/^Next try in \d+ seconds?$/)).toBeVisible();
    expect(screen.getByRole("status")).not.toHaveTextContent("seconds");
    await user.click(screen.getByRole("button", { name: "Try now" }));
    expect(platform.calls).toContain("retryNow");
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(platform.calls).toContain("signOut");
    expect(await screen.findByRole("heading", { name: "Sign in" })).toBeVisible();
  });

  const refusals: [ErrorCode, string][] = [
    ["code_refused", "The server did not accept this code."],
    ["code_expired", "The time of this code has passed."],
    ["code_of_other", "this code is another user's"],
    ["disk_full", "The disk is full."],
  ];

  test.each(refusals)("says beside the field why not: %s", async (code, words) => {
    const platform = new FakePlatform([], { account: nobody });
    const user = await openWindow(platform);
    await enter(user, "anna");
    platform.failure = new PlatformError(code, "");
    await user.click(signInButton());
    expect(await screen.findByRole("alert")).toHaveTextContent(words);
    const field = screen.getByRole("textbox", { name: "Sign-in code" });
    expect(field).toBeInvalid();
    expect(field).toHaveAccessibleDescription(expect.stringContaining(words));
    expect(field).toHaveValue("anna");
  });

  test("refuses what is no code without asking the server", async () => {
    const platform = new FakePlatform([], { account: nobody });
    const user = await openWindow(platform);
    await enter(user, "not a code");
    await user.click(signInButton());
    expect(await screen.findByRole("alert")).toHaveTextContent("This is not a sign-in code.");
    expect(platform.calls.filter((call) => call.startsWith("signIn"))).toEqual([]);
  });

  test("uses the configured code where there is one", async () => {
    const platform = new FakePlatform([], { account: nobody });
    const user = await openWindow(platform);
    expect(screen.queryByRole("button", { name: /from the configuration/ })).toBeNull();
    platform.change({ server: { host: "push.example", isExposed: false, hasCode: true } });
    await user.click(await screen.findByRole("button", { name: /from the configuration/ }));
    expect(platform.calls).toContain("signIn configured false");
  });

  test("says why the app's own try was not accepted", async () => {
    const platform = new FakePlatform([], { account: nobody, signInProblem: "code_expired" });
    await openWindow(platform);
    expect(await screen.findByRole("alert")).toHaveTextContent("The time of this code has passed.");
  });

  test("warns of a way that others can read", async () => {
    const platform = new FakePlatform([], { account: nobody });
    await openWindow(platform);
    expect(screen.queryByText(/is not encrypted/)).toBeNull();
    platform.change({ server: { host: "push.example", isExposed: true, hasCode: false } });
    expect(await screen.findByText(/is not encrypted/)).toBeVisible();
  });

  test("takes the code of a link, and waits for the person", async () => {
    const platform = new FakePlatform(samples(1));
    await openWindow(platform);
    platform.offer("boris");
    const field = await screen.findByRole("textbox", { name: "Sign-in code" });
    await waitFor(() => expect(field).toHaveValue("boris"));
    expect(platform.calls.filter((call) => call.startsWith("signIn"))).toEqual([]);
  });
});

describe("a switch of user", () => {
  test("asks first, because the former user's notifications leave", async () => {
    const platform = new FakePlatform([sample({ title: "For anna" })]);
    const user = await openWindow(platform);
    await row("For anna");
    await user.click(screen.getByRole("button", { name: "Settings" }));
    await user.click(await screen.findByRole("button", { name: "Sign in as another user" }));
    await enter(user, "boris");
    await user.click(signInButton());
    const title = "anna is signed in on this device";
    expect(await screen.findByRole("heading", { name: title })).toHaveFocus();
    expect(screen.getByText(/the notifications of anna are removed/)).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(platform.calls.filter((call) => call.startsWith("signIn"))).toEqual([]);

    await user.click(signInButton());
    await user.click(await screen.findByRole("button", { name: "Sign in as boris" }));
    expect(platform.calls).toContain("signIn boris true");
    expect(await screen.findByText("Nothing here yet")).toBeVisible();
    expect(titles()).toEqual([]);
  });

  test("leaves nothing of the former user on the screen, what was on its way included", async () => {
    const platform = new FakePlatform(samples(120));
    const user = await openWindow(platform);
    await user.click(await row("Notification 120"));
    expect(await screen.findByRole("heading", { name: "Notification 120" })).toBeVisible();
    platform.isHistorySlow = true;
    await user.click(screen.getByRole("button", { name: "Show older" }));
    platform.isHistorySlow = false;
    platform.forget([sample({ id: "b", title: "For boris" })]);
    platform.release();
    await row("For boris");
    await waitFor(() => expect(titles()).toEqual(["For boris"]));
    expect(screen.queryByRole("heading", { name: "Notification 120" })).toBeNull();
  });
});

describe("signing out", () => {
  test("asks first, and then shows the sign-in page", async () => {
    const platform = new FakePlatform(samples(2));
    const user = await openWindow(platform);
    await user.click(screen.getByRole("button", { name: "Settings" }));
    const account = await screen.findByRole("region", { name: "Account" });
    expect(account).toHaveTextContent("Signed in as anna");
    await user.click(within(account).getByRole("button", { name: "Sign out" }));
    expect(platform.calls).not.toContain("signOut");
    expect(await screen.findByRole("heading", { name: /^Sign out on this/ })).toHaveFocus();
    await user.click(within(account).getByRole("button", { name: "Sign out" }));
    expect(platform.calls).toContain("signOut");
    expect(await screen.findByRole("heading", { name: "Sign in" })).toBeVisible();
    expect(titles()).toEqual([]);
  });

  test("says while the server does not know of it", async () => {
    const platform = new FakePlatform([], { account: nobody });
    await openWindow(platform);
    platform.be({ kind: "signing_out" });
    expect(await screen.findByRole("status")).toHaveTextContent("Signing out…");
    platform.be({ kind: "nobody", isSignOutPending: true });
    expect(await screen.findByText(/The server could not be told yet/)).toBeVisible();
    platform.be(nobody);
    await waitFor(() => expect(screen.queryByText(/could not be told yet/)).toBeNull());
  });
});

const ends: [SessionEndView, string][] = [
  ["ended", "Your session has ended."],
  ["refused", "The server has ended your session."],
  ["other_user", "The server takes this device for another user's."],
];

test.each(ends)(
  "a session that has ended leaves the history readable: %s",
  async (reason, words) => {
    const platform = new FakePlatform(samples(2));
    const user = await openWindow(platform);
    platform.be({ kind: "needs_identity", user: "anna", reason });
    expect(await screen.findByText(new RegExp(words))).toBeVisible();
    await user.click(await row("Notification 1"));
    expect(await screen.findByRole("heading", { name: "Notification 1" })).toBeVisible();

    await user.click(screen.getByRole("button", { name: "Sign in again" }));
    await enter(user, "anna");
    await user.click(signInButton());
    expect(platform.calls).toContain("signIn anna false");
    expect(await row("Notification 1")).toBeVisible();
    await waitFor(() => expect(screen.queryByText(new RegExp(words))).toBeNull());
  },
);
