//! Every statement in both languages.

use std::collections::BTreeSet;

use vestnik_model::{Devices, Engagement, GatewayName, ProviderName, Word as _};

use super::*;
use crate::app_version::AppVersion;
use crate::schedule::{HeldBy, ZoneSource};

fn name(platform: Option<Platform>, is_one_of_several: bool) -> DeviceName {
    DeviceName {
        installation: phone(7).installation,
        platform,
        is_one_of_several,
    }
}

fn sms() -> GatewayName {
    GatewayName::parse("sms").unwrap()
}

fn asked() -> Vec<Asked> {
    let written = Written {
        wall: "2026-12-01T09:00:00".to_owned(),
        zone: "Europe/Berlin".to_owned(),
    };
    let time = "2026-12-01T08:00:00Z".parse().unwrap();
    vec![
        Asked::Accepted { at: at("10:02:00") },
        Asked::Scheduled {
            at: time,
            written: None,
        },
        Asked::Scheduled {
            at: time,
            written: Some(written),
        },
        Asked::NotOpen { at: time },
        Asked::StillExpanding,
        Asked::Excluded,
        Asked::Erased,
        Asked::NotAddressed,
        Asked::StoppedBeforeTurn,
        Asked::SomeDevicesOnly { count: 1 },
        Asked::SomeDevicesOnly { count: 2 },
    ]
    .into_iter()
    .chain(chosen())
    .collect()
}

/// The sentences about devices that the sender asked for by what they are.
fn chosen() -> Vec<Asked> {
    let chosen = |choice, is_open_to_all: bool| Asked::Chosen {
        choice,
        installation: (!is_open_to_all).then(|| phone(1).installation),
        is_open_to_all,
    };
    vec![
        chosen(Devices::Primary, false),
        chosen(Devices::PrimaryThenAll, false),
        chosen(Devices::PrimaryThenAll, true),
        chosen(Devices::MostRecent, false),
    ]
}

fn found() -> Vec<DeviceFinding> {
    let (time, channel) = (at("10:02:05"), Channel::Apns);
    vec![
        DeviceFinding::Connected { heard_at: time },
        DeviceFinding::Offline { since: time },
        DeviceFinding::Blocked {
            reason: Reason::BlockedOs,
        },
        DeviceFinding::TooOld {
            version: AppVersion::read("3.0.9"),
            oldest: "3.1".parse().ok(),
        },
        DeviceFinding::TooOld {
            version: AppVersion::read("3.1-beta"),
            oldest: "3.1".parse().ok(),
        },
        DeviceFinding::TooOld {
            version: None,
            oldest: "3.1".parse().ok(),
        },
        DeviceFinding::TooOld {
            version: None,
            oldest: None,
        },
        DeviceFinding::WithoutAddress,
        DeviceFinding::AddressDead { channel, at: time },
        DeviceFinding::NoProvider { channel },
        DeviceFinding::Written { at: time },
        DeviceFinding::AwaitsConfirmation { until: time },
        DeviceFinding::Arrived { channel, at: time },
        DeviceFinding::Confirmed { at: time },
        DeviceFinding::Passed,
        DeviceFinding::Seen { at: time },
        DeviceFinding::NotShown {
            at: time,
            why: Unshown::Known(Reason::BlockedApp),
        },
        DeviceFinding::NotShown {
            at: time,
            why: Unshown::read("failed"),
        },
        DeviceFinding::NotShown {
            at: time,
            why: Unshown::read("unreadable"),
        },
        DeviceFinding::NotShown {
            at: time,
            why: Unshown::read("mood"),
        },
    ]
}

fn outcomes() -> Vec<AttemptFinding> {
    let (time, reason) = (at("10:02:05"), Reason::ProviderThrottled);
    let handed = |tries, cause| AttemptFinding::Handed {
        at: time,
        tries,
        cause,
    };
    vec![
        handed(1, Cause::NotConfirmed),
        handed(3, Cause::NotConnected),
        handed(1, Cause::Step),
        AttemptFinding::OnItsWay {
            until: time,
            is_repeated: true,
        },
        AttemptFinding::OnItsWay {
            until: time,
            is_repeated: false,
        },
        AttemptFinding::Due { at: time },
        AttemptFinding::Dropped,
        AttemptFinding::Anew { at: time },
        AttemptFinding::Retrying {
            tries: 2,
            reason,
            at: time,
        },
        AttemptFinding::Refused { tries: 5, reason },
        AttemptFinding::AwaitsKey {
            reason: Reason::DecryptUnknownKey,
            until: time,
        },
        AttemptFinding::Undecrypted { count: 1 },
        AttemptFinding::Returned {
            at: time,
            reason: Reason::EmailBounced,
        },
        AttemptFinding::Unproven { count: 1 },
        AttemptFinding::GivenUp { count: 1 },
    ]
}

fn cascade() -> Vec<CascadeFinding> {
    let (channel, former, time) = (StepChannel::Email, StepChannel::Push, at("10:03:00"));
    let goal = Goal::Delivered;
    vec![
        CascadeFinding::Began {
            step: 2,
            channel,
            former,
            goal,
            reason: None,
            at: time,
        },
        CascadeFinding::Began {
            step: 2,
            channel,
            former,
            goal,
            reason: Some(Reason::DeviceNoneActive),
            at: time,
        },
        CascadeFinding::Waits {
            channel: former,
            goal,
            until: time,
            next: channel,
        },
        CascadeFinding::Waits {
            channel: StepChannel::Gateway(sms()),
            goal,
            until: time,
            next: channel,
        },
        CascadeFinding::LooksAgain { at: time },
    ]
}

fn waits() -> Vec<Waiting> {
    use ZoneSource::{AppDefault, Installation, NumberingPlan, Sender, UserAttribute, Utc};
    let sources = [
        Sender,
        Installation,
        UserAttribute,
        NumberingPlan,
        AppDefault,
        Utc,
    ];
    let zone = "Europe/Berlin".to_owned();
    let clocks = sources.map(|source| Waiting::Clock {
        zone: zone.clone(),
        source,
    });
    let until = at("22:02:00");
    let held = [
        HeldBy::SendAt,
        HeldBy::Window,
        HeldBy::QuietHours,
        HeldBy::Pace,
        HeldBy::Pause,
    ];
    let held = held.map(|by| Waiting::Held { by, until });
    let over = [Reason::OptoutAll, Reason::ExpiredWindow];
    let over = over.map(|reason| Waiting::Over { reason });
    let rest = [Waiting::EndsBefore { at: until }, Waiting::Due];
    clocks
        .into_iter()
        .chain(held)
        .chain(rest)
        .chain(over)
        .collect()
}

fn standings() -> Vec<Standing> {
    let time = at("22:02:00");
    let status = DeliveryStatus::Undelivered;
    let mut standings = vec![
        Standing::NoDevice,
        Standing::NoMeantDevice,
        Standing::ByConnectionOnly,
        Standing::WaitsForDevice { until: time },
        Standing::WaitsForConfirmation { until: time },
        Standing::Delivered { at: time },
        Standing::Read { at: time },
        Standing::Expired { at: time },
        Standing::Unconfirmed { at: time },
        Standing::Cancelled,
        Standing::RecalledUnsent,
        Standing::RecalledShown,
        Standing::Replaced,
        Standing::Ended {
            status,
            reason: None,
        },
        Standing::Late,
        Standing::DoubleContact,
    ];
    standings.extend(Engagement::ALL.map(Standing::Engaged));
    standings.extend(Reason::ALL.map(|reason| Standing::Ended {
        status: reason.end(),
        reason: Some(reason),
    }));
    standings
}

fn all() -> Vec<Statement> {
    let device = name(Some(Platform::Android), false);
    let several = name(Some(Platform::Windows), true);
    let mut all: Vec<_> = asked().into_iter().map(Statement::Asked).collect();
    all.extend(
        found()
            .into_iter()
            .map(|found| Statement::Device { device, found }),
    );
    all.extend(outcomes().into_iter().map(|outcome| Statement::Tried {
        place: Place::Device(several),
        channel: Channel::Fcm,
        provider: None,
        outcome,
    }));
    all.extend(outcomes().into_iter().map(|outcome| Statement::Tried {
        place: Place::Mailbox,
        channel: Channel::Email,
        provider: None,
        outcome,
    }));
    all.extend(outcomes().into_iter().map(|outcome| Statement::Tried {
        place: Place::Backend,
        channel: Channel::Webhook,
        provider: None,
        outcome,
    }));
    // Nothing is encrypted for a number or a chat.
    let outside = outcomes().into_iter().filter(|outcome| {
        use AttemptFinding::{AwaitsKey, Undecrypted};
        !matches!(outcome, AwaitsKey { .. } | Undecrypted { .. })
    });
    let passed_over = [true, false].map(|is_asked| AttemptFinding::PassedOver {
        reason: Reason::ProviderUnavailable,
        is_asked,
    });
    let outside = passed_over.into_iter().chain(outside);
    all.extend(outside.map(|outcome| Statement::Tried {
        place: Place::Gateway,
        channel: Channel::Gateway(sms()),
        provider: ProviderName::parse("backup").ok(),
        outcome,
    }));
    all.extend(cascade().into_iter().map(Statement::Cascade));
    all.extend(waits().into_iter().map(Statement::Waiting));
    all.extend(standings().into_iter().map(Statement::Standing));
    all
}

/// The sentences themselves: whoever changes one reads it here in both languages.
#[test]
fn every_sentence() {
    let times = Times::of_day(at("10:02:00"));
    let lines = all().into_iter().map(|said| {
        let code = said.meaning().code;
        format!(
            "{code}\n  {}\n  {}",
            english(&said, times),
            russian(&said, times)
        )
    });
    let lines: Vec<_> = lines.collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn each_statement_has_a_sentence_of_its_own_in_each_language() {
    let times = Times::of_day(at("10:02:00"));
    for say in [english, russian] {
        let sentences: Vec<_> = all().iter().map(|said| say(said, times)).collect();
        let different: BTreeSet<_> = sentences.iter().collect();
        assert_eq!(different.len(), sentences.len());
        for sentence in sentences {
            assert!(sentence.ends_with('.'), "{sentence}");
            assert!(!sentence.contains(['{', '}']), "{sentence}");
        }
    }
}

#[test]
fn a_language_is_not_mixed_with_the_other() {
    let times = Times::of_day(at("10:02:00"));
    let is_cyrillic = |letter: char| ('а'..='я').contains(&letter.to_lowercase().next().unwrap());
    for said in all() {
        let (english, russian) = (english(&said, times), russian(&said, times));
        assert!(!english.chars().any(is_cyrillic), "{english}");
        assert!(russian.chars().any(is_cyrillic), "{russian}");
        assert!(!russian.contains(" the "), "{russian}");
    }
}

#[test]
fn every_rule_is_explained_and_used() {
    let used: BTreeSet<_> = all().iter().map(|said| said.meaning().rule).collect();
    let rules: BTreeSet<_> = Rule::WORDS.iter().copied().collect();
    assert_eq!(used, rules);
    for say in [english_rule, russian_rule] {
        let texts: BTreeSet<_> = rules.iter().map(|rule| say(*rule)).collect();
        assert_eq!(texts.len(), rules.len());
    }
}

#[test]
fn a_program_is_given_the_evidence() {
    let said = Statement::Tried {
        place: Place::Device(name(None, false)),
        channel: Channel::Fcm,
        provider: None,
        outcome: AttemptFinding::Retrying {
            tries: 2,
            reason: Reason::ProviderThrottled,
            at: at("10:02:05"),
        },
    };
    let meaning = said.meaning();
    assert_eq!((meaning.code, meaning.rule), ("retrying", Rule::Repetition));
    let expected = Evidence {
        at: Some(at("10:02:05")),
        until: None,
        installation: Some(phone(7).installation),
        channel: Some(Channel::Fcm),
        provider: None,
        reason: Some(Reason::ProviderThrottled),
        tries: Some(2),
    };
    assert_eq!(meaning.evidence, expected);
}
