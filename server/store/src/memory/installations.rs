//! What installations report of themselves, and where they are connected.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestnik_model::{
    AppId, ImportOutcome, InstallationId, InstallationState, Open, PushAddress, UserId,
    contract::UpdateState, view::InstallationView,
};
use vestnik_rules::{
    address::{Stored, Upload, hash, upload},
    app_version::Build,
    device::primary,
    installation::{Reported, changes},
    session::Session,
};

use super::{
    MemoryStore, asking, decrypt,
    dispatch::wake,
    import,
    release::zone_seen_last,
    row::{AddressRow, InstallationRow, PresenceKey, PresenceRow},
    txn::Txn,
    world::World,
};
use crate::{
    Answer, Installations,
    installations::{Import, Presence, PresenceNote, TAKEN_OVER},
};

impl Installations for MemoryStore {
    fn put_state(
        &self,
        session: Session,
        state: InstallationState,
        now: Timestamp,
    ) -> Answer<'_, bool> {
        self.write(now, move |txn| {
            let before = Before::of(&txn.world, &session);
            let told = reported(&txn.world, &session);
            let Some(row) = txn.world.present(&session) else {
                return Ok(false);
            };
            let addresses = state.push_addresses;
            row.state = Some(InstallationState {
                push_addresses: Vec::new(),
                ..state
            });
            row.updated_at = now;
            let whose = (&session.app, session.installation);
            put_addresses(&mut txn.world, whose, addresses, now);
            decrypt::send_anew(txn, &session, now);
            before.note_changes(txn, &session, now);
            tell_changes(txn, &session, &told);
            Ok(true)
        })
    }

    fn update_state(
        &self,
        session: Session,
        update: UpdateState,
        now: Timestamp,
    ) -> Answer<'_, bool> {
        self.write(now, move |txn| {
            let before = Before::of(&txn.world, &session);
            let told = reported(&txn.world, &session);
            let Some(row) = txn.world.present(&session) else {
                return Ok(false);
            };
            let updated = updated(row.state.clone(), update);
            if row.state != updated {
                row.state = updated;
                row.updated_at = now;
            }
            before.note_changes(txn, &session, now);
            tell_changes(txn, &session, &told);
            Ok(true)
        })
    }

    fn import_addresses(&self, asked: Import) -> Answer<'_, Vec<ImportOutcome>> {
        self.write(asked.now, move |txn| {
            let addresses = asked.addresses.iter();
            let outcomes = addresses
                .map(|(user, address)| import::import_one(&mut txn.world, &asked, (user, address)));
            Ok(outcomes.collect())
        })
    }

    fn note_opened(&self, session: Session, at: Timestamp, now: Timestamp) -> Answer<'_, bool> {
        self.write(now, move |txn| {
            let former = primary(txn.world.candidates(&session.app, &session.user));
            let Some(row) = txn.world.present(&session) else {
                return Ok(false);
            };
            row.opened_at = row.opened_at.max(Some(at));
            let present = primary(txn.world.candidates(&session.app, &session.user));
            if present != former {
                look_anew(txn, &session, now);
                txn.tell_primary(&session.app, &session.user, former);
            }
            Ok(true)
        })
    }

    fn installation(
        &self,
        app: AppId,
        installation: InstallationId,
    ) -> Answer<'_, Option<InstallationView>> {
        self.read(move |world| {
            let row = world.installations.get(&(app.clone(), installation))?;
            view(world, &app, (installation, row))
        })
    }

    fn installations_of(&self, app: AppId, user: UserId) -> Answer<'_, Vec<InstallationView>> {
        self.read(move |world| {
            let sessions = world.sessions_of(&app, &user).into_iter();
            let views = sessions.filter_map(|session| view(world, &app, session));
            views.collect()
        })
    }

    fn note_presence(&self, notes: Vec<PresenceNote>) -> Answer<'_, ()> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            for note in notes {
                note_one(&mut txn.world, note);
            }
            Ok(())
        })
    }

    fn note_connected(&self, note: PresenceNote) -> Answer<'_, ()> {
        self.note_presence(vec![note])
    }

    fn presence(&self, app: AppId, user: UserId, now: Timestamp) -> Answer<'_, Vec<Presence>> {
        self.read(move |world| {
            let sessions = world.sessions_of(&app, &user);
            let standing = world.presence.iter().filter(|(key, row)| {
                let is_of_user = key.app == app && sessions.contains_key(&key.installation);
                is_of_user && row.lease_until > now
            });
            standing
                .map(|(key, row)| Presence {
                    installation: key.installation,
                    node: key.node.clone(),
                    last_seen: row.last_seen,
                })
                .collect()
        })
    }

    fn clear_presence(&self, node: String) -> Answer<'_, ()> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            txn.world.presence.retain(|key, _| key.node != node);
            Ok(())
        })
    }
}

/// What an installation reports of itself.
fn reported(world: &World, session: &Session) -> Reported {
    let key = (session.app.clone(), session.installation);
    let row = world.installations.get(&key);
    let addresses = addresses_of(world, &session.app, session.installation);
    let live = addresses.filter(|(_, row)| row.died_at.is_none());
    Reported {
        state: row.and_then(|row| row.state.clone()),
        addresses: live
            .map(|(kind, row)| (kind.to_owned(), row.hash))
            .collect(),
    }
}

/// The App's backend is told what an installation reports that it did not before.
fn tell_changes(txn: &mut Txn, session: &Session, before: &Reported) {
    for change in changes(before, &reported(&txn.world, session)) {
        let whose = (session.installation, &session.user);
        txn.tell_installation(&session.app, whose, change);
    }
}

/// Has what may be for other devices of a user now looked at anew, of what the end of their log is about.
pub(super) fn look_anew(txn: &mut Txn, session: &Session, now: Timestamp) {
    let Some(user) = txn.world.user_key(&session.app, &session.user) else {
        return;
    };
    let entries = txn.world.logs.range((user, 0)..=(user, u64::MAX));
    let newest = entries.rev().take(TAKEN_OVER as usize);
    let notifications: BTreeSet<_> = newest.map(|(_, row)| row.notification).collect();
    for notification in notifications {
        let Some(of) = txn.world.notifications.get(&notification) else {
            continue;
        };
        if let Some(row) = txn.world.deliveries.get_mut(&(notification, user))
            && of.wanted.is_asked_anew(row.state.status)
            && let Some(course) = &mut row.course
        {
            course.due_at = Some(now);
            wake(txn, notification);
        }
    }
}

fn view(
    world: &World,
    app: &AppId,
    (installation, row): (InstallationId, &InstallationRow),
) -> Option<InstallationView> {
    let user = row.user.clone()?;
    let addresses = addresses_of(world, app, installation);
    let addresses = addresses.filter_map(|(_, row)| row.address.clone());
    let push_addresses = addresses.collect();
    Some(InstallationView {
        id: installation,
        is_primary: primary(world.candidates(app, &user)) == Some(installation),
        user,
        state: row.state.clone().map(|state| InstallationState {
            push_addresses,
            ..state
        }),
        opened_at: row.opened_at,
        imported_at: row.imported_at,
        created_at: row.created_at,
        updated_at: row.updated_at.max(row.last_seen),
    })
}

/// The addresses of an installation, by the words of their kinds.
pub(super) fn addresses_of<'a>(
    world: &'a World,
    app: &'a AppId,
    installation: InstallationId,
) -> impl Iterator<Item = (&'a str, &'a AddressRow)> {
    let rows = world.addresses.iter();
    let its = rows.filter(move |((of, id, _), _)| of == app && *id == installation);
    its.map(|((_, _, kind), row)| (kind.as_str(), row))
}

/// Takes the whole set of an installation's addresses.
fn put_addresses(
    world: &mut World,
    (app, installation): (&AppId, InstallationId),
    addresses: Vec<PushAddress>,
    now: Timestamp,
) {
    let is_left = |kind: &str| {
        addresses
            .iter()
            .any(|address| address.kind.as_str() == kind)
    };
    world.addresses.retain(|(of, id, kind), row| {
        of != app || *id != installation || row.died_at.is_some() || is_left(kind)
    });
    for address in addresses {
        let kind = address.kind.as_str().to_owned();
        let key = (app.clone(), installation, kind);
        let hash = hash(&address);
        let row = world.addresses.get_mut(&key);
        let stored = row.as_ref().map(|row| Stored {
            hash: row.hash,
            died_at: row.died_at,
        });
        match (upload(stored, &hash, now), row) {
            (Upload::StayDead, _) => continue,
            (Upload::Refresh, Some(row)) => row.refreshed_at = now,
            (Upload::Refresh | Upload::Replace, _) => {
                let row = AddressRow {
                    hash,
                    address: Some(address),
                    refreshed_at: now,
                    died_at: None,
                };
                world.addresses.insert(key, row);
            }
        }
        import::take_over(world, (app, installation), &hash);
        // An address has one owner: whoever reported it last.
        world
            .addresses
            .retain(|(of, id, _), row| of != app || *id == installation || row.hash != hash);
    }
}

fn updated(state: Option<InstallationState>, update: UpdateState) -> Option<InstallationState> {
    if state.is_none() && update == UpdateState::default() {
        return None;
    }
    let UpdateState {
        permission,
        time_zone,
        locale,
        app_version,
        opened_seconds_ago: _,
    } = update;
    let state = state.unwrap_or_else(unknown_device);
    Some(InstallationState {
        permission: permission.unwrap_or_else(|| state.permission.clone()),
        time_zone: time_zone.or_else(|| state.time_zone.clone()),
        locale: locale.or_else(|| state.locale.clone()),
        app_version: app_version.or_else(|| state.app_version.clone()),
        ..state
    })
}

/// A device that reported parts of its state and never the whole.
fn unknown_device() -> InstallationState {
    InstallationState {
        platform: Open::read("unknown"),
        model: None,
        os_version: None,
        app_version: None,
        locale: None,
        time_zone: None,
        permission: Open::default(),
        envelope_key: None,
        push_addresses: Vec::new(),
    }
}

/// A note of a session that has ended meanwhile is dropped: ending it took its presence away.
fn note_one(world: &mut World, note: PresenceNote) {
    let PresenceNote {
        session,
        node,
        connection,
        lease_until,
        last_seen,
    } = note;
    let Some(row) = world.present(&session) else {
        return;
    };
    row.last_seen = row.last_seen.max(last_seen);
    let key = PresenceKey {
        app: session.app,
        installation: session.installation,
        node,
        connection,
    };
    match lease_until {
        Some(lease_until) => {
            let row = PresenceRow {
                lease_until,
                last_seen,
            };
            world.presence.insert(key, row);
        }
        None => {
            world.presence.remove(&key);
        }
    }
}

/// What others depend on of what an installation reports, before a report.
struct Before {
    zone: Option<String>,
    build: Build,
}

impl Before {
    fn of(world: &World, session: &Session) -> Self {
        let key = (session.app.clone(), session.installation);
        let row = world.installations.get(&key);
        Self {
            zone: zone_seen_last(world, &session.app, &session.user),
            build: row.map(InstallationRow::build).unwrap_or_default(),
        }
    }

    /// Asks anew about what waits for a user whose zone has changed, and looks anew at what may be for an
    /// installation whose app has.
    fn note_changes(self, txn: &mut Txn, session: &Session, now: Timestamp) {
        let Self { zone, build } = Self::of(&txn.world, session);
        if zone != self.zone {
            asking::of_user(txn, (&session.app, &session.user), now);
        }
        if build != self.build {
            look_anew(txn, session, now);
        }
    }
}
