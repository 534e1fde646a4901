//! When to send a notification.

use clap::Args;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use vestnik_model::{
    Word,
    publish::{OnMissedWindow, OnNoTimeZone, RECIPIENT, ScheduleRequest, WindowRequest},
};

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
    /// By each recipient's own clock: the same as --time-zone recipient.
    #[arg(long, conflicts_with = "time_zone")]
    local: bool,
    /// What becomes of a recipient whose zone is not known.
    #[arg(long, value_name = "POLICY", value_parser = parse_word::<OnNoTimeZone>)]
    no_time_zone: Option<OnNoTimeZone>,
    /// At these hours only: 09:00-21:00.
    #[arg(long, value_name = "FROM-TO", value_parser = parse_window)]
    window: Option<WindowRequest>,
    /// On these weekdays only, 1 being Monday: 1,2,3,4,5.
    #[arg(long, value_name = "DAYS", value_delimiter = ',', requires = "window")]
    weekdays: Vec<u8>,
    /// What becomes of a recipient whose window has closed.
    #[arg(long, value_name = "POLICY", value_parser = parse_word::<OnMissedWindow>)]
    missed_window: Option<OnMissedWindow>,
    /// Not after this time: 2026-12-02T18:00:00Z.
    #[arg(long, value_name = "TIME")]
    deadline: Option<String>,
    /// To so many recipients in any minute at the most.
    #[arg(long, value_name = "NUMBER")]
    per_minute: Option<u32>,
    /// Also while a recipient wants quiet.
    #[arg(long)]
    despite_quiet_hours: bool,
}

/// Reads a word of the protocol.
fn parse_word<T: Word>(text: &str) -> Result<T, String> {
    let words = || {
        T::WORDS
            .iter()
            .map(|word| word.as_str())
            .collect::<Vec<_>>()
    };
    T::from_word(text).ok_or_else(|| format!("must be one of {}", words().join(", ")))
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
            local,
            no_time_zone,
            window,
            weekdays,
            missed_window,
            deadline,
            per_minute,
            despite_quiet_hours,
        } = self;
        // A time beyond the calendar is refused by the server like any other that is too far.
        let after = after.map(|after| now.checked_add(after).unwrap_or(Timestamp::MAX));
        ScheduleRequest {
            send_at: at.or_else(|| after.map(|after| after.to_string())),
            time_zone: time_zone.or_else(|| local.then(|| RECIPIENT.to_owned())),
            on_no_time_zone: no_time_zone.unwrap_or_default(),
            window: window.map(|window| WindowRequest { weekdays, ..window }),
            on_missed_window: missed_window.unwrap_or_default(),
            deadline,
            respect_quiet_hours: !despite_quiet_hours,
            throttle_per_minute: per_minute,
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

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        schedule: ScheduleArgs,
    }

    fn read(line: &[&str]) -> Result<ScheduleRequest, clap::Error> {
        let words = std::iter::once("send").chain(line.iter().copied());
        let line = <Line as clap::Parser>::try_parse_from(words)?;
        Ok(line.schedule.request(Timestamp::UNIX_EPOCH))
    }

    #[test]
    fn a_schedule_can_be_said_whole() {
        let line = [
            "--at=2026-12-21T09:00:00",
            "--local",
            "--no-time-zone=drop",
            "--window=09:00-21:00",
            "--weekdays=1,2,3",
            "--missed-window=drop",
            "--per-minute=100",
            "--despite-quiet-hours",
        ];
        let request = read(&line).unwrap();
        let expected = serde_json::json!({
            "send_at": "2026-12-21T09:00:00", "time_zone": "recipient", "on_no_time_zone": "drop",
            "window": {"from": "09:00", "to": "21:00", "weekdays": [1, 2, 3]},
            "on_missed_window": "drop", "respect_quiet_hours": false, "throttle_per_minute": 100,
        });
        assert_eq!(serde_json::to_value(request).unwrap(), expected);
        assert_eq!(read(&[]).unwrap(), ScheduleRequest::default());
        for wrong in [
            ["--missed-window=later"].as_slice(),
            &["--local", "--time-zone=Europe/Berlin"],
            &["--weekdays=1"],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
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
