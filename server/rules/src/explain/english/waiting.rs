//! What of the schedule a delivery waits for, in English.

use super::{super::statement::Waiting, Times, moment, reason::because, until};
use crate::schedule::{HeldBy, ZoneSource};

pub(super) fn waits(waiting: &Waiting, times: Times) -> String {
    match waiting {
        Waiting::Clock { zone, source } => clock(zone, *source),
        Waiting::Held { by, until: end } => {
            let end = until(*end, times);
            match by {
                HeldBy::SendAt => format!("It waits until {end}, the time that the sender named."),
                HeldBy::Window => format!("It waits until {end}, when the sender's window opens."),
                HeldBy::QuietHours => {
                    format!("It waits until {end}, because the person wants quiet.")
                }
                HeldBy::Pace => format!(
                    "Its time has come, and it waits for its turn: the sender limited how many \
                     people are notified in a minute, and the next place is free from {end}."
                ),
                HeldBy::Pause => format!(
                    "Its time has come, and the sender paused the mailing: it goes out when that is \
                     resumed, until {end} at the latest."
                ),
            }
        }
        Waiting::EndsBefore { at } => format!("It expires before that, {}.", moment(*at, times)),
        Waiting::Due => {
            "Its time has come: it goes out with the next part of the mailing.".to_owned()
        }
        Waiting::Over { reason } => {
            format!("Nothing more will be tried, because {}.", because(*reason))
        }
    }
}

fn clock(zone: &str, source: ZoneSource) -> String {
    match source {
        ZoneSource::Sender => {
            format!("Its times are read by the clock of {zone}, which the sender named.")
        }
        ZoneSource::Installation => {
            format!("The person's clock is that of {zone}, which a device of theirs reported.")
        }
        ZoneSource::UserAttribute => {
            format!("The person's clock is that of {zone}, which the App's backend set for them.")
        }
        ZoneSource::NumberingPlan => format!(
            "The person's clock is taken to be that of {zone}, where their telephone number belongs."
        ),
        ZoneSource::AppDefault => format!(
            "The person's time zone is not known; the App's default, {zone}, is taken for it."
        ),
        ZoneSource::Utc => {
            "The person's time zone is not known, and the App has no default: UTC is taken for it."
                .to_owned()
        }
    }
}
