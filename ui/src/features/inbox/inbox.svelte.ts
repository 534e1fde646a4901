/** The history as the window holds it: the newest pages, kept current by events. */

import type { NotificationView } from "../../generated/NotificationView";
import type { Platform } from "../../platform/types";
import { merge, newestFirst } from "./order";

export const PAGE_SIZE = 50;

/** Arrivals closer together than this are announced as one. */
export const ANNOUNCE_AFTER_MS = 700;

/** Rows with new contents, and the ids of rows that left. */
type Changes = { rows: NotificationView[]; removed: string[] };

const NO_CHANGES: Changes = { rows: [], removed: [] };

export type Arrivals = { count: number; title: string };

export class Inbox {
  /** Newest first. */
  items = $state.raw<NotificationView[]>([]);
  /** Where the next older page begins, if there is one. */
  next = $state<string | null>(null);
  loading = $state(false);
  /** Whether the first page was read at least once. */
  loaded = $state(false);
  /** The words that the list was searched for; empty for the whole history. */
  search = $state("");
  /** What the detail pane shows. */
  selected = $state.raw<NotificationView | null>(null);
  /** The arrivals to announce to a person who does not see them. */
  arrivals = $state.raw<Arrivals | null>(null);
  /** Counts whose history this is: it rises when everything is forgotten. */
  owner = $state(0);

  private readonly platform: Platform;
  /** When the last row of the oldest page that is held came to this device. */
  private heldSince = 0;
  /** Counts what makes a page on its way useless: another user, another search. */
  private reading = 0;
  /** Counts what was opened: a notification on its way gives way to one that is opened after it. */
  private opening = 0;
  /** What changed while a page is on its way: it may have been read before that. */
  private meanwhile: Changes = NO_CHANGES;
  private waiting: NotificationView[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(platform: Platform) {
    this.platform = platform;
  }

  /** Reads the first page, in place of what was held. */
  async reload(): Promise<void> {
    this.reading += 1;
    await this.readPage(null, (page) => {
      this.items = page;
      this.loaded = true;
    });
  }

  /** Shows only what has these words. */
  async searchFor(words: string): Promise<void> {
    this.search = words.trim();
    await this.reload();
  }

  async showOlder(): Promise<void> {
    if (this.next === null || this.loading) return;
    await this.readPage(this.next, (page) => {
      this.items = merge(this.items, page);
    });
  }

  /** Shows a notification, which reads it. */
  async open(id: string): Promise<void> {
    this.opening += 1;
    const opening = this.opening;
    const held = this.items.find((item) => item.id === id);
    const item = held ?? (await this.platform.notification(id));
    if (opening !== this.opening) return;
    this.selected = item;
    await this.platform.open(id);
  }

  close(): void {
    this.opening += 1;
    this.selected = null;
  }

  /** Drops everything, what is on its way included: it belongs to another user. */
  forget(): void {
    this.owner += 1;
    this.reading += 1;
    this.opening += 1;
    this.meanwhile = NO_CHANGES;
    this.items = [];
    this.next = null;
    this.loaded = false;
    this.search = "";
    this.selected = null;
    this.arrivals = null;
    this.waiting = [];
    clearTimeout(this.timer);
  }

  /** Rows are new, have new contents, or left the history. */
  changed(rows: NotificationView[], removed: string[]): void {
    const isGone = (item: NotificationView) => removed.includes(item.id);
    for (const row of rows) if (this.isArrival(row)) this.announceSoon(row);
    if (this.loading) this.remember({ rows, removed });
    this.hold({ rows, removed });
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
    const reading = this.reading;
    this.loading = true;
    this.meanwhile = NO_CHANGES;
    try {
      const search = this.search === "" ? null : this.search;
      const page = await this.platform.history({ before, limit: PAGE_SIZE, search });
      if (reading !== this.reading) return;
      this.heldSince = Date.parse(page.items.at(-1)?.receivedAt ?? "");
      take(page.items);
      this.next = page.next;
      this.hold(this.meanwhile);
    } finally {
      if (reading === this.reading) this.loading = false;
    }
  }

  /** Takes the new contents of rows up, and drops those that are gone. */
  private hold({ rows, removed }: Changes): void {
    this.items = merge(
      this.items.filter((item) => !removed.includes(item.id)),
      rows.filter((row) => this.isInRange(row)),
    );
  }

  /** Adds to what changed meanwhile; the last that is said of a row counts. */
  private remember({ rows, removed }: Changes): void {
    const said = [...rows.map((row) => row.id), ...removed];
    const before = this.meanwhile;
    this.meanwhile = {
      rows: [...before.rows.filter((row) => !said.includes(row.id)), ...rows],
      removed: [...before.removed.filter((id) => !said.includes(id)), ...removed],
    };
  }

  /** Whether a row has just come: it is unread, and newer than all that are held. */
  private isArrival(row: NotificationView): boolean {
    if (row.isRead || !this.loaded || this.isHeld(row)) return false;
    const newest = this.items[0];
    return newest === undefined || newestFirst(row, newest) < 0;
  }

  /** Whether a row belongs among the pages held; older ones come when they are asked for. Pages are in the
   * order of coming, so that no later page has what was sent long ago and came just now. What a search
   * finds is only told anew by another search. */
  private isInRange(row: NotificationView): boolean {
    if (this.isHeld(row)) return true;
    if (this.search !== "") return false;
    const newest = this.items[0];
    if (newest === undefined || this.next === null) return true;
    return newestFirst(row, newest) < 0 || Date.parse(row.receivedAt) > this.heldSince;
  }

  private isHeld(row: NotificationView): boolean {
    return this.items.some((held) => held.id === row.id);
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
