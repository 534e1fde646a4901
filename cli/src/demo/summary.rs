//! What the demo ends with.

use std::time::Duration;

use console::style;
use serde::Serialize;

use crate::exit::Failure;

/// The figures of a demo; that it held is `lost`, `shown_twice` and `readable` all 0, every delivery made,
/// a phone that slept reached and one letter taken.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// Notifications the courier published.
    pub(crate) published: u64,
    /// Deliveries they became: one a user.
    pub(crate) deliveries: u64,
    /// Deliveries that reached a device's history.
    pub(crate) delivered: u64,
    /// Deliveries that were read.
    pub(crate) read: u64,
    /// Notifications the laptop caught up on after the tunnel.
    pub(crate) replayed: u64,
    /// Notifications that reached a phone that slept, through a push service.
    pub(crate) pushed: u64,
    /// Requests in which the push service could read a notification.
    pub(crate) readable: u64,
    /// Letters in place of a push, to a person without a device.
    pub(crate) letters: u64,
    /// Toasts that went away because the notification was read on the other device.
    pub(crate) withdrawn: u64,
    /// Notifications that a device should have in its history and has not.
    pub(crate) lost: u64,
    /// Notifications that a device showed more than once.
    pub(crate) shown_twice: u64,
    /// Devices that took part.
    pub(crate) devices: u64,
    /// How long it all took.
    pub(crate) seconds: f64,
}

impl Summary {
    pub(crate) fn took(self, duration: Duration) -> Self {
        Self {
            seconds: (duration.as_secs_f64() * 1_000.0).round() / 1_000.0,
            ..self
        }
    }

    /// Whether the promise held.
    pub(crate) fn verdict(&self) -> Result<(), Failure> {
        let is_whole = self.delivered == self.deliveries && self.lost == 0 && self.shown_twice == 0;
        let is_reached = self.pushed > 0 && self.readable == 0 && self.letters == 1;
        if is_whole && is_reached {
            Ok(())
        } else {
            Err(Failure::Outcome("the demo did not hold".to_owned()))
        }
    }

    pub(crate) fn words(&self) -> String {
        let rows = [
            ("published", self.published),
            ("deliveries", self.deliveries),
            ("delivered", self.delivered),
            ("read", self.read),
            ("caught up after the tunnel", self.replayed),
            ("pushed to a sleeping phone", self.pushed),
            ("read by the push service", self.readable),
            ("letters in place of a push", self.letters),
            ("withdrawn, read elsewhere", self.withdrawn),
            ("lost", self.lost),
            ("shown twice", self.shown_twice),
        ];
        let mut words = format!("\n{}\n", style("Summary").bold());
        for (name, count) in rows {
            words.push_str(&format!("  {name:28} {}\n", self.number(name, count)));
        }
        words.push_str(&format!(
            "  {} devices, {:.1} s",
            self.devices, self.seconds
        ));
        words
    }

    fn number(&self, name: &str, count: u64) -> String {
        let is_good = match name {
            "lost" | "shown twice" | "read by the push service" => count == 0,
            "pushed to a sleeping phone" => count > 0,
            "letters in place of a push" => count == 1,
            "delivered" => count == self.deliveries,
            _ => return style(count).bold().to_string(),
        };
        let number = style(count).bold();
        if is_good {
            number.green()
        } else {
            number.red()
        }
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_what_programs_read() {
        let summary = Summary {
            published: 22,
            deliveries: 24,
            delivered: 24,
            ..Summary::default()
        };
        insta::assert_json_snapshot!(summary.took(Duration::from_micros(1_234_567)));
    }

    #[test]
    fn a_broken_promise_fails() {
        let whole = Summary {
            deliveries: 3,
            delivered: 3,
            pushed: 1,
            letters: 1,
            ..Summary::default()
        };
        assert!(whole.verdict().is_ok());
        let broken = [
            Summary {
                delivered: 2,
                ..whole.clone()
            },
            Summary {
                lost: 1,
                ..whole.clone()
            },
            Summary {
                shown_twice: 1,
                ..whole.clone()
            },
            Summary {
                pushed: 0,
                ..whole.clone()
            },
            Summary {
                readable: 1,
                ..whole.clone()
            },
            Summary {
                letters: 2,
                ..whole
            },
        ];
        for summary in broken {
            assert!(
                matches!(summary.verdict(), Err(Failure::Outcome(_))),
                "{summary:?}"
            );
        }
    }
}
