//! Where gateways reach users, as a dispatch needs it.

use vestnik_model::{Channel, GatewayName};
use vestnik_rules::{
    attempt::kills,
    cascade::{Address, Target},
    gateway::{Known, Reaches, Recipient, Traits, gateways, looked_at},
};
use vestnik_store::dispatch::Tried;

use super::{
    super::{attempt, chat, dead_number, delivery::Key, phone_number},
    Desk, Lesson, Sending, Used,
};

/// A user's address at a gateway.
#[derive(Debug)]
pub(super) struct AtGateway {
    pub(super) gateway: GatewayName,
    /// What the App's account says of the gateway; `None` if it has none.
    pub(super) traits: Option<Traits>,
    pub(super) known: Option<Known>,
}

impl AtGateway {
    /// The address as a look sees it.
    pub(super) fn address(&self, attempts: &[attempt::Found]) -> Option<Address> {
        let target = Target::Gateway(self.gateway);
        let mut attempts = attempts.iter();
        let attempt = attempts.find(|found| found.target == target);
        let attempt = attempt.map(|found| &found.attempt);
        looked_at(self.gateway, self.traits, self.known.as_ref(), attempt)
    }
}

impl Sending {
    /// What the App's account with a gateway says of it.
    fn traits(&self, gateway: GatewayName) -> Option<Traits> {
        let provider = self.providers.get(&Channel::Gateway(gateway))?;
        provider.gateway
    }
}

impl Desk<'_> {
    /// Where the gateways of the cascade reach a user.
    pub(super) fn at_gateways(&self, key: Key) -> Result<Vec<AtGateway>, rusqlite::Error> {
        let gateways = gateways(&self.sending.steps).map(|gateway| self.at_gateway(key, gateway));
        gateways.collect()
    }

    pub(super) fn at_gateway(
        &self,
        key: Key,
        gateway: GatewayName,
    ) -> Result<AtGateway, rusqlite::Error> {
        let traits = self.sending.traits(gateway);
        let known = match traits.map(|traits| traits.reaches) {
            None => None,
            Some(Reaches::Phone) => self.number(key, gateway)?,
            Some(Reaches::Chat) => self.chat(key, gateway)?,
        };
        Ok(AtGateway {
            gateway,
            traits,
            known,
        })
    }

    fn number(&self, key: Key, gateway: GatewayName) -> Result<Option<Known>, rusqlite::Error> {
        let found = phone_number::get(self.db, (self.seal, self.unreadable), key.user)?;
        let Some(found) = found else {
            return Ok(None);
        };
        Ok(Some(Known {
            recipient: Recipient::Phone(found.number),
            set_at: found.set_at,
            died_at: dead_number::get(self.db, key.user, gateway)?,
        }))
    }

    fn chat(&self, key: Key, gateway: GatewayName) -> Result<Option<Known>, rusqlite::Error> {
        let found = chat::get(self.db, (self.seal, self.unreadable), key.user, gateway)?;
        Ok(found.map(|chat| Known {
            recipient: Recipient::Chat(chat.id),
            set_at: chat.set_at,
            died_at: chat.died_at,
        }))
    }

    /// What is known by now of the address at a gateway that a try could go to.
    pub(super) fn used_at_gateway(
        &self,
        (key, gateway): (Key, GatewayName),
        tried: &Tried,
    ) -> Result<Used, rusqlite::Error> {
        let at = self.at_gateway(key, gateway)?;
        let alive = at.known.filter(|known| known.died_at.is_none());
        let is_it = |known: &Known| known.recipient.hash() == tried.address;
        let dies =
            |known: &Known| is_it(known) && kills(&tried.outcome, known.set_at, tried.began_at);
        let lesson = alive.as_ref().filter(|known| dies(known)).zip(at.traits);
        Ok(Used {
            has_other: alive.as_ref().is_some_and(|known| !is_it(known)),
            lesson: lesson.map(|(_, traits)| Lesson::DeadAtGateway(gateway, traits.reaches)),
        })
    }

    /// Notes that the address of a user at a gateway is dead.
    pub(super) fn kill_at_gateway(
        &self,
        key: Key,
        gateway: GatewayName,
        reaches: Reaches,
    ) -> Result<(), rusqlite::Error> {
        match reaches {
            Reaches::Phone => dead_number::put(self.db, key.user, gateway, self.now),
            Reaches::Chat => chat::kill(self.db, key.user, gateway, self.now),
        }
    }
}
