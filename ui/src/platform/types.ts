/** All that the interface may know of its host. Nothing outside this folder imports a host's own API. */

import type { ErrorCode } from "../generated/ErrorCode";
import type { HistoryRequest } from "../generated/HistoryRequest";
import type { HistoryView } from "../generated/HistoryView";
import type { NotificationView } from "../generated/NotificationView";
import type { Preferences } from "../generated/Preferences";
import type { UiEvent } from "../generated/UiEvent";

export type Listener = (event: UiEvent) => void;
export type Detach = () => void;

/** The host of the interface. Every promise may be rejected with a {@link PlatformError}. */
export interface Platform {
  /** Begins to hear events; the first is a snapshot. */
  attach(listener: Listener): Promise<Detach>;
  /** Reads a page of the history, newest first. */
  history(request: HistoryRequest): Promise<HistoryView>;
  /** Reads one row of the history. */
  notification(id: string): Promise<NotificationView | null>;
  /** Says that the person opened a notification: it is read from now on. */
  open(id: string): Promise<void>;
  /** Marks everything read and says how many rows that changed. */
  markAllRead(): Promise<number>;
  /** Opens a notification's link in the browser. */
  followLink(id: string): Promise<void>;
  /** Tries to connect at once instead of waiting. */
  retryNow(): Promise<void>;
  /** Keeps what the person prefers. */
  savePreferences(preferences: Preferences): Promise<void>;
  /** Reads the configuration again and starts if it is complete. */
  reloadConfiguration(): Promise<void>;
}

/** Why the host did not do what was asked. */
export class PlatformError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = "PlatformError";
    this.code = code;
  }
}
