//! The windows by themselves, and two ends over a line that is cut anywhere.

use proptest::prelude::*;

use super::*;

#[expect(
    clippy::disallowed_methods,
    reason = "virtual time has to begin somewhere"
)]
fn start() -> Instant {
    Instant::now()
}

fn frame(number: u64) -> Bytes {
    Bytes::from(number.to_string())
}

#[test]
fn what_is_confirmed_is_let_go_and_the_rest_repeated() {
    let mut window = SendWindow::new(3);
    assert_eq!(window.sequence().sequence_id, 1);
    for number in 1..=4 {
        assert!(!window.is_full(), "{number}");
        window.push(frame(number));
    }
    assert!(window.is_full());
    window.on_ack(Ack { sequence_id: 3 }).unwrap();
    assert!(!window.is_full());
    window.on_ack(Ack { sequence_id: 2 }).unwrap();
    assert_eq!(window.sequence().sequence_id, 4);
    assert_eq!(window.unconfirmed().collect::<Vec<_>>(), ["4"]);
    let never = window.on_ack(Ack { sequence_id: 5 });
    assert_eq!(never, Err(ResumeError::NeverSent));
    window.on_ack(Ack { sequence_id: 4 }).unwrap();
    assert_eq!(window.sequence().sequence_id, 5);
}

#[test]
fn repeated_messages_are_passed_over_and_a_gap_is_an_error() {
    let now = start();
    let mut window = ReceiveWindow::default();
    assert!(window.admit(now) && window.admit(now));
    window.on_sequence(Sequence { sequence_id: 2 }).unwrap();
    assert!(!window.admit(now));
    assert!(window.admit(now));
    for (sequence_id, error) in [(0, ResumeError::Zero), (5, ResumeError::Gap)] {
        assert_eq!(window.on_sequence(Sequence { sequence_id }), Err(error));
    }
    assert_eq!(window.on_sequence(Sequence { sequence_id: 4 }), Ok(()));
}

#[test]
fn acks_wait_for_company_and_are_not_repeated_for_nothing() {
    let now = start();
    let mut window = ReceiveWindow::default();
    assert_eq!((window.deadline(), window.take_ack(now)), (None, None));
    window.admit(now);
    window.admit(now + ACK_DELAY / 2);
    let due = window.deadline().unwrap();
    assert_eq!(due, now + ACK_DELAY);
    assert_eq!(window.take_ack(now), None);
    assert_eq!(window.take_ack(due), Some(Ack { sequence_id: 2 }));
    assert_eq!((window.deadline(), window.take_ack(due)), (None, None));
    // The peer repeats what we confirmed: the ack was lost with the socket.
    window.on_sequence(Sequence { sequence_id: 1 }).unwrap();
    assert!(!window.admit(due));
    assert_eq!(
        window.take_ack(due + ACK_DELAY),
        Some(Ack { sequence_id: 2 })
    );
}

#[derive(Debug, Clone)]
enum Step {
    Send,
    /// So many of the messages under way arrive.
    Arrive(usize),
    Ack,
    /// What is under way is lost, and a new socket is opened.
    Cut,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Send),
        3 => (1..4_usize).prop_map(Step::Arrive),
        1 => Just(Step::Ack),
        1 => Just(Step::Cut),
    ]
}

/// One direction of a connection.
struct Line {
    now: Instant,
    sender: SendWindow,
    receiver: ReceiveWindow,
    under_way: VecDeque<Bytes>,
    sent: u64,
    arrived: Vec<Bytes>,
}

impl Line {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Send if self.sender.is_full() => {}
            Step::Send => {
                self.sent += 1;
                self.sender.push(frame(self.sent));
                self.under_way.push_back(frame(self.sent));
            }
            Step::Arrive(count) => {
                let count = (*count).min(self.under_way.len());
                for frame in self.under_way.drain(..count) {
                    if self.receiver.admit(self.now) {
                        self.arrived.push(frame);
                    }
                }
            }
            Step::Ack => {
                self.now += ACK_DELAY;
                if let Some(ack) = self.receiver.take_ack(self.now) {
                    self.sender.on_ack(ack).unwrap();
                }
            }
            Step::Cut => {
                self.under_way = self.sender.unconfirmed().cloned().collect();
                self.receiver.on_sequence(self.sender.sequence()).unwrap();
            }
        }
    }
}

proptest! {
    #[test]
    fn over_any_cuts_everything_arrives_once_and_in_order(steps in prop::collection::vec(step(), 0..200)) {
        let mut line = Line {
            now: start(),
            sender: SendWindow::new(20),
            receiver: ReceiveWindow::default(),
            under_way: VecDeque::new(),
            sent: 0,
            arrived: Vec::new(),
        };
        for step in steps.iter().chain(&[Step::Cut, Step::Arrive(usize::MAX)]) {
            line.take(step);
        }
        let expected: Vec<_> = (1..=line.sent).map(frame).collect();
        prop_assert_eq!(line.arrived, expected);
    }
}
