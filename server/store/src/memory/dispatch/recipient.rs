//! Where tries go.

use vestnik_model::{AppId, Channel, InstallationId, Open};
use vestnik_rules::{
    address::hash_email,
    cascade::{Target, channel_of},
};

use super::super::{
    gateways,
    installations::addresses_of,
    row::{AddressRow, UserKey},
    world::World,
};
use crate::{
    dispatch::{Recipient, Tried},
    recipients::UserNumber,
};

/// Where a try goes, unless the address is gone.
pub(in super::super) fn recipient(
    world: &World,
    (app, user): (&AppId, UserKey),
    target: Target,
) -> Option<Recipient> {
    match target {
        Target::Device {
            installation,
            channel,
        } => {
            let mut addresses = live_addresses(world, (app, installation), channel);
            let address = addresses.next()?.1.address.clone()?;
            let session = world.installations.get(&(app.clone(), installation));
            let state = session.and_then(|row| row.state.clone());
            Some(Recipient::Device {
                installation,
                address,
                envelope_key: state.as_ref().and_then(|state| state.envelope_key.clone()),
                locale: state.and_then(|state| state.locale),
            })
        }
        Target::Mailbox => {
            let email = world.emails.get(&user)?;
            let address = email.address.clone();
            email.died_at.is_none().then_some(Recipient::Mailbox {
                address,
                number: UserNumber(user),
            })
        }
        Target::Backend => Some(Recipient::Backend),
        Target::Gateway(gateway) => {
            let traits = gateways::traits(world, app, gateway)?;
            let known = gateways::known(world, (traits, user), gateway)?;
            known.died_at.is_none().then_some(Recipient::Gateway {
                gateway,
                to: known.recipient,
            })
        }
    }
}

/// The addresses of an installation at a service that are alive.
fn live_addresses<'a>(
    world: &'a World,
    (app, installation): (&'a AppId, InstallationId),
    channel: Channel,
) -> impl Iterator<Item = (&'a str, &'a AddressRow)> {
    addresses_of(world, app, installation).filter(move |(kind, row)| {
        let of = Open::read(kind).known().and_then(channel_of);
        of == Some(channel) && row.address.is_some()
    })
}

/// Whether there is an address by now that the try did not go to.
pub(super) fn has_other(world: &World, (app, user): (&AppId, UserKey), tried: &Tried) -> bool {
    match tried.target {
        Target::Device {
            installation,
            channel,
        } => {
            let mut others = live_addresses(world, (app, installation), channel);
            others.any(|(_, row)| row.hash != tried.address)
        }
        Target::Mailbox => world.emails.get(&user).is_some_and(|email| {
            email.died_at.is_none() && hash_email(&email.address) != tried.address
        }),
        Target::Gateway(gateway) => {
            let traits = gateways::traits(world, app, gateway);
            let known = traits.and_then(|of| gateways::known(world, (of, user), gateway));
            known.is_some_and(|known| {
                known.died_at.is_none() && known.recipient.hash() != tried.address
            })
        }
        Target::Backend => false,
    }
}
