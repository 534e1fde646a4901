/** All that the interface may know of its host. Nothing outside this folder imports a host's own API. */

import type { CodeView } from "../generated/CodeView";
import type { ConsentView } from "../generated/ConsentView";
import type { ErrorCode } from "../generated/ErrorCode";
import type { HistoryRequest } from "../generated/HistoryRequest";
import type { HistoryView } from "../generated/HistoryView";
import type { NotificationView } from "../generated/NotificationView";
import type { OptOutRequest } from "../generated/OptOutRequest";
import type { Preferences } from "../generated/Preferences";
import type { UiEvent } from "../generated/UiEvent";

export type Listener = (event: UiEvent) => void;
export type Detach = () => void;

/** The host of the interface. Every promise may be rejected with a {@link PlatformError}. */
export interface Platform {
  /** Begins to send events; the first is a snapshot. */
  attach(listener: Listener): Promise<Detach>;
  /** Reads a page of the history, newest first. */
  history(request: HistoryRequest): Promise<HistoryView>;
  /** Reads one row of the history. */
  notification(id: string): Promise<NotificationView | null>;
  /** Says that the person opened a notification: it is read from now on. */
  open(id: string): Promise<void>;
  /** Marks everything read; gives how many notifications were unread. */
  markAllRead(): Promise<number>;
  /** Opens a notification's link in the browser. */
  followLink(id: string): Promise<void>;
  /** Presses a notification's button that asks for no text. */
  press(id: string, action: string): Promise<void>;
  /** Answers a notification by a button that asks for a text. */
  reply(id: string, action: string, text: string): Promise<void>;
  /** Tries to connect at once instead of waiting. */
  retryNow(): Promise<void>;
  /** Reads a sign-in code, or the configured one without it. */
  readCode(code: string | null): Promise<CodeView>;
  /** Signs in by a code, or by the configured one without it. `replaces` is the person's consent that
   * another user's notifications leave this device. */
  signIn(code: string | null, replaces: boolean): Promise<void>;
  /** Signs out. */
  signOut(): Promise<void>;
  /** Reads what the user does not want, and has the server asked. */
  consent(): Promise<ConsentView>;
  /** Opts out of something on all of the user's devices, or in again. It is kept until the server knows it. */
  optOut(what: OptOutRequest, isOff: boolean): Promise<void>;
  /** Keeps what the person prefers. */
  savePreferences(preferences: Preferences): Promise<void>;
  /** Has the system start the app at the person's login, or not. */
  startAtLogin(starts: boolean): Promise<void>;
  /** Reads the configuration again and starts if nothing stands in the way. `withoutKeyring` is the
   * person's consent to begin anew where the keyring cannot be had. */
  reloadConfiguration(withoutKeyring: boolean): Promise<void>;
  /** Ends the app. */
  quit(): Promise<void>;
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
