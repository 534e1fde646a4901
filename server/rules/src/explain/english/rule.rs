//! Rules in English.

use super::super::principle::Rule;
use crate::cascade::{ACK_WINDOW, HEARD_WITHIN};

/// A rule as an English sentence.
#[must_use]
pub fn english_rule(rule: Rule) -> String {
    let text = match rule {
        Rule::Acceptance => "A notification is stored before its sender is answered.",
        Rule::Schedule => "Nobody is notified before the time that the sender named.",
        Rule::QuietHours => "What is not critical waits while the person wants quiet.",
        Rule::Audience => {
            "Who is a recipient is settled when the audience is looked up, at the time of sending."
        }
        Rule::Devices => {
            "A person's primary device is the one on which they last opened the app; another one \
             takes over when the app is opened there."
        }
        Rule::Reachability => {
            "A device is reached over its connection, or by a push if it reported an address and \
             may show notifications."
        }
        Rule::AckWindow => return ack_window(),
        Rule::Push => "A device that was not heard from over a connection is pushed to at once.",
        Rule::Repetition => {
            "A try that failed for a passing reason is repeated with growing pauses while there is \
             time."
        }
        Rule::Providers => {
            "The providers of a gateway are asked one after another; the next one only if the one before \
             is proven not to have the message."
        }
        Rule::Unproven => {
            "A try that nobody answered is repeated under the same id, so that a device shows it \
             once, unless its sender wants it given up."
        }
        Rule::Sealing => {
            "A push that a device could not decrypt is sent anew for the key that the device has now, once \
             for each key."
        }
        Rule::Failure => {
            "A failure for good is not repeated; the next route is taken, if there is one."
        }
        Rule::Cascade => {
            "The next step begins when a step failed, or did not reach its goal in time."
        }
        Rule::Confirmation => "Only a device, or the person on it, can confirm a delivery.",
        Rule::Expiry => "What was not delivered when its time to live ran out is given up.",
        Rule::Withdrawal => {
            "A sender can cancel what was not handed over, and recall what was shown."
        }
        Rule::Replacement => {
            "Of notifications with the same collapse key, each person is left with the latest."
        }
        Rule::Retry => {
            "What was lost is tried anew when its sender asks for that and something has changed."
        }
        Rule::Lateness => "Evidence from a device counts, however late it comes.",
    };
    text.to_owned()
}

fn ack_window() -> String {
    format!(
        "A device that was heard from within the last {} seconds has {} seconds to confirm before \
         it is pushed to.",
        HEARD_WITHIN.as_secs(),
        ACK_WINDOW.as_secs(),
    )
}
