//! Which channel proves what of a delivery.

use jiff::Timestamp;
use vestnik_model::{
    Channel, DeliveryState, GatewayName,
    publish::{Goal, Step},
};

/// What gateways reported of the messages of a delivery, which the delivery's own times do not tell from what its
/// devices confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reported {
    /// What each gateway proved, if it proved anything.
    gateways: Vec<(GatewayName, Goal)>,
    /// The most that a device proved.
    devices: Option<Goal>,
}

impl Reported {
    /// Nothing was reported by gateways: all that is proven is by devices.
    pub const NOTHING: Self = Self {
        gateways: Vec::new(),
        devices: None,
    };

    /// What is known of the attempts of a delivery: for each its channel, and when it was delivered and read.
    pub fn of(
        attempts: impl IntoIterator<Item = (Channel, Option<Timestamp>, Option<Timestamp>)>,
    ) -> Self {
        let mut known = Self::NOTHING;
        for (channel, delivered_at, read_at) in attempts {
            let proof = match (delivered_at, read_at) {
                (_, Some(_)) => Goal::Read,
                (Some(_), None) => Goal::Delivered,
                (None, None) => continue,
            };
            match channel.gateway() {
                Some(name) => known.gateways.push((name, proof)),
                None => known.devices = known.devices.max(Some(proof)),
            }
        }
        known
    }

    /// The same with what a device proves now.
    #[must_use]
    pub fn with_device(&self, proof: Option<Goal>) -> Self {
        Self {
            gateways: self.gateways.clone(),
            devices: self.devices.max(proof),
        }
    }

    /// Whether a step has reached its goal by what its own gateway reported, or by what devices confirmed. What another
    /// gateway reported is no proof of this step.
    pub(super) fn reaches(&self, state: &DeliveryState, step: &Step) -> bool {
        let goal = step.goal.max(Goal::Delivered);
        let is_by_devices = if self.gateways.is_empty() {
            match goal {
                Goal::Handed | Goal::Delivered => state.delivered_at.is_some(),
                Goal::Read => state.read_at.is_some(),
            }
        } else {
            self.devices.is_some_and(|proof| proof >= goal)
        };
        let own = step.channel.gateway();
        let mut gateways = self.gateways.iter();
        is_by_devices || gateways.any(|(name, proof)| own == Some(*name) && *proof >= goal)
    }
}
