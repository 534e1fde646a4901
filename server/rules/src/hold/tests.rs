use jiff::SignedDuration;

use super::*;

fn now() -> Timestamp {
    "2026-11-28T09:00:00Z".parse().unwrap()
}

fn soon(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn free() -> Facts {
    Facts::free(soon(60))
}

fn waits(minutes: i64, by: Holder) -> Verdict {
    Verdict::Later {
        at: soon(minutes),
        by,
    }
}

/// Something that holds a delivery back.
struct Hold {
    name: &'static str,
    add: fn(&mut Facts),
    verdict: Verdict,
    yields_to_critical: bool,
}

impl Hold {
    const fn yielding(self) -> Self {
        Self {
            yields_to_critical: true,
            ..self
        }
    }

    fn added_to(&self, mut facts: Facts) -> Facts {
        (self.add)(&mut facts);
        facts
    }
}

const fn holding(name: &'static str, add: fn(&mut Facts), verdict: Verdict) -> Hold {
    Hold {
        name,
        add,
        verdict,
        yields_to_critical: false,
    }
}

/// Everything that holds a delivery back, in its order.
fn in_order() -> Vec<Hold> {
    use Verdict::{NextChannel, Over};
    let consent = Over(Reason::OptoutCategory);
    let block = NextChannel(Reason::BlockedApp);
    let deadline = Over(Reason::ExpiredDeadline);
    let expiry = Over(Reason::ExpiredTtl);
    let duplicate = Over(Reason::SuppressedDuplicate);
    let digest = waits(1, Holder::Digest);
    let cap = Over(Reason::SuppressedFrequencyCap);
    let window = waits(2, Holder::Schedule(HeldBy::Window));
    let reach = NextChannel(Reason::DeviceNoneActive);
    let channel = waits(3, Holder::ChannelOrder);
    let provider = waits(4, Holder::ProviderOrder);
    vec![
        holding("consent", |it| it.opt_out = Some(OptOut::Category), consent),
        holding("block", |it| it.block = Some(Block::App), block),
        holding("deadline", |it| it.deadline = Some(now()), deadline),
        holding("expiry", |it| it.expires_at = now(), expiry),
        holding("duplicate", |it| it.is_duplicate = true, duplicate),
        holding("digest", |it| it.digest_until = Some(soon(1)), digest).yielding(),
        holding("frequency cap", |it| it.is_capped = true, cap).yielding(),
        holding("window", |it| it.due = waiting(2), window),
        holding(
            "reachability",
            |it| it.unreachable = Some(Reason::DeviceNoneActive),
            reach,
        ),
        holding(
            "channel order",
            |it| it.earlier_channel_until = Some(soon(3)),
            channel,
        ),
        holding(
            "provider order",
            |it| it.provider_until = Some(soon(4)),
            provider,
        ),
    ]
}

fn waiting(minutes: i64) -> Due {
    Due::At {
        at: soon(minutes),
        by: HeldBy::Window,
    }
}

#[test]
fn of_two_things_that_hold_it_the_earlier_decides() {
    let all = in_order();
    for (index, first) in all.iter().enumerate() {
        assert_eq!(
            hold(&first.added_to(free()), now()),
            first.verdict,
            "{}",
            first.name
        );
        for second in &all[index + 1..] {
            let facts = second.added_to(first.added_to(free()));
            let pair = format!("{} and {}", first.name, second.name);
            assert_eq!(hold(&facts, now()), first.verdict, "{pair}");
            let critical = Facts {
                is_critical: true,
                ..facts
            };
            let holds = [first, second]
                .into_iter()
                .find(|hold| !hold.yields_to_critical);
            let expected = holds.map_or(Verdict::Go, |hold| hold.verdict);
            assert_eq!(hold(&critical, now()), expected, "critical: {pair}");
        }
    }
}

#[test]
fn all_at_once_are_told_one_after_the_other() {
    let all = in_order();
    for rest in 0..=all.len() {
        let facts = all[rest..]
            .iter()
            .fold(free(), |facts, hold| hold.added_to(facts));
        let expected = all.get(rest).map_or(Verdict::Go, |hold| hold.verdict);
        assert_eq!(hold(&facts, now()), expected);
    }
}

#[test]
fn a_time_that_has_passed_holds_nothing() {
    let passed = Some(now());
    let facts = Facts {
        digest_until: passed,
        earlier_channel_until: passed,
        provider_until: passed,
        deadline: Some(soon(1)),
        ..free()
    };
    assert_eq!(hold(&facts, now()), Verdict::Go);
}

#[test]
fn a_missed_schedule_ends_it() {
    for reason in [
        Reason::ExpiredWindow,
        Reason::ExpiredDeadline,
        Reason::SuppressedNoTimeZone,
    ] {
        let facts = Facts {
            due: Due::Missed(reason),
            ..free()
        };
        assert_eq!(hold(&facts, now()), Verdict::Over(reason));
    }
}

#[test]
fn each_opt_out_and_block_has_its_reason() {
    for (opt_out, reason) in [
        (OptOut::All, Reason::OptoutAll),
        (OptOut::Category, Reason::OptoutCategory),
        (OptOut::Topic, Reason::OptoutTopic),
    ] {
        let facts = Facts {
            opt_out: Some(opt_out),
            ..free()
        };
        assert_eq!(hold(&facts, now()), Verdict::Over(reason));
    }
    for (block, reason) in [
        (Block::Os, Reason::BlockedOs),
        (Block::App, Reason::BlockedApp),
        (Block::Channel, Reason::BlockedChannel),
    ] {
        let facts = Facts {
            block: Some(block),
            ..free()
        };
        assert_eq!(hold(&facts, now()), Verdict::NextChannel(reason));
    }
}

#[test]
fn a_device_that_may_show_nothing_says_why() {
    for (permission, block) in [
        (Permission::Denied, Some(Block::Os)),
        (Permission::SwitchedOff, Some(Block::App)),
        (Permission::Unknown, None),
        (Permission::NotAsked, None),
        (Permission::Granted, None),
        (Permission::Provisional, None),
    ] {
        assert_eq!(Block::of(permission), block, "{permission:?}");
    }
}
