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
    retryNow: () => call("retry_now"),
    savePreferences: (preferences) => call("save_preferences", { preferences }),
    reloadConfiguration: () => call("reload_configuration"),
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
