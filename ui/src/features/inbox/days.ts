/** The list cut into days. */

import type { NotificationView } from "../../generated/NotificationView";
import { dayName } from "../../i18n/format";

export type Day = { name: string; items: NotificationView[] };

/** Groups rows that are already in order by the day on which they were sent. */
export function byDay(items: NotificationView[], now: Date): Day[] {
  const days: Day[] = [];
  for (const item of items) {
    const name = dayName(item.acceptedAt, now);
    const last = days.at(-1);
    if (last?.name === name) last.items.push(item);
    else days.push({ name, items: [item] });
  }
  return days;
}
