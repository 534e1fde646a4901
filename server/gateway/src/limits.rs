//! How fast a gateway may be sent to.

use std::{
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};

use crate::{
    fault::Invalid,
    node::{Node, Object},
};

/// How many requests are in flight at a time if a descriptor does not say.
const IN_FLIGHT: NonZeroU16 = NonZeroU16::new(16).expect("it is not 0");

/// How fast a gateway may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most messages a second, to all recipients together; without it, as many as the gateway takes.
    pub per_second: Option<NonZeroU32>,
    /// How long to wait between two messages to one recipient.
    pub recipient_interval: Option<Duration>,
    /// The most requests in flight at a time.
    pub in_flight: NonZeroU16,
}

impl Limits {
    /// Reads the field `limits` of a descriptor.
    pub(crate) fn read(descriptor: &Object<'_>) -> Result<Self, Invalid> {
        let mut limits = Self {
            per_second: None,
            recipient_interval: None,
            in_flight: IN_FLIGHT,
        };
        let Some(node) = descriptor.get("limits") else {
            return Ok(limits);
        };
        let fields = node.object(&["per_second", "recipient_interval_ms", "in_flight"])?;
        limits.per_second = fields.map("per_second", per_second)?.flatten();
        let interval = fields.map("recipient_interval_ms", |node| node.number(1, 600_000))?;
        limits.recipient_interval = interval.map(Duration::from_millis);
        let in_flight = fields.map("in_flight", |node| node.number(1, 200))?;
        let in_flight = in_flight.and_then(|most| NonZeroU16::new(u16::try_from(most).ok()?));
        limits.in_flight = in_flight.unwrap_or(IN_FLIGHT);
        Ok(limits)
    }
}

pub(crate) fn per_second(node: &Node<'_>) -> Result<Option<NonZeroU32>, Invalid> {
    let most = node.number(1, 10_000)?;
    Ok(u32::try_from(most).ok().and_then(NonZeroU32::new))
}
