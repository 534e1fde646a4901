/** States that a window can be in, for looking at them. */

import type { AccountView } from "../generated/AccountView";
import type { ConnectionView } from "../generated/ConnectionView";
import type { DeliveryView } from "../generated/DeliveryView";
import type { SetupProblem } from "../generated/SetupProblem";
import type { Snapshot } from "../generated/Snapshot";
import type { SystemView } from "../generated/SystemView";
import type { TroubleView } from "../generated/TroubleView";

const user = "anna.petrova@shop.example";
const configPath = "~/.config/org.vestnik.desktop/desktop.toml";
const nobody: AccountView = { kind: "nobody", isSignOutPending: false };
const system: SystemView = {
  delivery: "ready",
  secrets: "keyring",
  startsAtLogin: true,
  hasTray: true,
  server: { host: "push.shop.example", isExposed: false, hasCode: false },
};

function inTenMinutes(): string {
  return new Date(Date.now() + 600_000).toISOString();
}

function inTwentySeconds(): string {
  return new Date(Date.now() + 20_000).toISOString();
}

function offline(trouble: TroubleView, retryAt: string | null): Partial<Snapshot> {
  const connection: ConnectionView = { state: "offline", trouble, retryAt };
  return { system, connection };
}

function setup(problem: SetupProblem): Partial<Snapshot> {
  return { phase: { kind: "setup", configPath, problem } };
}

function delivery(how: DeliveryView): Partial<Snapshot> {
  return { system: { ...system, delivery: how } };
}

function signingIn(trouble: TroubleView | null, retryAt: string | null): Partial<Snapshot> {
  return { system, account: { kind: "signing_in", user, trouble, retryAt } };
}

export const states: Record<string, Partial<Snapshot>> = {
  nobody: { system, account: nobody },
  nobody_configured: {
    system: { ...system, server: { host: "10.0.0.7:8080", isExposed: true, hasCode: true } },
    account: { kind: "nobody", isSignOutPending: true },
    signInProblem: "code_expired",
  },
  signing_in: signingIn(null, null),
  signing_in_unreachable: signingIn("unreachable", inTwentySeconds()),
  signing_in_portal: signingIn("captive_portal", inTenMinutes()),
  signing_out: { system, account: { kind: "signing_out" } },
  signed_in: { system, account: { kind: "signed_in", user } },
  needs_identity: { system, account: { kind: "needs_identity", user, reason: "refused" } },
  connecting: { system, connection: { state: "connecting" } },
  syncing: { system, connection: { state: "syncing" } },
  unreachable: offline("unreachable", inTwentySeconds()),
  captive_portal: offline("captive_portal", inTenMinutes()),
  wrong_address: offline("wrong_address", inTenMinutes()),
  refused: offline("refused", inTenMinutes()),
  throttled: offline("throttled", inTenMinutes()),
  server_busy: offline("server_busy", inTwentySeconds()),
  storage: offline("storage", inTwentySeconds()),
  internal: offline("internal", null),
  no_service: delivery("no_service"),
  denied: delivery("denied"),
  missing: setup({ kind: "missing", settings: ["server", "app"] }),
  invalid_setting: setup({
    kind: "invalid_setting",
    setting: "server",
    detail: "relative URL without a base",
  }),
  keyring_locked: setup({ kind: "keyring_locked" }),
  failed: setup({ kind: "failed", detail: "the database failed: input/output error" }),
};
