//! A delivery with everything that a look depends on, loaded.

use std::sync::Arc;

use jiff::Timestamp;
use vestnik_model::{
    AppId, Channel, InstallationId, Notification, Open, Permission, PushAddress, UserId,
};
use vestnik_rules::{
    app_version::Build,
    cascade::{Address, Course, Device, Target, channel_of, preferred},
    delivery::Reported,
    hold::Block,
};
use vestnik_sqlite::value::uuid;
use vestnik_store::{contacts::Email, dispatch::Recipient, recipients::UserNumber};

use super::{
    super::{
        attempt, collapse,
        delivery::{self, Key},
        email_address, fact,
        installation::{build, envelope_key},
        presence, push_address, user,
    },
    Desk, Sending,
    gateway::AtGateway,
};
use crate::{
    sql::statements,
    value::{optional_time, optional_word, time},
};

statements! {
    /// Without statistics, which the store never makes, every installation of the App would be read.
    INSTALLATIONS = "SELECT id, permission, confirmed_epoch, confirmed_seq, state, locale, opened_at,
             last_seen_at, platform, app_version
         FROM installation INDEXED BY installation_by_user WHERE app = ?1 AND user = ?2";
}

/// A delivery with everything that a look depends on.
pub(super) struct Case {
    pub(super) key: Key,
    pub(super) name: UserId,
    pub(super) course: Course,
    pub(super) delivery: delivery::Found,
    pub(super) devices: Vec<Device>,
    pub(super) attempts: Vec<attempt::Found>,
    /// Where each device can be reached, and its key for envelopes.
    pub(super) reach: Vec<Reach>,
    /// Whether a later notification took its place.
    pub(super) gave_way: bool,
    /// Where the user gets e-mail.
    pub(super) email: Option<Email>,
    /// Where the gateways of the cascade reach the user.
    pub(super) gateways: Vec<AtGateway>,
    /// Whether the person deleted it from their history.
    pub(super) is_deleted: bool,
}

pub(super) struct Reach {
    pub(super) installation: InstallationId,
    pub(super) addresses: Vec<push_address::Found>,
    pub(super) envelope_key: Option<String>,
    pub(super) locale: Option<String>,
    /// How far it is known to have read the present log.
    pub(super) confirmed: Option<u64>,
}

/// An installation as its row says.
struct Row {
    id: InstallationId,
    blocked: Option<Block>,
    confirmed: Option<(u32, u64)>,
    envelope_key: Option<String>,
    locale: Option<String>,
    opened_at: Option<Timestamp>,
    last_seen_at: Timestamp,
    build: Build,
}

impl Desk<'_> {
    pub(super) fn case(
        &self,
        (key, course): (Key, Course),
    ) -> Result<Option<Case>, rusqlite::Error> {
        let read = self
            .unreadable
            .pass_over("delivery", delivery::find(self.db, key))?;
        let (Some(delivery), Some((head, name))) =
            (read.flatten(), user::find_row(self.db, key.user)?)
        else {
            return Ok(None);
        };
        let attempts = attempt::of_delivery(self.db, key, self.unreadable)?;
        let epoch = head.place(self.sending.epoch).epoch.0;
        let app = self.sending.app();
        let present = presence::of_user(self.db, app, &name, self.now)?;
        let (mut devices, mut reach) = (Vec::new(), Vec::new());
        for row in self.installations(app, &name)? {
            let addresses =
                push_address::of_installation(self.db, (self.seal, self.unreadable), app, row.id)?;
            let seen = present.iter().filter(|seen| seen.installation == row.id);
            let reported = attempts
                .iter()
                .any(|found| found.target.installation() == Some(row.id) && found.is_delivered());
            let has_reached = |(of, seq): (u32, u64)| {
                of == epoch && delivery.seq.is_some_and(|place| seq >= place)
            };
            devices.push(Device {
                installation: row.id,
                blocked: row.blocked.map(Block::reason),
                is_connected: seen.clone().next().is_some(),
                heard_at: seen.map(|seen| seen.last_seen).max(),
                opened_at: row.opened_at,
                last_seen_at: row.last_seen_at,
                build: row.build,
                has_it: reported || row.confirmed.is_some_and(has_reached),
                addresses: views(&self.sending, row.id, &addresses, &attempts),
            });
            reach.push(Reach {
                installation: row.id,
                addresses,
                envelope_key: row.envelope_key,
                locale: row.locale,
                confirmed: row
                    .confirmed
                    .filter(|(of, _)| *of == epoch)
                    .map(|(_, seq)| seq),
            });
        }
        let collapse_key = self.sending.found.collapse_key.as_deref();
        Ok(Some(Case {
            gave_way: collapse::gave_way(self.db, key, collapse_key)?,
            is_deleted: fact::is_deleted(self.db, key, &delivery.state)?,
            key,
            name,
            course,
            delivery,
            devices,
            attempts,
            reach,
            email: self.email(key)?,
            gateways: self.at_gateways(key)?,
        }))
    }

    /// Where a user gets e-mail. What cannot be opened is passed over: no letter is sent there.
    pub(super) fn email(&self, key: Key) -> Result<Option<Email>, rusqlite::Error> {
        email_address::get(self.db, (self.seal, self.unreadable), key.user)
    }

    fn installations(&self, app: &AppId, user: &UserId) -> Result<Vec<Row>, rusqlite::Error> {
        self.db
            .prepare_cached(INSTALLATIONS)?
            .query_map((app.as_str(), user.as_str()), |row| {
                let permission = optional_word::<Permission>(row, 1)?;
                let epoch: Option<u32> = row.get(2)?;
                let seq: Option<u64> = row.get(3)?;
                Ok(Row {
                    id: InstallationId::from_uuid(uuid(row, 0)?),
                    blocked: permission.and_then(Block::of),
                    confirmed: epoch.zip(seq),
                    envelope_key: envelope_key(row.get_ref(4)?.as_str_or_null()?),
                    locale: row.get(5)?,
                    opened_at: optional_time(row, 6)?,
                    last_seen_at: time(row, 7)?,
                    build: build(row, 8)?,
                })
            })?
            .collect()
    }
}

/// The addresses of an installation as a look sees them: those of services that the server knows.
fn views(
    sending: &Sending,
    installation: InstallationId,
    addresses: &[push_address::Found],
    attempts: &[attempt::Found],
) -> Vec<Address> {
    let known = addresses.iter().filter_map(|found| {
        let kind = Open::read(&found.kind);
        let channel = channel_of(kind.known()?)?;
        let target = Target::Device {
            installation,
            channel,
        };
        let attempt = attempts.iter().find(|attempt| attempt.target == target);
        Some(Address {
            channel,
            is_dead: found.died_at.is_some() || found.address.is_none(),
            has_provider: sending.providers.contains_key(&channel),
            attempt: attempt.map(|attempt| attempt.attempt.clone()),
        })
    });
    preferred(known.collect())
}

impl Case {
    /// Whether an installation has read its log up to a place.
    pub(super) fn has_reached(&self, installation: InstallationId, seq: u64) -> bool {
        let mut reach = self.reach.iter();
        let reach = reach.find(|reach| reach.installation == installation);
        let confirmed = reach.and_then(|reach| reach.confirmed);
        confirmed.is_some_and(|confirmed| confirmed >= seq)
    }

    /// What gateways reported of its messages.
    pub(super) fn reported(&self) -> Reported {
        let attempts = self.attempts.iter();
        Reported::of(
            attempts.map(|found| (found.target.channel(), found.proven_at(), found.read_at)),
        )
    }

    /// When the delivery expires.
    pub(super) fn expires_at(&self, sending: &Sending) -> Timestamp {
        self.delivery.expires_at.unwrap_or(sending.found.expires_at)
    }

    /// The notification as it is for this user: it may expire earlier for them.
    pub(super) fn content(&self, content: &Arc<Notification>) -> Arc<Notification> {
        let Some(expires_at) = self.delivery.expires_at else {
            return Arc::clone(content);
        };
        let mut own = Notification::clone(content);
        own.expires_at = expires_at;
        Arc::new(own)
    }

    /// The mailbox of the user as a look sees it.
    pub(super) fn mailbox(&self, sending: &Sending) -> Option<Address> {
        let email = self.email.as_ref()?;
        let mut attempts = self.attempts.iter();
        let attempt = attempts.find(|found| found.target == Target::Mailbox);
        Some(Address {
            channel: Channel::Email,
            is_dead: email.died_at.is_some(),
            has_provider: sending.providers.contains_key(&Channel::Email),
            attempt: attempt.map(|found| found.attempt.clone()),
        })
    }

    /// The App's backend as a look sees it.
    pub(super) fn backend(&self, sending: &Sending) -> Address {
        let mut attempts = self.attempts.iter();
        let attempt = attempts.find(|found| found.target == Target::Backend);
        Address {
            channel: Channel::Webhook,
            is_dead: false,
            has_provider: sending.providers.contains_key(&Channel::Webhook),
            attempt: attempt.map(|found| found.attempt.clone()),
        }
    }

    /// Where a try goes, unless the address is gone.
    pub(super) fn recipient(&self, target: Target) -> Option<Recipient> {
        match target {
            Target::Device {
                installation,
                channel,
            } => {
                let (address, reach) = self.address(installation, channel)?;
                Some(Recipient::Device {
                    installation,
                    address,
                    envelope_key: reach.envelope_key.clone(),
                    locale: reach.locale.clone(),
                })
            }
            Target::Mailbox => {
                let email = self.email.as_ref()?;
                let address = email.address.clone();
                email.died_at.is_none().then_some(Recipient::Mailbox {
                    address,
                    number: UserNumber(self.key.user),
                })
            }
            Target::Backend => Some(Recipient::Backend),
            Target::Gateway(gateway) => {
                let mut gateways = self.gateways.iter();
                let at = gateways.find(|at| at.gateway == gateway)?;
                let known = at.known.as_ref()?;
                known.died_at.is_none().then(|| Recipient::Gateway {
                    gateway,
                    to: known.recipient.clone(),
                })
            }
        }
    }

    /// The address of an installation at a service, with its key for envelopes.
    fn address(
        &self,
        installation: InstallationId,
        channel: Channel,
    ) -> Option<(PushAddress, &Reach)> {
        let mut reach = self.reach.iter();
        let reach = reach.find(|reach| reach.installation == installation)?;
        let found = reach.addresses.iter();
        let mut addresses = found.filter_map(|found| found.address.as_ref());
        let address =
            addresses.find(|address| address.kind.known().and_then(channel_of) == Some(channel))?;
        Some((address.clone(), reach))
    }
}
