/** What stands in the way of running, in words. */

import type { SetupProblem } from "../../generated/SetupProblem";
import { m } from "../../i18n/paraglide/messages";

export function setupTitle(problem: SetupProblem): string {
  switch (problem.kind) {
    case "missing":
    case "invalid_setting":
    case "unreadable_file":
      return m.setup_title_configuration();
    case "keyring_locked":
    case "keyring_absent":
      return m.setup_title_keyring();
    case "in_use":
    case "too_new":
    case "disk_full":
    case "damaged":
    case "failed":
      return m.setup_title_failed();
  }
}

export function setupWords(problem: SetupProblem): string {
  switch (problem.kind) {
    case "missing":
      return m.setup_missing({ settings: problem.settings.join(", ") });
    case "invalid_setting":
      return m.setup_invalid_setting({ setting: problem.setting });
    case "unreadable_file":
      return m.setup_unreadable_file();
    case "in_use":
      return m.setup_in_use();
    case "too_new":
      return m.setup_too_new();
    case "disk_full":
      return m.setup_disk_full();
    case "damaged":
      return m.setup_damaged();
    case "keyring_locked":
      return m.setup_keyring_locked();
    case "keyring_absent":
      return m.setup_keyring_absent();
    case "failed":
      return m.setup_failed();
  }
}

/** Whether the configuration file is what has to be mended. */
export function isAboutFile(problem: SetupProblem): boolean {
  return ["missing", "invalid_setting", "unreadable_file"].includes(problem.kind);
}

/** Whether the person may go on without the keyring. */
export function isAboutKeyring(problem: SetupProblem): boolean {
  return problem.kind === "keyring_locked" || problem.kind === "keyring_absent";
}
