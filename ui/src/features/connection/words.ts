/** A connection in words. */

import type { IconName } from "../../components/icons";
import type { ConnectionView } from "../../generated/ConnectionView";
import type { OfflineReason } from "../../generated/OfflineReason";
import { exactTime } from "../../i18n/format";
import { m } from "../../i18n/paraglide/messages";

/** How a state looks: never by colour alone, each has its own icon. */
export type Mood = "good" | "busy" | "bad";

export function mood(connection: ConnectionView): Mood {
  switch (connection.state) {
    case "online":
      return "good";
    case "connecting":
    case "syncing":
      return "busy";
    case "offline":
    case "signed_out":
    case "needs_identity":
      return "bad";
  }
}

export const moodIcon: Record<Mood, IconName> = {
  good: "online",
  busy: "waiting",
  bad: "broken",
};

/** The state in two words. */
export function stateWords(connection: ConnectionView): string {
  switch (connection.state) {
    case "online":
      return m.connection_online();
    case "connecting":
      return m.connection_connecting();
    case "syncing":
      return m.connection_syncing();
    case "offline":
      return m.connection_offline();
    case "signed_out":
      return m.connection_signed_out();
    case "needs_identity":
      return m.connection_needs_identity();
  }
}

/** Why it is so, where that helps. */
export function reasonWords(connection: ConnectionView): string | null {
  switch (connection.state) {
    case "offline":
      return offlineWords(connection.reason);
    case "signed_out":
      return m.reason_signed_out();
    case "needs_identity":
      return m.reason_needs_identity();
    case "online":
    case "connecting":
    case "syncing":
      return null;
  }
}

/** When the connection will be tried again, if that is known. */
export function retryAt(connection: ConnectionView): string | null {
  return "retryAt" in connection ? connection.retryAt : null;
}

/** Counts down the last minute; names the time before that. */
export function retryWords(at: string, now: number): string {
  const seconds = Math.ceil((Date.parse(at) - now) / 1_000);
  if (seconds <= 0) return m.retrying();
  return seconds <= 60 ? m.retry_in({ seconds }) : m.retry_at({ time: exactTime(at) });
}

function offlineWords(reason: OfflineReason): string {
  switch (reason) {
    case "unreachable":
      return m.reason_unreachable();
    case "draining":
      return m.reason_draining();
    case "refused":
      return m.reason_refused();
    case "storage":
      return m.reason_storage();
  }
}
