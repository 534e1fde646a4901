//! Clients that hold a token rightly are never locked out: tabs that share one store and ask at once,
//! requests and answers that are lost, restored backups.

use super::*;

/// For how long a client waits for an answer, in seconds: half of the grace.
const PATIENCE: i64 = 30;
const TABS: usize = 3;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A tab reads the shared token and sends it.
    Send(usize),
    /// The server takes a tab's request; its answer may be lost.
    Take { tab: usize, is_lost: bool },
    /// A tab receives its answer and writes the token to the shared store.
    Receive(usize),
    /// A tab uses the access token that it finds in the shared store.
    Use,
    /// Time passes, in seconds.
    Wait(i64),
    /// The server remembers its state as a backup.
    BackUp,
    /// The server restarts from the backup; requests and answers on the way are lost.
    Restore,
}

fn steps(with_restores: bool) -> impl Strategy<Value = Vec<Step>> {
    let restores = if with_restores { 1 } else { 0 };
    let wait = prop_oneof![6 => 0..40_i64, 1 => 40..90_i64, 1 => Just(900_i64)];
    let step = prop_oneof![
        6 => (0..TABS).prop_map(Step::Send),
        6 => (0..TABS, prop::bool::weighted(0.3)).prop_map(|(tab, is_lost)| Step::Take { tab, is_lost }),
        6 => (0..TABS).prop_map(Step::Receive),
        3 => Just(Step::Use),
        4 => wait.prop_map(Step::Wait),
        restores => Just(Step::BackUp),
        restores => Just(Step::Restore),
    ];
    prop::collection::vec(step, 0..80)
}

/// Where a tab's exchange is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Idle,
    Sent { counter: u64, since: i64 },
    Answered { counter: u64, since: i64 },
}

struct World {
    server: Server,
    backup: Server,
    /// The counter of the token in the store that the tabs share.
    shared: u64,
    tabs: [Tab; TABS],
    now: i64,
}

impl World {
    fn new() -> Self {
        Self {
            server: Server::new(),
            backup: Server::new(),
            shared: 1,
            tabs: [Tab::Idle; TABS],
            now: 0,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send(tab) if self.tabs[tab] == Tab::Idle => {
                self.tabs[tab] = Tab::Sent {
                    counter: self.shared,
                    since: self.now,
                };
            }
            Step::Take { tab, is_lost } => self.take(tab, is_lost),
            Step::Receive(tab) => {
                if let Tab::Answered { counter, .. } = self.tabs[tab] {
                    self.shared = self.shared.max(counter);
                    self.tabs[tab] = Tab::Idle;
                }
            }
            Step::Use => self.server.see(self.shared),
            Step::Wait(seconds) => self.wait(seconds),
            Step::BackUp => self.backup = self.server.clone(),
            Step::Restore => {
                self.server = self.backup.clone();
                self.tabs = [Tab::Idle; TABS];
            }
            Step::Send(_) => {}
        }
    }

    fn take(&mut self, tab: usize, is_lost: bool) {
        let Tab::Sent { counter, since } = self.tabs[tab] else {
            return;
        };
        let presented = Presented {
            counter,
            is_secret_right: Some(true),
        };
        let given = self.server.exchange(presented, at(self.now));
        let counter = given.expect("an honest client was locked out");
        self.tabs[tab] = if is_lost {
            Tab::Idle
        } else {
            Tab::Answered { counter, since }
        };
    }

    /// A client gives up what took too long, and so does what carries its request.
    fn wait(&mut self, seconds: i64) {
        self.now += seconds;
        for tab in &mut self.tabs {
            if let Tab::Sent { since, .. } | Tab::Answered { since, .. } = *tab
                && self.now - since >= PATIENCE
            {
                *tab = Tab::Idle;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn tabs_and_lost_answers_do_no_harm(steps in steps(false)) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.step(step));
    }

    #[test]
    fn a_restored_backup_does_no_harm(steps in steps(true)) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.step(step));
    }
}

/// A client whose clock is wrong takes each access token for expired and asks again at once; beside it
/// another tab's requests arrive as late as its patience allows.
#[test]
fn a_wrong_clock_does_no_harm() {
    let mut server = Server::new();
    let mut newest = vec![1];
    for second in 0..1_000 {
        let sent_before = usize::try_from(second % PATIENCE).unwrap();
        let sent = newest[newest.len().saturating_sub(1 + sent_before)];
        let asked = [newest[newest.len() - 1], sent];
        let mut latest = asked[0];
        for counter in asked {
            let presented = Presented {
                counter,
                is_secret_right: None,
            };
            let given = server.exchange(presented, at(second)).expect("locked out");
            server.see(given);
            latest = latest.max(given);
        }
        newest.push(latest);
    }
    assert!(
        newest.pop() <= Some(2 + 1_000 / 60),
        "one step a minute at the most"
    );
}

#[test]
fn a_restored_backup_needs_the_secret_of_the_installation() {
    let (mut server, now) = (Server::new(), at(5_000));
    let ask = |server: &mut Server, is_secret_right| {
        server.exchange(
            Presented {
                counter: 7,
                is_secret_right,
            },
            now,
        )
    };
    assert_eq!(ask(&mut server, None), None);
    assert_eq!(ask(&mut server, Some(false)), None);
    assert_eq!(ask(&mut server, Some(true)), Some(8));
}
