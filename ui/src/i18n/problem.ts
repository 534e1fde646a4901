/** What went wrong, in the person's words. */

import type { ErrorCode } from "../generated/ErrorCode";
import { PlatformError } from "../platform/types";
import { m } from "./paraglide/messages";

export function problemText(error: unknown): string {
  return textOf(error instanceof PlatformError ? error.code : "system");
}

/** Why a sign-in was not accepted; null if another sign-in or a sign-out took its place. */
export function problemOf(error: unknown): ErrorCode | null {
  const code = error instanceof PlatformError ? error.code : "system";
  return code === "overtaken" ? null : code;
}

/** Why a sign-in was not accepted, in words. */
export function codeText(code: ErrorCode): string {
  return textOf(code);
}

function textOf(code: ErrorCode): string {
  switch (code) {
    case "not_ready":
      return m.error_not_ready();
    case "not_found":
      return m.error_not_found();
    case "signed_out":
      return m.error_signed_out();
    case "rejected":
      return m.error_rejected();
    case "storage":
      return m.error_storage();
    case "disk_full":
      return m.error_disk_full();
    case "code_unreadable":
      return m.error_code_unreadable();
    case "code_missing":
      return m.error_code_missing();
    case "would_replace":
      return m.error_would_replace();
    case "code_refused":
      return m.error_code_refused();
    case "code_expired":
      return m.error_code_expired();
    case "code_of_other":
      return m.error_code_of_other();
    case "overtaken":
      return m.error_overtaken();
    case "system":
      return m.error_system();
    case "closed":
      return m.error_closed();
  }
}
