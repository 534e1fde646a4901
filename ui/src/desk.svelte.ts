/** All state of the window: takes the host's events and does what the person asks. */

import { Inbox } from "./features/inbox/inbox.svelte";
import { Consent } from "./features/settings/consent.svelte";
import type { AccountView } from "./generated/AccountView";
import type { ConnectionView } from "./generated/ConnectionView";
import type { ErrorCode } from "./generated/ErrorCode";
import type { Phase } from "./generated/Phase";
import type { Preferences } from "./generated/Preferences";
import type { Snapshot } from "./generated/Snapshot";
import type { SystemView } from "./generated/SystemView";
import type { UiEvent } from "./generated/UiEvent";
import { speak } from "./i18n/locale.svelte";
import { PlatformError, type Detach, type Platform } from "./platform/types";

export type Page = "inbox" | "settings" | "sign_in";

/** What the window shows. */
export type View = Page | "setup" | "starting";

export class Desk {
  readonly inbox: Inbox;
  readonly consent: Consent;
  readonly platform: Platform;

  phase = $state.raw<Phase>({ kind: "starting" });
  account = $state.raw<AccountView>({ kind: "nobody", isSignOutPending: false });
  connection = $state.raw<ConnectionView>({ state: "connecting" });
  system = $state.raw<SystemView>({
    delivery: "unknown",
    secrets: null,
    startsAtLogin: null,
    hasTray: true,
    server: null,
  });
  unread = $state(0);
  preferences = $state.raw<Preferences>({
    language: "system",
    theme: "system",
    isSwitchedOff: false,
  });
  /** The page that the person chose. */
  page = $state<Page>("inbox");
  /** The sign-in code in the field of the sign-in page. It outlives the page, which makes way for the
   * progress of a sign-in. */
  code = $state("");
  /** Why the last sign-in was not accepted. */
  signInProblem = $state<ErrorCode | null>(null);
  /** Whether the stored history was damaged, until the person put the message away. */
  isHistoryRebuilt = $state(false);
  /** The last thing that was asked and not done. */
  problem = $state.raw<unknown>(null);

  readonly view = $derived.by<View>(() => {
    if (this.page === "settings") return "settings";
    if (this.phase.kind !== "ready") return this.phase.kind;
    return this.hasHistory ? this.page : "sign_in";
  });

  /** Whether there is a history to read. */
  readonly hasHistory = $derived.by(() => {
    switch (this.account.kind) {
      case "signed_in":
        return true;
      case "needs_identity":
        return this.account.user !== null;
      case "nobody":
      case "signing_in":
      case "signing_out":
        return false;
    }
  });

  constructor(platform: Platform) {
    this.platform = platform;
    this.inbox = new Inbox(platform);
    this.consent = new Consent(platform);
  }

  /** Begins to take the host's events. */
  attach(): Promise<Detach> {
    return this.platform.attach((event) => this.on(event));
  }

  /** Does what a person asked; a failure is shown and forgotten with their next success. */
  async attempt(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
      this.problem = null;
    } catch (error) {
      this.problem = error;
    }
  }

  /** The same; gives whether it was done. */
  async isDone(act: () => Promise<unknown>): Promise<boolean> {
    await this.attempt(act);
    return this.problem === null;
  }

  openNotification(id: string): Promise<void> {
    this.page = "inbox";
    return this.attempt(() => this.inbox.open(id));
  }

  /** Reads what the user does not want. The person did not ask for it: what they are told stays, if it works. */
  readConsent(): void {
    this.consent.read().catch((error: unknown) => (this.problem = error));
  }

  private on(event: UiEvent): void {
    switch (event.kind) {
      case "snapshot":
        this.begin(event.snapshot);
        break;
      case "phase":
        this.enter(event.phase);
        break;
      case "account":
        this.become(event.account);
        break;
      case "connection":
        this.connection = event.connection;
        break;
      case "system":
        this.system = event.system;
        break;
      case "unread":
        this.unread = event.count;
        break;
      case "changed":
        this.inbox.changed(event.items, event.removed);
        break;
      case "stale":
        this.reload();
        break;
      case "forgotten":
        this.inbox.forget();
        this.consent.forget();
        this.reload();
        if (this.page === "settings" && this.hasHistory) this.readConsent();
        break;
      case "opened":
        void this.openNotification(event.id);
        break;
      case "code_offered":
        this.offer(event.code);
        break;
      case "sign_in_failed":
        this.signInProblem = event.code;
        break;
      case "history_rebuilt":
        this.isHistoryRebuilt = true;
        break;
      case "consent_changed":
        if (event.isRefused) this.problem = new PlatformError("rejected", "");
        if (this.page === "settings") this.readConsent();
        break;
      case "preferences":
        this.preferences = event.preferences;
        speak(event.language);
        break;
    }
  }

  private begin(snapshot: Snapshot): void {
    speak(snapshot.language);
    this.account = snapshot.account;
    this.connection = snapshot.connection;
    this.system = snapshot.system;
    this.unread = snapshot.unread;
    this.preferences = snapshot.preferences;
    this.signInProblem = snapshot.signInProblem;
    this.enter(snapshot.phase);
    if (snapshot.opened !== null) void this.openNotification(snapshot.opened);
    if (snapshot.offered !== null) this.offer(snapshot.offered);
  }

  private enter(phase: Phase): void {
    const wasReady = this.phase.kind === "ready";
    this.phase = phase;
    if (phase.kind === "ready" && !wasReady) this.reload();
  }

  private become(account: AccountView): void {
    const wasSigningIn = this.account.kind === "signing_in";
    this.account = account;
    if (account.kind !== "signed_in") return;
    this.signInProblem = null;
    this.code = "";
    if (wasSigningIn && this.page === "sign_in") this.page = "inbox";
  }

  private offer(code: string): void {
    this.code = code;
    this.page = "sign_in";
  }

  /** Reads the list again. The person did not ask for it: what they are told stays, if it works. */
  private reload(): void {
    this.inbox.reload().catch((error: unknown) => (this.problem = error));
  }
}
