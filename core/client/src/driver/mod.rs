//! Carries out what the engine decides.
//!
//! - [`Storage`] is one thread that owns the [`Files`](crate::storage::Files): jobs run one after the
//!   other, in the order in which they were asked for.
//! - The task has the engine. It waits for commands of the app, answers of the network, outcomes of the
//!   storage and the engine's deadline, hands each to the engine, and starts what the engine asks for.
//!   It never waits for any of it, so a slow disk or network holds up nothing else.
//! - The supervisor runs the task. If it panics, that is a state the app sees, and after a pause another
//!   engine begins over the same files.
//! - [`Shared`] is what task, storage and handle have in common: the watched state, the streams of
//!   events, what the app wishes.

mod carry;
mod device;
mod links;
mod outcomes;
mod shared;
mod storage;
mod supervisor;
mod task;
mod waiting;

pub(crate) use shared::Shared;
pub(crate) use storage::{Opened, Storage};
pub(crate) use supervisor::{Inputs, Parts, spawn};
pub(crate) use task::Command;
