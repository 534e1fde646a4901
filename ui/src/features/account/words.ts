/** Accounts and what the system does for the app, in words. */

import type { DeliveryView } from "../../generated/DeliveryView";
import type { SecretsView } from "../../generated/SecretsView";
import type { SessionEndView } from "../../generated/SessionEndView";
import { m } from "../../i18n/paraglide/messages";

/** Why a session has ended, and what that means. */
export function sessionEndWords(reason: SessionEndView): string {
  switch (reason) {
    case "ended":
      return m.session_ended();
    case "refused":
      return m.session_refused();
    case "other_user":
      return m.session_other_user();
  }
}

/** How the system shows pop-ups. */
export function deliveryWords(delivery: DeliveryView): string {
  switch (delivery) {
    case "unknown":
      return m.delivery_unknown();
    case "ready":
      return m.delivery_ready();
    case "paused":
      return m.delivery_paused();
    case "denied":
      return m.delivery_denied();
    case "no_service":
      return m.delivery_no_service();
  }
}

/** The same, if a person who waits for pop-ups should know it. */
export function deliveryProblem(delivery: DeliveryView): string | null {
  switch (delivery) {
    case "denied":
    case "no_service":
      return deliveryWords(delivery);
    case "unknown":
    case "ready":
    case "paused":
      return null;
  }
}

/** Where the secrets of this installation lie. */
export function secretsWords(secrets: SecretsView): string {
  switch (secrets) {
    case "keyring":
      return m.secrets_keyring();
    case "files_without_keyring":
      return m.secrets_files_without_keyring();
    case "files_keyring_locked":
      return m.secrets_files_keyring_locked();
  }
}
