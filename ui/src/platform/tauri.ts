/** The desktop app as the interface's host. */

import { Channel, invoke, type InvokeArgs } from "@tauri-apps/api/core";

import type { CommandError } from "../generated/CommandError";
import type { UiEvent } from "../generated/UiEvent";
import { PlatformError, type Platform } from "./types";

export function tauriPlatform(): Platform {
  return {
    async attach(listener) {
      const events = new Channel<UiEvent>(listener);
      await call<null>("attach", { events });
      return () => {
        events.onmessage = () => undefined;
      };
    },
    history: (request) => call("history", { request }),
    notification: (id) => call("notification", { id }),
    open: (id) => call("open", { id }),
    markAllRead: () => call("mark_all_read"),
    followLink: (id) => call("follow_link", { id }),
    press: (id, action) => call("press", { id, action }),
    reply: (id, action, text) => call("reply", { id, action, text }),
    retryNow: () => call("retry_now"),
    readCode: (code) => call("read_code", { code }),
    signIn: (code, replaces) => call("sign_in", { code, replaces }),
    signOut: () => call("sign_out"),
    consent: () => call("consent"),
    optOut: (what, isOff) => call("opt_out", { what, isOff }),
    savePreferences: (preferences) => call("save_preferences", { preferences }),
    startAtLogin: (starts) => call("start_at_login", { starts }),
    reloadConfiguration: (withoutKeyring) => call("reload_configuration", { withoutKeyring }),
    quit: () => call("quit"),
  };
}

async function call<T>(command: string, args?: InvokeArgs): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (error) {
    throw toPlatformError(error);
  }
}

function toPlatformError(error: unknown): PlatformError {
  if (isCommandError(error)) return new PlatformError(error.code, error.message);
  return new PlatformError("system", String(error));
}

function isCommandError(error: unknown): error is CommandError {
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}
