/** All state of the window: hears the host's events and does what the person asks. */

import { Inbox } from "./features/inbox/inbox.svelte";
import type { ConnectionView } from "./generated/ConnectionView";
import type { Phase } from "./generated/Phase";
import type { Preferences } from "./generated/Preferences";
import type { Snapshot } from "./generated/Snapshot";
import type { UiEvent } from "./generated/UiEvent";
import type { WarningView } from "./generated/WarningView";
import { speak } from "./i18n/locale.svelte";
import type { Detach, Platform } from "./platform/types";

export type Page = "inbox" | "settings";

export class Desk {
  readonly inbox: Inbox;
  readonly platform: Platform;

  phase = $state.raw<Phase>({ kind: "starting" });
  connection = $state.raw<ConnectionView>({ state: "connecting" });
  unread = $state(0);
  preferences = $state.raw<Preferences>({ language: "system", theme: "system" });
  page = $state<Page>("inbox");
  /** What the person should know, until it is put away. */
  warning = $state.raw<WarningView | null>(null);
  /** The last thing that was asked and not done. */
  problem = $state.raw<unknown>(null);

  constructor(platform: Platform) {
    this.platform = platform;
    this.inbox = new Inbox(platform);
  }

  /** Begins to hear the host. */
  attach(): Promise<Detach> {
    return this.platform.attach((event) => this.hear(event));
  }

  /** Does what a person asked; a failure is shown and forgotten with the next success. */
  async attempt(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
      this.problem = null;
    } catch (error) {
      this.problem = error;
    }
  }

  openNotification(id: string): Promise<void> {
    this.page = "inbox";
    return this.attempt(() => this.inbox.open(id));
  }

  private hear(event: UiEvent): void {
    switch (event.kind) {
      case "snapshot":
        this.begin(event.snapshot);
        break;
      case "phase":
        this.enter(event.phase);
        break;
      case "connection":
        this.connection = event.connection;
        break;
      case "unread":
        this.unread = event.count;
        break;
      case "arrived":
        this.inbox.arrived(event.item);
        break;
      case "changed":
        this.inbox.changed(event.items, event.removed);
        break;
      case "stale":
        void this.attempt(() => this.inbox.reload());
        break;
      case "opened":
        void this.openNotification(event.id);
        break;
      case "warned":
        this.warning = event.warning;
        break;
      case "preferences":
        this.preferences = event.preferences;
        speak(event.language);
        break;
    }
  }

  private begin(snapshot: Snapshot): void {
    speak(snapshot.language);
    this.connection = snapshot.connection;
    this.unread = snapshot.unread;
    this.preferences = snapshot.preferences;
    this.enter(snapshot.phase);
    if (snapshot.opened !== null) void this.openNotification(snapshot.opened);
  }

  private enter(phase: Phase): void {
    const wasReady = this.phase.kind === "ready";
    this.phase = phase;
    if (phase.kind === "ready" && !wasReady) void this.attempt(() => this.inbox.reload());
  }
}
