use jiff::Timestamp;
use serde_json::Value;
use vestnik_model::publish::Schedule;

use super::{Moment, Recipient, ZoneFacts};

mod due;
mod mailing;
mod minutes;
mod transitions;

fn schedule(value: Value) -> Schedule {
    let request = serde_json::from_value(value).unwrap();
    Schedule::parse(&request).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A recipient whose installation is in a zone.
fn in_zone(zone: &str) -> Recipient<'_> {
    Recipient {
        zones: ZoneFacts {
            installation: Some(zone),
            ..ZoneFacts::default()
        },
        ..Recipient::default()
    }
}

/// A notification that was accepted long ago, looked at now.
fn now(now: Timestamp) -> Moment {
    Moment {
        accepted_at: Timestamp::UNIX_EPOCH,
        now,
    }
}
