/**
 * A host in memory, for tests and for designing in a plain browser. It behaves as the desktop app
 * does: commands change its history, and every change comes back as an event.
 */

import type { ConnectionView } from "../generated/ConnectionView";
import type { HistoryRequest } from "../generated/HistoryRequest";
import type { HistoryView } from "../generated/HistoryView";
import type { Language } from "../generated/Language";
import type { NotificationView } from "../generated/NotificationView";
import type { Phase } from "../generated/Phase";
import type { Preferences } from "../generated/Preferences";
import type { Snapshot } from "../generated/Snapshot";
import type { UiEvent } from "../generated/UiEvent";
import type { WarningView } from "../generated/WarningView";
import { PlatformError, type Detach, type Listener, type Platform } from "./types";

export class FakePlatform implements Platform {
  /** What was asked of the host, in order. */
  readonly calls: string[] = [];
  /** When set, the next command fails with it. */
  failure: PlatformError | null = null;
  /** What the configuration turns out to be when it is read again. */
  phaseAfterReload: Phase = { kind: "ready" };

  private readonly listeners = new Set<Listener>();
  private snapshot: Snapshot;
  private items: NotificationView[];

  constructor(items: NotificationView[] = [], snapshot: Partial<Snapshot> = {}) {
    this.items = [...items].sort((a, b) => b.acceptedAt.localeCompare(a.acceptedAt));
    this.snapshot = {
      phase: { kind: "ready" },
      connection: { state: "online" },
      unread: this.unread(),
      preferences: { language: "system", theme: "system" },
      language: "en",
      opened: null,
      ...snapshot,
    };
  }

  attach(listener: Listener): Promise<Detach> {
    this.listeners.add(listener);
    listener({ kind: "snapshot", snapshot: { ...this.snapshot, unread: this.unread() } });
    return Promise.resolve(() => this.listeners.delete(listener));
  }

  history(request: HistoryRequest): Promise<HistoryView> {
    return this.answer(`history ${request.before ?? "start"}`, () => {
      const start = request.before === null ? 0 : Number(request.before);
      const end = start + request.limit;
      return {
        items: this.items.slice(start, end),
        next: end < this.items.length ? String(end) : null,
      };
    });
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

  retryNow(): Promise<void> {
    return this.answer("retryNow", () => this.connect({ state: "connecting" }));
  }

  savePreferences(preferences: Preferences): Promise<void> {
    return this.answer("savePreferences", () => {
      const language: Language = preferences.language === "system" ? "en" : preferences.language;
      this.snapshot = { ...this.snapshot, preferences, language };
      this.emit({ kind: "preferences", preferences, language });
    });
  }

  reloadConfiguration(): Promise<void> {
    return this.answer("reloadConfiguration", () => {
      this.snapshot = { ...this.snapshot, phase: this.phaseAfterReload };
      this.emit({ kind: "phase", phase: this.phaseAfterReload });
    });
  }

  /** A notification comes. */
  arrive(item: NotificationView): void {
    this.items = [item, ...this.items];
    this.emit({ kind: "arrived", item });
    this.emit({ kind: "unread", count: this.unread() });
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

  /** The host warns. */
  warn(warning: WarningView): void {
    this.emit({ kind: "warned", warning });
  }

  /** The history changes beyond listing. */
  replaceHistory(items: NotificationView[]): void {
    this.items = items;
    this.emit({ kind: "stale" });
    this.emit({ kind: "unread", count: this.unread() });
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
