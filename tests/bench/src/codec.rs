//! What one message costs to encode and to decode.

use std::{hint::black_box, time::Duration};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use vestnik_signalr::{
    framing::Deframer,
    json,
    message::{Arguments, CompletionOutcome, Message},
    payload::Payload,
    protocol::Protocol,
};

use crate::{clock, say, stat::Figures};

/// How much was allocated since the program began.
#[derive(Debug, Clone, Copy)]
pub struct Allocated {
    /// How often.
    pub count: usize,
    /// How many bytes.
    pub bytes: usize,
}

/// A message both ways in one protocol.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) protocol: String,
    pub(crate) message: String,
    pub(crate) encode: Cost,
    pub(crate) decode: Cost,
}

/// What one operation costs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) nanos: f64,
    /// Not told by every language.
    #[serde(default)]
    pub(crate) allocations: f64,
    pub(crate) bytes: f64,
}

impl Measured {
    pub(crate) fn place(&self) -> (&str, &str) {
        (&self.protocol, &self.message)
    }

    pub(crate) fn is_sound(&self) -> bool {
        let sound = |cost: &Cost| cost.nanos.is_finite() && cost.nanos > 0.0;
        sound(&self.encode) && sound(&self.decode)
    }
}

/// A message as its own JSON, the same for both languages.
#[derive(Debug, Deserialize)]
struct Sample {
    name: String,
    message: Box<RawValue>,
}

const SAMPLES: &str = include_str!("../peers/messages.json");

/// Longer than any sample.
const LIMIT: usize = 64 * 1024;

/// Measures every sample and prints a line of JSON for each.
///
/// `allocated` reads the program's counting allocator.
///
/// # Errors
/// A sample that our own codec does not take.
pub fn measure_codec(duration: Duration, allocated: fn() -> Allocated) -> Result<()> {
    let samples: Vec<Sample> = serde_json::from_str(SAMPLES)?;
    let meter = Meter {
        duration,
        allocated,
    };
    for sample in &samples {
        let message = json::decode(&sample.message.get().as_bytes().to_vec().into())?;
        let message = message.with_context(|| format!("{} is unknown", sample.name))?;
        for protocol in Protocol::ALL {
            let message = transcode(message.clone(), protocol)?;
            let line = meter.measure(protocol, &sample.name, &message);
            say::out(serde_json::to_string(&line)?);
        }
    }
    Ok(())
}

/// Measures one operation over and over.
pub(crate) struct Meter {
    pub(crate) duration: Duration,
    pub(crate) allocated: fn() -> Allocated,
}

impl Meter {
    fn measure(&self, protocol: Protocol, name: &str, message: &Message) -> Measured {
        let frame = protocol.encode(message);
        let mut deframer = Deframer::new(LIMIT);
        deframer.set_framing(protocol.framing());
        Measured {
            protocol: protocol.name().to_owned(),
            message: name.to_owned(),
            encode: self.cost(|| drop(black_box(protocol.encode(black_box(message))))),
            decode: self.cost(|| {
                deframer.push(black_box(&frame));
                for text in deframer.by_ref().flatten() {
                    drop(black_box(protocol.decode(&text)));
                }
            }),
        }
    }

    /// The median of several stretches of time.
    pub(crate) fn cost(&self, mut work: impl FnMut()) -> Cost {
        const STRETCHES: usize = 5;
        const TURN: u32 = 256;
        let mut nanos = Figures::default();
        for _ in 0..TURN {
            work();
        }
        let before = (self.allocated)();
        for _ in 0..TURN {
            work();
        }
        let after = (self.allocated)();
        for _ in 0..STRETCHES {
            let started = clock::thread_nanos();
            let mut turns = 0_u32;
            let spent = loop {
                for _ in 0..TURN {
                    work();
                }
                turns += 1;
                let spent = clock::thread_nanos() - started;
                if u128::from(spent) >= self.duration.as_nanos() {
                    break spent as f64;
                }
            };
            nanos.push(spent / f64::from(turns * TURN));
        }
        Cost {
            nanos: nanos.median().unwrap_or(f64::NAN),
            allocations: (after.count - before.count) as f64 / f64::from(TURN),
            bytes: (after.bytes - before.bytes) as f64 / f64::from(TURN),
        }
    }
}

/// The same message with its payloads written for another protocol.
fn transcode(mut message: Message, protocol: Protocol) -> Result<Message> {
    let write = |payload: &Payload| -> Result<Payload> {
        let value: serde_json::Value = payload.bind()?;
        Ok(Payload::write(protocol, &value)?)
    };
    let write_all = |arguments: &Arguments| -> Result<Arguments> {
        let payloads = arguments.as_slice().iter().map(write);
        Ok(Arguments::new(payloads.collect::<Result<_>>()?))
    };
    match &mut message {
        Message::Invocation(call) => call.arguments = write_all(&call.arguments)?,
        Message::StreamInvocation(call) => call.arguments = write_all(&call.arguments)?,
        Message::StreamItem(item) => item.item = write(&item.item)?,
        Message::Completion(end) => {
            if let CompletionOutcome::Result(result) = &mut end.outcome {
                *result = write(result)?;
            }
        }
        Message::CancelInvocation(_)
        | Message::Ping
        | Message::Close(_)
        | Message::Ack(_)
        | Message::Sequence(_) => {}
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_message_is_among_the_samples() {
        let samples: Vec<Sample> = serde_json::from_str(SAMPLES).unwrap();
        let mut kinds: Vec<u64> = samples
            .iter()
            .map(|sample| {
                let value: serde_json::Value = serde_json::from_str(sample.message.get()).unwrap();
                value["type"].as_u64().unwrap()
            })
            .collect();
        kinds.dedup();
        assert_eq!(kinds, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn a_message_has_a_cost_both_ways() {
        let meter = Meter {
            duration: Duration::ZERO,
            allocated: || Allocated { count: 0, bytes: 0 },
        };
        assert!(
            meter
                .measure(Protocol::Json, "Ping", &Message::Ping)
                .is_sound()
        );
    }
}
