/** A connection in words. */

import type { IconName } from "../../components/icons";
import type { ConnectionView } from "../../generated/ConnectionView";
import type { TroubleView } from "../../generated/TroubleView";
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
  }
}

/** Why it is so, where that is known. */
export function reasonWords(connection: ConnectionView): string | null {
  if (connection.state !== "offline" || connection.trouble === null) return null;
  return troubleWords(connection.trouble);
}

/** When the connection will be tried again, if that is known. */
export function retryAt(connection: ConnectionView): string | null {
  return connection.state === "offline" ? connection.retryAt : null;
}

/** Counts down the last minute; names the time before that. */
export function retryWords(at: string, now: number): string {
  const seconds = Math.ceil((Date.parse(at) - now) / 1_000);
  if (seconds <= 0) return m.retrying();
  return seconds <= 60 ? m.retry_in({ seconds }) : m.retry_at({ time: exactTime(at) });
}

/** What stands between the app and its server, and what can be done about it. */
export function troubleWords(trouble: TroubleView): string {
  switch (trouble) {
    case "unreachable":
      return m.trouble_unreachable();
    case "captive_portal":
      return m.trouble_captive_portal();
    case "wrong_address":
      return m.trouble_wrong_address();
    case "refused":
      return m.trouble_refused();
    case "throttled":
      return m.trouble_throttled();
    case "server_busy":
      return m.trouble_server_busy();
    case "storage":
      return m.trouble_storage();
    case "internal":
      return m.trouble_internal();
  }
}
