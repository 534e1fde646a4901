/**
 * A host in memory, for tests and for designing in a plain browser. It behaves as the desktop app
 * does: commands change its history, and every change comes back as an event.
 */

import type { AccountView } from "../generated/AccountView";
import type { ChoiceView } from "../generated/ChoiceView";
import type { CodeView } from "../generated/CodeView";
import type { ConnectionView } from "../generated/ConnectionView";
import type { ConsentView } from "../generated/ConsentView";
import type { ErrorCode } from "../generated/ErrorCode";
import type { HistoryRequest } from "../generated/HistoryRequest";
import type { HistoryView } from "../generated/HistoryView";
import type { Language } from "../generated/Language";
import type { NotificationView } from "../generated/NotificationView";
import type { OptOutRequest } from "../generated/OptOutRequest";
import type { Phase } from "../generated/Phase";
import type { Preferences } from "../generated/Preferences";
import type { Snapshot } from "../generated/Snapshot";
import type { SystemView } from "../generated/SystemView";
import type { UiEvent } from "../generated/UiEvent";
import { PlatformError, type Detach, type Listener, type Platform } from "./types";

export class FakePlatform implements Platform {
  /** What was asked of the host, in order. */
  readonly calls: string[] = [];
  /** When set, the next command fails with it. */
  failure: PlatformError | null = null;
  /** What the configuration turns out to be when it is read again. */
  phaseAfterReload: Phase = { kind: "ready" };
  /** Whether a sign-in goes on until the test says how it ends. */
  isSignInSlow = false;
  /** Ends a slow sign-in. */
  endSignIn: (account: AccountView, error?: ErrorCode) => void = () => undefined;
  /** Whether the next page of the history waits until {@link release} is called. */
  isHistorySlow = false;

  /** What the user does not want, as the device knows it. */
  wanted: ConsentView;

  private readonly listeners = new Set<Listener>();
  private snapshot: Snapshot;
  private items: NotificationView[];
  private waiting: (() => void)[] = [];

  constructor(items: NotificationView[] = [], snapshot: Partial<Snapshot> = {}) {
    this.items = [...items].sort((a, b) => b.acceptedAt.localeCompare(a.acceptedAt));
    const categories = [...new Set(items.flatMap(({ category }) => category ?? []))].sort();
    this.wanted = {
      isAllOff: false,
      isAllWaiting: false,
      categories: categories.map((name) => ({ name, isOff: false, isWaiting: false })),
      topics: [],
      isKnown: true,
    };
    this.snapshot = {
      phase: { kind: "ready" },
      account: { kind: "signed_in", user: "anna" },
      connection: { state: "online" },
      system: {
        delivery: "ready",
        secrets: "keyring",
        startsAtLogin: false,
        hasTray: true,
        server: { host: "push.example", isExposed: false, hasCode: false },
      },
      unread: this.unread(),
      preferences: { language: "system", theme: "system", isSwitchedOff: false },
      language: "en",
      opened: null,
      offered: null,
      signInProblem: null,
      ...snapshot,
    };
  }

  attach(listener: Listener): Promise<Detach> {
    this.listeners.add(listener);
    listener({ kind: "snapshot", snapshot: { ...this.snapshot, unread: this.unread() } });
    return Promise.resolve(() => this.listeners.delete(listener));
  }

  history(request: HistoryRequest): Promise<HistoryView> {
    const search = request.search === null ? "" : ` "${request.search}"`;
    const page = this.answer(`history ${request.before ?? "start"}${search}`, () => {
      const words = request.search?.toLowerCase() ?? "";
      const found = this.items.filter(({ title }) => title.toLowerCase().includes(words));
      const start = request.before === null ? 0 : Number(request.before);
      const end = start + request.limit;
      return { items: found.slice(start, end), next: end < found.length ? String(end) : null };
    });
    if (!this.isHistorySlow) return page;
    return new Promise((resolve, reject) => {
      this.waiting.push(() => void page.then(resolve, reject));
    });
  }

  /** Lets the pages come that were asked for while the history was slow. */
  release(): void {
    this.isHistorySlow = false;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  notification(id: string): Promise<NotificationView | null> {
    return this.answer(`notification ${id}`, () => this.find(id) ?? null);
  }

  open(id: string): Promise<void> {
    return this.answer(`open ${id}`, () => {
      if (!this.find(id)) throw new PlatformError("not_found", `no notification ${id}`);
      this.read([id]);
    });
  }

  markAllRead(): Promise<number> {
    return this.answer("markAllRead", () => {
      const ids = this.items.filter((item) => !item.isRead).map((item) => item.id);
      this.read(ids);
      return ids.length;
    });
  }

  followLink(id: string): Promise<void> {
    return this.answer(`followLink ${id}`, () => undefined);
  }

  press(id: string, action: string): Promise<void> {
    return this.answer(`press ${id} ${action}`, () => undefined);
  }

  reply(id: string, action: string, text: string): Promise<void> {
    return this.answer(`reply ${id} ${action} "${text}"`, () => undefined);
  }

  retryNow(): Promise<void> {
    return this.answer("retryNow", () => this.connect({ state: "connecting" }));
  }

  consent(): Promise<ConsentView> {
    return this.answer("consent", () => this.wanted);
  }

  /** What is changed without a connection waits for one. */
  optOut(what: OptOutRequest, isOff: boolean): Promise<void> {
    const name = what.kind === "all" ? "" : ` ${what.name}`;
    return this.answer(`optOut ${what.kind}${name} ${String(isOff)}`, () => {
      const isWaiting = this.snapshot.connection.state !== "online";
      const { wanted } = this;
      const changed = (choices: ChoiceView[]): ChoiceView[] =>
        choices.map((it) => (` ${it.name}` === name ? { ...it, isOff, isWaiting } : it));
      switch (what.kind) {
        case "all":
          this.want({ ...wanted, isAllOff: isOff, isAllWaiting: isWaiting });
          break;
        case "category":
          this.want({ ...wanted, categories: changed(wanted.categories) });
          break;
        case "topic":
          this.want({ ...wanted, topics: changed(wanted.topics) });
          break;
      }
    });
  }

  savePreferences(preferences: Preferences): Promise<void> {
    return this.answer("savePreferences", () => {
      const language: Language = preferences.language === "system" ? "en" : preferences.language;
      this.snapshot = { ...this.snapshot, preferences, language };
      this.emit({ kind: "preferences", preferences, language });
    });
  }

  /** A code is the user's name here; the configured one is anna's. */
  readCode(code: string | null): Promise<CodeView> {
    return this.answer(`readCode ${code ?? "configured"}`, () => this.readClaims(code));
  }

  signIn(code: string | null, replaces: boolean): Promise<void> {
    return this.answer(`signIn ${code ?? "configured"} ${String(replaces)}`, () => {
      const { user, replaces: former } = this.readClaims(code);
      if (former !== null && !replaces) throw new PlatformError("would_replace", "");
      if (former !== null) this.forget();
      this.be({ kind: "signing_in", user, trouble: null, retryAt: null });
      if (!this.isSignInSlow) this.be({ kind: "signed_in", user });
    }).then(() => (this.isSignInSlow ? this.signingIn() : undefined));
  }

  private signingIn(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.endSignIn = (account, error) => {
        this.be(account);
        if (error === undefined) resolve();
        else reject(new PlatformError(error, ""));
      };
    });
  }

  signOut(): Promise<void> {
    return this.answer("signOut", () => {
      this.be({ kind: "signing_out" });
      this.forget();
      this.be({ kind: "nobody", isSignOutPending: false });
    });
  }

  startAtLogin(starts: boolean): Promise<void> {
    return this.answer(`startAtLogin ${String(starts)}`, () => {
      this.change({ startsAtLogin: starts });
    });
  }

  quit(): Promise<void> {
    return this.answer("quit", () => undefined);
  }

  reloadConfiguration(withoutKeyring: boolean): Promise<void> {
    return this.answer(`reloadConfiguration ${String(withoutKeyring)}`, () => {
      this.snapshot = { ...this.snapshot, phase: this.phaseAfterReload };
      this.emit({ kind: "phase", phase: this.phaseAfterReload });
    });
  }

  /** A notification comes. */
  arrive(item: NotificationView): void {
    this.items = [item, ...this.items];
    this.emit({ kind: "changed", items: [item], removed: [] });
    this.emit({ kind: "unread", count: this.unread() });
  }

  /** The account changes. */
  be(account: AccountView): void {
    this.snapshot = { ...this.snapshot, account };
    this.emit({ kind: "account", account });
  }

  /** The history is another user's or nobody's. */
  forget(items: NotificationView[] = []): void {
    this.items = items;
    this.emit({ kind: "forgotten" });
    this.emit({ kind: "unread", count: this.unread() });
  }

  /** What the system does for the app changes. */
  change(difference: Partial<SystemView>): void {
    this.snapshot = { ...this.snapshot, system: { ...this.snapshot.system, ...difference } };
    this.emit({ kind: "system", system: this.snapshot.system });
  }

  /** What the user does not want is another than before, as from another device, or the server refused. */
  want(wanted: ConsentView, isRefused = false): void {
    this.wanted = wanted;
    this.emit({ kind: "consent_changed", isRefused });
  }

  /** A link hands a sign-in code over. */
  offer(code: string): void {
    this.emit({ kind: "code_offered", code });
  }

  /** A sign-in that the app began by itself is not accepted. */
  refuseSignIn(code: ErrorCode): void {
    this.emit({ kind: "sign_in_failed", code });
  }

  /** Notifications are read on another device of the same person. */
  readElsewhere(...ids: string[]): void {
    this.read(ids);
  }

  /** Notifications are recalled by their sender, or deleted on another device. */
  remove(...ids: string[]): void {
    this.items = this.items.filter((item) => !ids.includes(item.id));
    this.emit({ kind: "changed", items: [], removed: ids });
    this.emit({ kind: "unread", count: this.unread() });
  }

  /** The connection changes. */
  connect(connection: ConnectionView): void {
    this.snapshot = { ...this.snapshot, connection };
    this.emit({ kind: "connection", connection });
  }

  /** The person clicks a toast. */
  clickToast(id: string): void {
    this.emit({ kind: "opened", id });
  }

  /** The stored history was damaged. */
  rebuild(): void {
    this.emit({ kind: "history_rebuilt" });
  }

  /** The history changes beyond listing. */
  replaceHistory(items: NotificationView[]): void {
    this.items = items;
    this.emit({ kind: "stale" });
    this.emit({ kind: "unread", count: this.unread() });
  }

  private readClaims(code: string | null): CodeView {
    const user = code === null ? "anna" : code.trim();
    if (!/^[a-z]+$/.test(user)) throw new PlatformError("code_unreadable", "");
    const { account } = this.snapshot;
    const present = "user" in account ? account.user : null;
    return { user, replaces: present === user ? null : present };
  }

  private read(ids: string[]): void {
    const readAt = "2026-11-21T12:00:00Z";
    const changed: NotificationView[] = [];
    this.items = this.items.map((item) => {
      if (item.isRead || !ids.includes(item.id)) return item;
      const now = { ...item, isRead: true, readAt };
      changed.push(now);
      return now;
    });
    if (changed.length === 0) return;
    this.emit({ kind: "changed", items: changed, removed: [] });
    this.emit({ kind: "unread", count: this.unread() });
  }

  private unread(): number {
    return this.items.filter((item) => !item.isRead).length;
  }

  private find(id: string): NotificationView | undefined {
    return this.items.find((item) => item.id === id);
  }

  private emit(event: UiEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  private answer<T>(call: string, act: () => T): Promise<T> {
    this.calls.push(call);
    const failure = this.failure;
    this.failure = null;
    return new Promise((resolve) => {
      if (failure) throw failure;
      resolve(act());
    });
  }
}
