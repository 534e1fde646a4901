/** The order of the list. */

import type { NotificationView } from "../../generated/NotificationView";

/** Puts rows among others: each id once, the newer contents win. */
export function merge(held: NotificationView[], rows: NotificationView[]): NotificationView[] {
  const byId = new Map(held.map((item) => [item.id, item]));
  for (const row of rows) byId.set(row.id, row);
  return [...byId.values()].sort(newestFirst);
}

/** Compares by the time of sending, then by id: a total order. */
export function newestFirst(a: NotificationView, b: NotificationView): number {
  return Date.parse(b.acceptedAt) - Date.parse(a.acceptedAt) || b.id.localeCompare(a.id);
}
