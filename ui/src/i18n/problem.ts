/** What went wrong, in the person's words. */

import type { ErrorCode } from "../generated/ErrorCode";
import type { WarningView } from "../generated/WarningView";
import { PlatformError } from "../platform/types";
import { m } from "./paraglide/messages";

export function problemText(error: unknown): string {
  return textOf(error instanceof PlatformError ? error.code : "system");
}

const warnings: Record<WarningView, () => string> = {
  history_rebuilt: () => m.warning_history_rebuilt(),
};

/** What a person should know, in words. */
export function warningText(warning: WarningView): string {
  return warnings[warning]();
}

function textOf(code: ErrorCode): string {
  switch (code) {
    case "not_ready":
      return m.error_not_ready();
    case "not_found":
      return m.error_not_found();
    case "unauthorized":
      return m.error_unauthorized();
    case "rejected":
      return m.error_rejected();
    case "unreachable":
      return m.error_unreachable();
    case "storage":
      return m.error_storage();
    case "system":
      return m.error_system();
    case "closed":
      return m.error_closed();
  }
}
