/** The history as the window holds it: the newest pages, kept current by events. */

import type { NotificationView } from "../../generated/NotificationView";
import type { Platform } from "../../platform/types";
import { merge, newestFirst } from "./order";

export const PAGE_SIZE = 50;

/** Arrivals closer together than this are announced as one. */
export const ANNOUNCE_AFTER_MS = 700;

export type Arrivals = { count: number; title: string };

export class Inbox {
  /** Newest first. */
  items = $state.raw<NotificationView[]>([]);
  /** Where the next older page begins, if there is one. */
  next = $state<string | null>(null);
  loading = $state(false);
  /** Whether the first page was read at least once. */
  loaded = $state(false);
  /** What the detail pane shows. */
  selected = $state.raw<NotificationView | null>(null);
  /** The arrivals to announce to who cannot see them. */
  arrivals = $state.raw<Arrivals | null>(null);

  private readonly platform: Platform;
  private waiting: NotificationView[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(platform: Platform) {
    this.platform = platform;
  }

  /** Reads the first page, in place of what was held. */
  async reload(): Promise<void> {
    await this.readPage(null, (page) => {
      this.items = page;
    });
    this.loaded = true;
  }

  async showOlder(): Promise<void> {
    if (this.next === null || this.loading) return;
    await this.readPage(this.next, (page) => {
      this.items = merge(this.items, page);
    });
  }

  /** Shows a notification, which reads it. */
  async open(id: string): Promise<void> {
    const held = this.items.find((item) => item.id === id);
    this.selected = held ?? (await this.platform.notification(id));
    await this.platform.open(id);
  }

  close(): void {
    this.selected = null;
  }

  /** A notification has just come. */
  arrived(item: NotificationView): void {
    const isNew = !this.items.some((held) => held.id === item.id);
    this.items = merge(this.items, [item]);
    if (isNew) this.announceSoon(item);
  }

  /** Rows have new contents, or left the history. */
  changed(rows: NotificationView[], removed: string[]): void {
    const isGone = (item: NotificationView) => removed.includes(item.id);
    this.items = merge(
      this.items.filter((item) => !isGone(item)),
      rows.filter((row) => this.isInRange(row)),
    );
    this.waiting = this.waiting.filter((item) => !isGone(item));
    const selected = this.selected;
    if (selected === null) return;
    this.selected = isGone(selected)
      ? null
      : (rows.find((row) => row.id === selected.id) ?? selected);
  }

  private async readPage(
    before: string | null,
    take: (page: NotificationView[]) => void,
  ): Promise<void> {
    this.loading = true;
    try {
      const page = await this.platform.history({ before, limit: PAGE_SIZE });
      take(page.items);
      this.next = page.next;
    } finally {
      this.loading = false;
    }
  }

  /** Whether a row belongs among the pages held; older ones come when they are asked for. */
  private isInRange(row: NotificationView): boolean {
    const oldest = this.items.at(-1);
    if (oldest === undefined || this.next === null) return true;
    return newestFirst(row, oldest) <= 0;
  }

  private announceSoon(item: NotificationView): void {
    this.waiting.push(item);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const newest = this.waiting.at(-1);
      if (newest === undefined) return;
      this.arrivals = { count: this.waiting.length, title: newest.title };
      this.waiting = [];
    }, ANNOUNCE_AFTER_MS);
  }
}
