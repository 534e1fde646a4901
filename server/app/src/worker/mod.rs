//! Work that is due: one loop for each kind.
//!
//! Sending deliveries (`dispatch`) and events (`webhooks`) have loops of their own form, because they wait
//! for others between two transactions: `flight` counts the tries that are on their way, `answers` gathers
//! what comes back.
//!
//! A loop sleeps until the next row of its kind is due or until it is woken, claims a few rows, one of
//! each App, and does one part of each. A part that fails is put back and tried again later by itself;
//! a panic is contained and counted as a failure of its part. The loops run under a supervisor, and
//! what each did last is visible ([`Loops::health`]).

mod answers;
mod dispatch;
mod flight;
mod loops;
mod run;
mod webhooks;

pub(crate) use dispatch::Dispatcher;
pub(crate) use flight::Flight;
pub(crate) use loops::Loops;
pub(crate) use run::{Worker, start};
pub(crate) use webhooks::WebhookLoop;
