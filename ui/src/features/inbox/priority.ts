/** How urgent a notification is, in words. */

import type { PriorityView } from "../../generated/PriorityView";
import { m } from "../../i18n/paraglide/messages";

export function priorityWords(priority: PriorityView): string {
  switch (priority) {
    case "low":
      return m.priority_low();
    case "normal":
      return m.priority_normal();
    case "high":
      return m.priority_high();
    case "critical":
      return m.priority_critical();
  }
}

/** Whether the urgency is worth a word in the list. */
export function isUrgent(priority: PriorityView): boolean {
  return priority === "high" || priority === "critical";
}
