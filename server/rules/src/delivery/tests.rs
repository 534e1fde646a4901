use std::collections::BTreeMap;

use proptest::prelude::*;
use vestnik_model::{
    Count, Counter, Counts, Engagement, GatewayName,
    publish::{Goal, StepRequest},
};

use super::*;

fn counter(state: &DeliveryState) -> Counter {
    Slot::of(state).counter
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn after(events: &[Event]) -> DeliveryState {
    let advance = |state, event: &Event| advance(state, *event, at(1)).state;
    events.iter().fold(DeliveryState::pending(), advance)
}

const HANDED: Event = Event::HandedOver(Channel::Fcm);
const DELIVERED: Event = Event::Receipt(ReceiptKind::Delivered, Channel::Hub);
const READ: Event = Event::Receipt(ReceiptKind::Read, Channel::Hub);
const EXPIRED: Event = Event::Expired(Confirmation::Missing);
const PROOFS: [Confirmation; 3] = [
    Confirmation::Evident,
    Confirmation::Missing,
    Confirmation::Impossible,
];

/// The sender withdrew it, and nobody had come to end it before its time ran out.
#[test]
fn what_was_withdrawn_does_not_expire() {
    let withdrawn = |events: &[Event], proof| expire(after(events), true, proof, at(9)).state;
    for proof in PROOFS {
        assert_eq!(counter(&withdrawn(&[], proof)), Counter::Cancelled);
        let scheduled = expire(DeliveryState::scheduled(), true, proof, at(9)).state;
        assert_eq!(counter(&scheduled), Counter::Cancelled);
        let read = withdrawn(&[HANDED, READ], proof);
        assert_eq!(counter(&read), Counter::Read);
    }
    // What was handed over before is confirmed, or not, as ever.
    let missing = withdrawn(&[HANDED], Confirmation::Missing);
    assert_eq!(counter(&missing), Counter::Unconfirmed);
}

#[test]
fn what_runs_out_depends_on_how_far_it_came() {
    #[track_caller]
    fn check(events: &[Event], proof: Confirmation, expected: Counter) {
        let advanced = expire(after(events), false, proof, at(9));
        assert_eq!(counter(&advanced.state), expected);
        assert_eq!(
            advanced.moved.is_some(),
            counter(&after(events)) != expected
        );
    }
    for proof in PROOFS {
        check(&[], proof, Counter::Expired);
        check(&[HANDED, DELIVERED], proof, Counter::Delivered);
        check(&[READ], proof, Counter::Read);
        check(&[EXPIRED], proof, Counter::Expired);
        check(&[Event::Cancelled], proof, Counter::Cancelled);
    }
    check(&[HANDED], Confirmation::Evident, Counter::Delivered);
    check(&[HANDED], Confirmation::Missing, Counter::Unconfirmed);
    // A letter that was taken is all that is ever known of it.
    check(&[HANDED], Confirmation::Impossible, Counter::Sent);
    check(
        &[HANDED, EXPIRED],
        Confirmation::Evident,
        Counter::Unconfirmed,
    );
}

#[test]
fn only_what_waits_is_cancelled() {
    #[track_caller]
    fn check(events: &[Event], expected: Counter) {
        assert_eq!(counter(&cancel(after(events), at(9)).state), expected);
    }
    check(&[], Counter::Cancelled);
    check(&[HANDED], Counter::Sent);
    check(&[DELIVERED], Counter::Delivered);
    check(&[EXPIRED], Counter::Expired);
}

#[test]
fn a_device_beats_a_negative_end() {
    for end in [EXPIRED, Event::Cancelled] {
        let advanced = advance(after(&[end]), DELIVERED, at(9));
        assert!(advanced.state.late);
        assert_eq!(
            advanced.moved.map(|moved| moved.to.counter),
            Some(Counter::Delivered)
        );
    }
}

#[test]
fn a_repetition_changes_nothing() {
    let again = advance(after(&[HANDED, READ]), READ, at(1));
    assert_eq!((again.moved, again.is_changed), (None, false));
    // An engagement changes the row and no status.
    let engaged =
        |events: &[Event], kind| advance(after(events), Event::Receipt(kind, Channel::Hub), at(1));
    for kind in [ReceiptKind::Displayed, ReceiptKind::Dismissed] {
        let engaged = engaged(&[READ], kind);
        assert_eq!((engaged.moved, engaged.is_changed), (None, true));
    }
}

/// A person who opens it and then presses a button of it has clicked once.
#[test]
fn who_clicked_is_counted_once() {
    const CLICKED: Event = Event::Receipt(ReceiptKind::Clicked, Channel::Hub);
    const ACTIONED: Event = Event::Receipt(ReceiptKind::Actioned, Channel::Hub);
    const DISPLAYED: Event = Event::Receipt(ReceiptKind::Displayed, Channel::Hub);
    for (events, expected) in [
        (&[DISPLAYED][..], false),
        (&[CLICKED], true),
        (&[ACTIONED], true),
        (&[CLICKED, ACTIONED, CLICKED], true),
        (&[EXPIRED, CLICKED], true),
    ] {
        let mut deltas = Deltas::default();
        let mut state = DeliveryState::pending();
        deltas.add([Move::made(&state)]);
        for event in events {
            let advanced = advance(state, *event, at(1));
            deltas.add(advanced.moved);
            state = advanced.state;
        }
        let counts = deltas.applied_to(Counts::default()).unwrap();
        assert_eq!(counts.clicked, u64::from(expected), "{events:?}");
        assert_eq!(counts.late, u64::from(events[0] == EXPIRED), "{events:?}");
        // And it goes with its delivery.
        assert_eq!(Slot::of(&state).taken_from(counts), Some(Counts::default()));
    }
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        channels().prop_map(Event::HandedOver),
        (prop::sample::select(&ReceiptKind::ALL[..]), channels())
            .prop_map(|(kind, by)| Event::Receipt(kind, by)),
        proptest::sample::select(PROOFS.to_vec()).prop_map(Event::Expired),
        Just(Event::Cancelled),
        Just(Event::Retried),
    ]
}

/// Push with a goal, then a letter.
fn cascade(goal: Goal) -> Steps {
    let step = |channel, within_seconds| StepRequest {
        channel,
        wait_for: Some(goal),
        within_seconds,
        on_unproven: None,
    };
    Steps::from_stored(vec![
        step(StepChannel::Push, Some(60)),
        step(StepChannel::Email, None),
    ])
}

/// A letter took over, and a device confirms the push all the same.
#[test]
fn late_evidence_behind_a_letter_is_a_double_contact() {
    #[track_caller]
    fn check(goal: Goal, events: &[Event], is_mailed: bool, expected: bool) {
        let outside = taken(is_mailed);
        let (last, before) = events.split_last().unwrap();
        let advanced = advance(after(before), *last, at(9));
        let contacted = contacted(advanced, &cascade(goal), (outside, &Reported::NOTHING));
        assert_eq!(
            contacted.state.double_contact, expected,
            "{goal:?} {events:?}"
        );
        let is_new = |moved: Move| {
            let had = moved.from.is_some_and(|from| from.marks.is_double_contact);
            moved.to.marks.is_double_contact && !had
        };
        assert_eq!(contacted.moved.is_some_and(is_new), expected);
        // It is counted once.
        let again = advance(contacted.state, *last, at(10));
        let again = super::contacted(again, &cascade(goal), (outside, &Reported::NOTHING));
        assert!(!again.moved.is_some_and(is_new));
    }
    check(Goal::Delivered, &[HANDED, DELIVERED], true, true);
    check(Goal::Delivered, &[HANDED, READ], true, true);
    check(Goal::Handed, &[HANDED, DELIVERED], true, true);
    check(Goal::Read, &[HANDED, READ], true, true);
    // The answer of the SMTP server comes after the device's report.
    check(Goal::Delivered, &[HANDED, DELIVERED, HANDED], true, true);
    // The letter was sent because nobody had read it, and nobody has.
    check(Goal::Read, &[HANDED, DELIVERED], true, false);
    check(Goal::Delivered, &[HANDED], true, false);
    check(Goal::Delivered, &[HANDED, DELIVERED], false, false);
    let letter_only = Steps::from_stored(vec![StepRequest {
        channel: StepChannel::Email,
        wait_for: Some(Goal::Handed),
        within_seconds: None,
        on_unproven: None,
    }]);
    let advanced = advance(after(&[HANDED]), DELIVERED, at(9));
    assert!(
        !contacted(advanced, &letter_only, (taken(true), &Reported::NOTHING))
            .state
            .double_contact
    );
}

/// What took a delivery outside the user's devices, if a letter was.
const fn taken(is_mailed: bool) -> &'static [StepChannel] {
    if is_mailed {
        &[StepChannel::Email]
    } else {
        &[]
    }
}

/// Each step outside the devices is one too many only by those before it.
#[test]
fn what_the_backend_took_is_too_much_only_behind_a_step_that_was_reached() {
    let step = |channel, wait_for, within_seconds| StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven: None,
    };
    let steps = Steps::from_stored(vec![
        step(StepChannel::Webhook, Goal::Handed, Some(60)),
        step(StepChannel::Push, Goal::Delivered, Some(60)),
        step(StepChannel::Email, Goal::Handed, None),
    ]);
    let check = |event, outside: &[StepChannel], expected| {
        let advanced = advance(after(&[HANDED]), event, at(9));
        let contacted = contacted(advanced, &steps, (outside, &Reported::NOTHING));
        assert_eq!(
            contacted.state.double_contact, expected,
            "{event:?} {outside:?}"
        );
    };
    let (backend, letter) = (StepChannel::Webhook, StepChannel::Email);
    check(READ, &[backend], false);
    check(DELIVERED, &[letter], true);
    check(DELIVERED, &[backend, letter], true);
    check(HANDED, &[backend, letter], false);
    let delivered = after(&[HANDED, DELIVERED]);
    let is_superfluous =
        |channel| is_superfluous((&delivered, &Reported::NOTHING), &steps, channel);
    assert!(!is_superfluous(backend) && is_superfluous(letter));
}

/// A message by Telegram that is to be read, then one by SMS: what Telegram reports is no proof of the push before, and
/// what the SMS gateway reports of its own is none of Telegram.
#[test]
fn a_gateways_report_is_proof_of_its_own_step_only() {
    let [telegram, sms] = ["telegram", "sms"].map(|name| GatewayName::parse(name).unwrap());
    let step = |channel, wait_for, within_seconds| StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven: None,
    };
    let steps = Steps::from_stored(vec![
        step(StepChannel::Push, Goal::Delivered, Some(60)),
        step(StepChannel::Gateway(telegram), Goal::Read, Some(60)),
        step(StepChannel::Gateway(sms), Goal::Delivered, None),
    ]);
    let [at_telegram, at_sms] = [telegram, sms].map(Channel::Gateway);
    let phone = Channel::Fcm;
    let delivered = |channel| (channel, Some(at(5)), None);
    let read = |channel| (channel, Some(at(5)), Some(at(6)));
    let by_sms = StepChannel::Gateway(sms);
    let check = |events: &[Event], known: &[_], expected: bool| {
        let reported = Reported::of(known.iter().copied());
        let state = after(events);
        let is_superfluous = is_superfluous((&state, &reported), &steps, by_sms);
        assert_eq!(is_superfluous, expected, "{events:?} {known:?}");
    };
    check(&[HANDED, DELIVERED], &[delivered(at_telegram)], false);
    check(&[HANDED, READ], &[read(at_telegram)], true);
    check(&[HANDED, READ], &[read(at_sms)], false);
    check(&[HANDED, READ], &[read(at_sms), delivered(phone)], true);
    check(&[HANDED, DELIVERED], &[delivered(phone)], true);
    let proven_now = Reported::of([read(at_sms)]).with_device(Some(Goal::Delivered));
    assert!(is_superfluous(
        (&after(&[READ]), &proven_now),
        &steps,
        by_sms
    ));
}

fn sms() -> Channel {
    Channel::from_code("sms").unwrap()
}

fn channels() -> impl Strategy<Value = Channel> {
    prop_oneof![
        6 => prop::sample::select(&Channel::BUILT_IN[..]),
        1 => Just(sms()),
    ]
}

fn counted(states: &[DeliveryState]) -> Counts {
    let mut counts = Counts::default();
    for state in states {
        *counts.of(counter(state)) += 1;
        counts.late += u64::from(state.late);
        let used = [Engagement::Clicked, Engagement::Actioned];
        let is_used = used.iter().any(|used| state.engagement.contains(used));
        counts.clicked += u64::from(is_used);
        counts.double_contact += u64::from(state.double_contact);
    }
    counts
}

proptest! {
    /// Counters changed by the deltas of each commit are those of a recount.
    #[test]
    fn deltas_add_up_to_a_recount(
        commits in prop::collection::vec(prop::collection::vec((0..6_usize, events()), 0..8), 0..8)
    ) {
        let mut states = vec![DeliveryState::pending(); 6];
        let mut made = Deltas::default();
        made.add(states.iter().map(Move::made));
        let mut counts = made.applied_to(Counts::default()).unwrap();
        let mut by_channel = BTreeMap::<Channel, Counts>::new();
        for commit in commits {
            let mut deltas = Deltas::default();
            for (index, event) in commit {
                let advanced = advance(states[index].clone(), event, at(1));
                // Some have a letter that was taken.
                let advanced = contacted(advanced, &cascade(Goal::Delivered), (taken(index > 3), &Reported::NOTHING));
                prop_assert!(advanced.is_changed || advanced.moved.is_none());
                if index % 2 == 0 {
                    deltas.add(advanced.moved);
                } else {
                    let mut part = Deltas::default();
                    part.add(advanced.moved);
                    deltas.merge(&part);
                }
                states[index] = advanced.state;
            }
            let standing = |((count, _), _): &((Count, _), i64)| matches!(count, Count::Standing(_));
            let net: i64 = deltas.changes().filter(standing).map(|(_, change)| change).sum();
            prop_assert_eq!(net, 0);
            counts = deltas.applied_to(counts).unwrap();
            prop_assert_eq!(counts, counted(&states));
            for channel in Channel::BUILT_IN.into_iter().chain([sms()]) {
                let own = by_channel.entry(channel).or_default();
                *own = deltas.of_channel(channel).applied_to(*own).unwrap();
                let its = states.iter().filter(|state| state.channel == Some(channel));
                prop_assert_eq!(*own, counted(&its.cloned().collect::<Vec<_>>()));
            }
        }
    }
}

fn slot(counter: Counter) -> Slot {
    Slot {
        counter,
        channel: Some(Channel::Fcm),
        marks: Marks::default(),
    }
}

/// The last hand-over counts until a device confirms, and then the channel by which it got it.
#[test]
fn a_delivery_is_counted_by_the_channel_that_brought_it() {
    let by = |events: &[Event]| after(events).channel;
    let letter = Event::HandedOver(Channel::Email);
    assert_eq!(by(&[]), None);
    assert_eq!(by(&[EXPIRED]), None);
    assert_eq!(by(&[HANDED]), Some(Channel::Fcm));
    assert_eq!(by(&[HANDED, letter]), Some(Channel::Email));
    assert_eq!(by(&[HANDED, letter, DELIVERED]), Some(Channel::Hub));
    assert_eq!(by(&[DELIVERED, letter]), Some(Channel::Hub));
    let pushed = Event::Receipt(ReceiptKind::Read, Channel::Fcm);
    assert_eq!(by(&[DELIVERED, pushed]), Some(Channel::Hub));
    // It is told as no new status.
    let switched = advance(after(&[HANDED]), letter, at(9)).moved.unwrap();
    assert!(switched.stays() && switched.from != Some(switched.to));
    let mut deltas = Deltas::default();
    deltas.add([switched]);
    assert_eq!(deltas.reached().count(), 0);
}

#[test]
fn a_counter_never_falls_below_zero() {
    let mut deltas = Deltas::default();
    deltas.add([Move {
        from: Some(slot(Counter::Sent)),
        to: slot(Counter::Read),
    }]);
    assert_eq!(deltas.applied_to(Counts::default()), None);
    let reached: Vec<_> = deltas.reached().collect();
    assert_eq!(reached, [(DeliveryStatus::Read, 1)]);
    assert!(!deltas.is_empty() && Deltas::default().is_empty());
}
