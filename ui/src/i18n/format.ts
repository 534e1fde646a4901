/** Times as a person of the language in use writes them. */

import { m } from "./paraglide/messages";
import { language } from "./locale.svelte";

/** The time of day, as in 14:05. */
export function timeOfDay(time: string): string {
  return format(time, { hour: "2-digit", minute: "2-digit" });
}

/** The time of day with seconds, for what is near. */
export function exactTime(time: string): string {
  return format(time, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** Date and time in full. */
export function fullTime(time: string): string {
  return format(time, { dateStyle: "long", timeStyle: "short" });
}

/** Today, yesterday, or the date; the year only where it is another one. */
export function dayName(time: string, now: Date): string {
  const date = new Date(time);
  const days = daysBetween(date, now);
  if (days === 0) return m.today();
  if (days === 1) return m.yesterday();
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return format(time, { weekday: "long", day: "numeric", month: "long", ...year });
}

/** Whole calendar days from `date` to `now`, where the person is. */
function daysBetween(date: Date, now: Date): number {
  return Math.round((midnight(now) - midnight(date)) / 86_400_000);
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function format(time: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(language() === "ru" ? "ru-RU" : "en-GB", options).format(
    new Date(time),
  );
}
