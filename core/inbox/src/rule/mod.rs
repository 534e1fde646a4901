//! What an inbox decides, pure: time is an argument, nothing is read or written.
//!
//! The store loads, asks a rule, and saves the verdict. Each rule has its table of cases as a test
//! beside it.

pub(crate) mod admission;
pub(crate) mod chain;
pub(crate) mod clock;
pub(crate) mod flag;
pub(crate) mod identity;
pub(crate) mod outbox;
pub(crate) mod show;
pub(crate) mod suppression;
pub(crate) mod word;
