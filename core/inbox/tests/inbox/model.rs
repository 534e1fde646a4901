//! The inbox beside a reference model: the same random steps, the same outcome after each.

mod reference;

use proptest::prelude::*;
use serde_json::json;
use vestnik_inbox::{Payload, Settled, ShowState, Suppression};
use vestnik_model::{FactId, FactRefusal, FactResult, Reported};

use self::reference::{Flag, Reference, Show};
use super::world::{World, anna, arrival, at, content, flag, id, recall};

/// How many notifications there are.
const ALL: u64 = 6;

/// What happens. A number is that of a notification.
#[derive(Debug, Clone)]
enum Step {
    Come(Come),
    Act(Act),
    Show(Turn),
    Pass(i64),
    /// A report goes out and is answered; the server may refuse its first fact.
    Report(bool),
    Prune(u32),
}

/// What comes from elsewhere.
#[derive(Debug, Clone)]
enum Come {
    /// By the log: its revision, and whether it was read elsewhere.
    Arrive(u64, u32, bool),
    /// By a push service.
    Push(u64),
    Recall(u64),
    /// A flag, with a version.
    Flag(u64, Flag, bool, u64),
}

/// What the person does.
#[derive(Debug, Clone)]
enum Act {
    Set(u64, Flag, bool),
    AllRead,
    Click(u64),
    Dismiss(u64),
}

/// What the shell does.
#[derive(Debug, Clone)]
enum Turn {
    Take,
    Settle(u64, Settled),
    Return(u64),
    Restart,
}

fn flags() -> impl Strategy<Value = Flag> {
    prop_oneof![Just(Flag::Read), Just(Flag::Archived), Just(Flag::Deleted)]
}

fn come() -> impl Strategy<Value = Come> {
    let number = 1..=ALL;
    prop_oneof![
        8 => (number.clone(), 0..3_u32, prop::bool::weighted(0.1))
            .prop_map(|(number, revision, read)| Come::Arrive(number, revision, read)),
        2 => number.clone().prop_map(Come::Push),
        1 => number.clone().prop_map(Come::Recall),
        3 => (number, flags(), any::<bool>(), 0..4_u64)
            .prop_map(|(number, flag, value, version)| Come::Flag(number, flag, value, version)),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let number = 1..=ALL;
    prop_oneof![
        4 => (number.clone(), flags(), any::<bool>())
            .prop_map(|(number, flag, value)| Act::Set(number, flag, value)),
        1 => Just(Act::AllRead),
        1 => number.clone().prop_map(Act::Click),
        1 => number.prop_map(Act::Dismiss),
    ]
}

fn turn() -> impl Strategy<Value = Turn> {
    let number = 1..=ALL;
    let settled = prop_oneof![
        4 => Just(Settled::Shown),
        3 => Just(Settled::Failed("toast.refused".to_owned())),
        1 => Just(Settled::Suppressed(Suppression::BlockedOs)),
    ];
    prop_oneof![
        8 => Just(Turn::Take),
        8 => (number.clone(), settled).prop_map(|(number, settled)| Turn::Settle(number, settled)),
        1 => number.prop_map(Turn::Return),
        2 => Just(Turn::Restart),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        14 => come().prop_map(Step::Come),
        7 => act().prop_map(Step::Act),
        19 => turn().prop_map(Step::Show),
        4 => prop::sample::select(vec![1, 10, 400, 2_000, 30_000]).prop_map(Step::Pass),
        2 => any::<bool>().prop_map(Step::Report),
        1 => (1..4_u32).prop_map(Step::Prune),
    ]
}

/// The world and its reference.
struct Pair {
    world: World,
    reference: Reference,
}

impl Pair {
    fn perform(&mut self, step: &Step) {
        match step {
            Step::Come(come) => self.come(come),
            Step::Act(act) => self.act(act),
            Step::Show(turn) => self.show(turn),
            Step::Pass(seconds) => {
                self.world.pass(*seconds);
                self.reference.now += seconds;
            }
            Step::Report(refuses) => self.report(*refuses),
            Step::Prune(keep) => {
                self.world.write(|inbox| inbox.prune(*keep));
                self.reference.prune(*keep);
            }
        }
    }

    fn come(&mut self, come: &Come) {
        let Self { world, reference } = self;
        match come {
            Come::Arrive(number, revision, is_read) => {
                let expires_at = at(reference::expires(*number));
                let more = json!({"revision": revision, "expiresAt": expires_at});
                let read_at = is_read.then_some(world.now);
                world.page(vec![arrival(&content(*number, more), read_at)]);
                reference.arrive(*number, *revision, *is_read, false);
            }
            Come::Push(number) => {
                let more = json!({"expiresAt": at(reference::expires(*number))});
                let payload = Payload::new(Some(anna()), content(*number, more));
                world.write(|inbox| inbox.handle_push(&payload)).unwrap();
                reference.arrive(*number, 0, false, true);
            }
            Come::Recall(number) => {
                world.page(vec![recall(*number)]);
                reference.recall(*number);
            }
            Come::Flag(number, one, value, version) => {
                // Around the versions that the person's changes have.
                let version = u64::try_from(world.now.as_millisecond()).unwrap() - 2 + version;
                world.page(vec![flag(*number, one.word(), *value, version)]);
                reference.elsewhere(*number, *one, (version, *value));
            }
        }
    }

    fn act(&mut self, act: &Act) {
        let Self { world, reference } = self;
        match act {
            Act::Set(number, one, value) => {
                let ids = [id(*number)];
                let changed = world.write(|inbox| match (one, value) {
                    (Flag::Read, true) => inbox.mark_read(&ids),
                    (Flag::Read, false) => inbox.mark_unread(&ids),
                    (Flag::Archived, _) => inbox.archive(&ids, *value),
                    (Flag::Deleted, _) => inbox.delete(&ids, *value),
                });
                assert_eq!(!changed.is_empty(), reference.set(*number, *one, *value));
            }
            Act::AllRead => {
                let changed = world.write(|inbox| inbox.mark_all_read(None));
                assert_eq!(changed, reference.all_read());
            }
            Act::Click(number) => {
                let known = world.write(|inbox| inbox.clicked(id(*number)));
                assert_eq!(known, reference.click(*number));
            }
            Act::Dismiss(number) => {
                let known = world.write(|inbox| inbox.dismissed(id(*number)));
                assert_eq!(known, reference.dismiss(*number));
            }
        }
    }

    fn show(&mut self, turn: &Turn) {
        let Self { world, reference } = self;
        match turn {
            Turn::Take => {
                let taken = world.take();
                let taken = taken.map(|taken| (taken.id(), taken.again, taken.attempt));
                let expected = reference.take();
                let expected = expected.map(|(number, again, count)| (id(number), again, count));
                assert_eq!(taken, expected);
            }
            Turn::Settle(number, settled) => {
                let revision = reference.drawn_revision(*number);
                let was_out =
                    world.write(|inbox| inbox.settle_show(id(*number), revision, settled));
                assert_eq!(was_out, reference.settle(*number, settled));
            }
            Turn::Return(number) => {
                let was_out = world.write(|inbox| inbox.return_show(id(*number)));
                assert_eq!(was_out, reference.give_back(*number));
            }
            Turn::Restart => {
                world.restart();
                reference.restart();
            }
        }
    }

    fn report(&mut self, refuses: bool) {
        let batch = self.world.outbox();
        let mut results: Vec<_> = batch
            .facts
            .iter()
            .map(|one| FactResult::taken(&FactId::parse(&one.fact.id).unwrap(), true))
            .collect();
        if refuses && let Some(first) = results.first_mut() {
            *first = FactResult::refused(first.id.clone(), FactRefusal::UnknownNotification);
        }
        let answer = Reported { results };
        self.world.write(|inbox| inbox.answered(&batch, &answer));
        self.reference.facts.clear();
    }

    fn compare(&mut self) {
        let Self { world, reference } = self;
        assert_eq!(world.ids(), reference.listed().map(id).collect::<Vec<_>>());
        assert_eq!(world.unread(), reference.unread());
        for number in 1..=ALL {
            let item = world.read(|history| history.get(id(number)));
            let show = item.as_ref().map(|item| item.show);
            assert_eq!(show, reference.show(number).map(state), "{number}");
        }
        let mut facts: Vec<_> = world
            .facts()
            .into_iter()
            .map(|fact| (fact.kind.as_str().to_owned(), fact.notification_id))
            .collect();
        let mut expected: Vec<_> = reference
            .facts
            .iter()
            .map(|(kind, number)| {
                (
                    (*kind).to_owned(),
                    number.map(|number| id(number).to_string()),
                )
            })
            .collect();
        facts.sort();
        expected.sort();
        assert_eq!(facts, expected);
        let waiting = world.read(|history| history.facts_waiting());
        assert_eq!(waiting, expected.len() as u64);
    }
}

fn state(show: Show) -> ShowState {
    match show {
        Show::Due => ShowState::Due,
        Show::Taken => ShowState::Taken,
        Show::Shown => ShowState::Shown,
        Show::Suppressed(reason) => ShowState::Suppressed(Some(reason)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_inbox_does_what_its_reference_does(steps in prop::collection::vec(step(), 1..40)) {
        let mut pair = Pair {
            world: World::new(),
            reference: Reference::new(),
        };
        pair.world.pass(pair.reference.now);
        for step in &steps {
            pair.perform(step);
            pair.compare();
        }
        // A toast appears twice only if it said so, or if its content was replaced while it was drawn.
        prop_assert!(pair.reference.drawn.values().all(|count| *count <= 1));
    }
}
