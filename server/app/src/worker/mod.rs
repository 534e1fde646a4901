//! Background jobs: audience expansion, expiry and retention.

mod due;

pub(crate) use due::{DueJobs, run};
