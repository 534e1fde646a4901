//! A sender asks the server to notify an audience: by REST and through the hub, one validator.
//!
//! A [`PublishRequest`] is what is read; [`Publication::parse`] checks it and reports every problem at
//! once; [`Publication::accept`] makes the [`Notification`](crate::Notification) that devices get.

mod actions;
mod batch;
mod canonical;
mod check;
mod content;
mod data;
mod error_policy;
mod patch;
mod publication;
mod request;
mod schedule;
mod steps;

pub use self::{
    batch::{BatchAnswer, BatchRequest, BatchResult, MAX_BATCH},
    canonical::canonical,
    check::{DEFAULT_TTL_SECONDS, MAX_REFERENCE_CHARS, MAX_TTL_SECONDS, check_idempotency_key},
    content::{Content, Named},
    data::{Data, MAX_DATA_BYTES, MAX_DATA_DEPTH},
    error_policy::ErrorPolicy,
    patch::{NotificationPatch, Patch},
    publication::Publication,
    request::{ContentRequest, PublishAccepted, PublishRequest, RetryAccepted},
    schedule::{
        LocalStart, MAX_PER_MINUTE, OnMissedWindow, OnNoTimeZone, RECIPIENT, Schedule,
        ScheduleRequest, ScheduleView, Timing, Weekdays, Window, WindowRequest, WindowView,
        ZoneName, ZoneRule, parse_end, parse_time,
    },
    steps::{Goal, MAX_STEPS, OnUnproven, Step, StepChannel, StepRequest, Steps},
};
