//! When to send a notification.

use clap::Args;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use vestnik_model::publish::{ScheduleRequest, WindowRequest};

/// When to send it; at once if nothing is said.
#[derive(Debug, Default, Args)]
pub(crate) struct ScheduleArgs {
    /// Not before this time: 2026-12-01T09:00:00+03:00, or without an offset by the clock of --time-zone.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Not before so much time has passed: 90m, 2h30m, 3d.
    #[arg(long = "in", value_name = "DURATION", conflicts_with = "at", value_parser = parse_span)]
    after: Option<SignedDuration>,
    /// Whose clock --at and --window are read by: recipient, or a zone such as Europe/Berlin.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// At these hours only: 09:00-21:00.
    #[arg(long, value_name = "FROM-TO", value_parser = parse_window)]
    window: Option<WindowRequest>,
    /// Not after this time: 2026-12-02T18:00:00Z.
    #[arg(long, value_name = "TIME")]
    deadline: Option<String>,
}

/// Reads a duration: units in the friendly form or ISO 8601, a day being 24 hours.
fn parse_span(text: &str) -> Result<SignedDuration, String> {
    let span: Span = text.parse().map_err(|error| format!("{error}"))?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours());
    let duration = duration.map_err(|error| format!("{error}"))?;
    if duration.is_negative() {
        return Err("must not be negative".to_owned());
    }
    Ok(duration)
}

/// Reads the hours of a window; what they mean is checked by the server.
fn parse_window(text: &str) -> Result<WindowRequest, String> {
    let (from, to) = text.split_once('-').ok_or("must be FROM-TO")?;
    Ok(WindowRequest {
        from: from.to_owned(),
        to: to.to_owned(),
        weekdays: Vec::new(),
    })
}

impl ScheduleArgs {
    /// What is asked of the server.
    pub(crate) fn request(self, now: Timestamp) -> ScheduleRequest {
        let Self {
            at,
            after,
            time_zone,
            window,
            deadline,
        } = self;
        // A time beyond the calendar is refused by the server like any other that is too far.
        let after = after.map(|after| now.checked_add(after).unwrap_or(Timestamp::MAX));
        ScheduleRequest {
            send_at: at.or_else(|| after.map(|after| after.to_string())),
            time_zone,
            window,
            deadline,
            ..ScheduleRequest::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_from_now() {
        let now: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("90m", "2026-11-21T10:30:00Z"),
            ("2h30m", "2026-11-21T11:30:00Z"),
            ("3d", "2026-11-24T09:00:00Z"),
            ("PT1H", "2026-11-21T10:00:00Z"),
        ] {
            let args = ScheduleArgs {
                after: Some(parse_span(text).unwrap()),
                ..ScheduleArgs::default()
            };
            assert_eq!(
                args.request(now).send_at.as_deref(),
                Some(expected),
                "{text}"
            );
        }
        for wrong in ["", "soon", "-5m", "1mo"] {
            assert!(parse_span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_said_is_at_once() {
        let request = ScheduleArgs::default().request(Timestamp::UNIX_EPOCH);
        assert_eq!(request, ScheduleRequest::default());
    }

    #[test]
    fn a_window_has_two_ends() {
        let window = parse_window("09:00-21:00").unwrap();
        assert_eq!(
            (window.from.as_str(), window.to.as_str()),
            ("09:00", "21:00")
        );
        assert!(parse_window("09:00").is_err());
    }
}
