//! Random hub messages, the same for the same seed.

use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Map, Value, json};
use vestnik_signalr::{
    message::{
        Ack, Arguments, CancelInvocation, Close, Completion, CompletionOutcome, Headers,
        Invocation, InvocationId, Message, Sequence, StreamInvocation, StreamItem,
    },
    payload::Payload,
    protocol::Protocol,
};

/// The deepest value.
const DEPTH: u32 = 3;
/// What texts are made of: what every writer has to escape or to count in bytes.
const LETTERS: [char; 16] = [
    'a', 'Z', '0', ' ', '"', '\\', '/', '\n', '\u{0}', '\u{1e}', '\u{7f}', 'é', 'я', '中',
    '\u{2028}', '👋',
];

/// Makes messages of one protocol.
pub(crate) struct Generator {
    random: StdRng,
    protocol: Protocol,
}

impl Generator {
    pub(crate) fn new(seed: u64, protocol: Protocol) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            protocol,
        }
    }

    pub(crate) fn message(&mut self) -> Message {
        match self.random.random_range(0..9) {
            0 => Message::Invocation(Invocation {
                invocation_id: self.flip().then(|| self.id()),
                target: self.text(1),
                arguments: self.arguments(),
                stream_ids: self.stream_ids(),
                headers: self.headers(),
            }),
            1 => Message::StreamItem(StreamItem {
                invocation_id: self.id(),
                item: self.payload(),
                headers: self.headers(),
            }),
            2 => Message::Completion(Completion {
                invocation_id: self.id(),
                outcome: self.outcome(),
                headers: self.headers(),
            }),
            3 => Message::StreamInvocation(StreamInvocation {
                invocation_id: self.id(),
                target: self.text(1),
                arguments: self.arguments(),
                stream_ids: self.stream_ids(),
                headers: self.headers(),
            }),
            4 => Message::CancelInvocation(CancelInvocation {
                invocation_id: self.id(),
                headers: self.headers(),
            }),
            5 => Message::Ping,
            6 => Message::Close(Close {
                error: self.flip().then(|| self.text(1)),
                allow_reconnect: self.flip(),
            }),
            7 => Message::Ack(Ack {
                sequence_id: self.sequence_id(),
            }),
            _ => Message::Sequence(Sequence {
                sequence_id: self.sequence_id(),
            }),
        }
    }

    fn flip(&mut self) -> bool {
        self.random.random()
    }

    /// Of every length in bits up to what JavaScript counts exactly.
    fn sequence_id(&mut self) -> u64 {
        let bits = self.random.random_range(0..53);
        self.random.next_u64() & ((1 << bits) - 1)
    }

    fn text(&mut self, least: usize) -> String {
        let length = self.random.random_range(least..40);
        let mut letter = || LETTERS[self.random.random_range(0..LETTERS.len())];
        (0..length).map(|_| letter()).collect()
    }

    fn id(&mut self) -> InvocationId {
        let text = self.text(1);
        InvocationId::new(text).expect("the text has a letter at least")
    }

    fn headers(&mut self) -> Headers {
        let count = self.random.random_range(0..3);
        (0..count).map(|_| (self.text(1), self.text(0))).collect()
    }

    fn stream_ids(&mut self) -> Vec<String> {
        let count = self.random.random_range(0..3);
        (0..count).map(|_| self.text(1)).collect()
    }

    fn arguments(&mut self) -> Arguments {
        let count = self.random.random_range(0..5);
        Arguments::new((0..count).map(|_| self.payload()).collect())
    }

    fn outcome(&mut self) -> CompletionOutcome {
        match self.random.random_range(0..3) {
            0 => CompletionOutcome::Void,
            1 => CompletionOutcome::Result(self.payload()),
            _ => CompletionOutcome::Error(self.text(1)),
        }
    }

    fn payload(&mut self) -> Payload {
        let value = self.value(DEPTH);
        Payload::write(self.protocol, &value).expect("every protocol holds what JSON holds")
    }

    fn value(&mut self, depth: u32) -> Value {
        let kinds = if depth == 0 { 5 } else { 7 };
        match self.random.random_range(0..kinds) {
            0 => Value::Null,
            1 => json!(self.flip()),
            2 => {
                let magnitude = self.sequence_id().cast_signed();
                json!(if self.flip() { magnitude } else { -magnitude })
            }
            3 => json!(f64::from(self.random.next_u32()) / 1_024.0),
            4 => json!(self.text(0)),
            5 => {
                let count = self.random.random_range(0..5);
                Value::Array((0..count).map(|_| self.value(depth - 1)).collect())
            }
            _ => {
                let count = self.random.random_range(0..5);
                let entry = |_| (self.text(1), self.value(depth - 1));
                Value::Object((0..count).map(entry).collect::<Map<_, _>>())
            }
        }
    }
}
