//! What installations report of themselves, and where they are connected.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{
    AppId, ImportOutcome, InstallationId, InstallationState, UserId, contract::UpdateState,
    view::InstallationView,
};
use vestnik_rules::{
    app_version::Build,
    device::primary,
    installation::{Reported, changes},
    session::Session,
};
use vestnik_sqlite::Priority::{Mass, Urgent};
use vestnik_store::{
    Answer, Installations,
    installations::{Import, Presence, PresenceNote, TAKEN_OVER},
};

use crate::{
    SqliteStore,
    seal::Seal,
    store::Class::{Hot, List},
    table::{
        Txn, asking, calendar::zone_seen_last, decrypt, delivery, dispatch, import, installation,
        notification, presence, present, push_address, told, user,
    },
    value::Unreadable,
};

impl Installations for SqliteStore {
    fn put_state(
        &self,
        session: Session,
        state: InstallationState,
        now: Timestamp,
    ) -> Answer<'_, bool> {
        let with = (self.seal(), self.unreadable());
        self.write(Urgent, move |txn| {
            let is_present = present::is_present(txn, &session)?;
            if is_present {
                let before = Before::of(txn, &session)?;
                let told = reported(txn, &session)?;
                installation::put_state(txn, &session, &state, now)?;
                before.note_changes(txn, &session, now)?;
                let whose = (&session.app, session.installation);
                push_address::put_all(txn, &with.0, whose, &state.push_addresses, now)?;
                tell_changes(txn, &session, &told, now)?;
                for subject in decrypt::send_anew(txn, &session, &with.1, now)? {
                    dispatch::wake(txn, &subject, now)?;
                }
            }
            Ok(is_present)
        })
    }

    /// Devices send this at each greeting; most of them change nothing and never wait for the thread
    /// that writes.
    fn update_state(
        &self,
        session: Session,
        update: UpdateState,
        now: Timestamp,
    ) -> Answer<'_, bool> {
        Box::pin(async move {
            let (asked, of) = (update.clone(), session.clone());
            let known = self.read(Hot, move |db| {
                let is_present = present::is_present(db, &of)?;
                Ok((
                    is_present,
                    is_present && installation::is_changed_by(db, &of, &asked)?,
                ))
            });
            match known.await? {
                (is_present, false) => Ok(is_present),
                (_, true) => {
                    self.write(Urgent, move |txn| update_in(txn, &session, &update, now))
                        .await
                }
            }
        })
    }

    fn import_addresses(&self, asked: Import) -> Answer<'_, Vec<ImportOutcome>> {
        let seal = self.seal();
        self.write(Mass, move |txn| import::import_all(txn, &seal, &asked))
    }

    fn note_opened(&self, session: Session, at: Timestamp, now: Timestamp) -> Answer<'_, bool> {
        self.write(Urgent, move |txn| note_opened(txn, &session, at, now))
    }

    fn installation(
        &self,
        app: AppId,
        installation: InstallationId,
    ) -> Answer<'_, Option<InstallationView>> {
        let (seal, unreadable) = (self.seal(), self.unreadable());
        self.read(List, move |db| {
            view(db, (&seal, &unreadable), &app, installation)
        })
    }

    fn installations_of(&self, app: AppId, user: UserId) -> Answer<'_, Vec<InstallationView>> {
        let (seal, unreadable) = (self.seal(), self.unreadable());
        self.read(List, move |db| {
            let candidates = installation::candidates(db, &app, &user)?;
            let mut views = Vec::with_capacity(candidates.len());
            for candidate in candidates {
                views.extend(view(
                    db,
                    (&seal, &unreadable),
                    &app,
                    candidate.installation,
                )?);
            }
            views.sort_by_key(|view| view.id);
            Ok(views)
        })
    }

    fn note_presence(&self, notes: Vec<PresenceNote>) -> Answer<'_, ()> {
        self.write(Mass, move |txn| {
            notes.iter().try_for_each(|note| note_one(txn, note))
        })
    }

    fn note_connected(&self, note: PresenceNote) -> Answer<'_, ()> {
        self.write(Urgent, move |txn| note_one(txn, &note))
    }

    fn presence(&self, app: AppId, user: UserId, now: Timestamp) -> Answer<'_, Vec<Presence>> {
        self.read(Hot, move |db| presence::of_user(db, &app, &user, now))
    }

    fn clear_presence(&self, node: String) -> Answer<'_, ()> {
        self.write(Urgent, move |txn| presence::delete_node(txn, &node))
    }
}

/// What waits for a chosen device is looked at anew if another one is the primary one by it.
fn note_opened(
    txn: &mut Txn<'_>,
    session: &Session,
    at: Timestamp,
    now: Timestamp,
) -> Result<bool, rusqlite::Error> {
    if !present::is_present(txn, session)? {
        return Ok(false);
    }
    let Session { app, user, .. } = session;
    let former = primary(installation::candidates(txn, app, user)?);
    installation::note_opened(txn, session, at)?;
    if primary(installation::candidates(txn, app, user)?) != former {
        look_anew(txn, session, now)?;
        told::write_primary(txn, app, user, (former, now))?;
    }
    Ok(true)
}

/// What an installation reports of itself.
fn reported(db: &Connection, session: &Session) -> Result<Reported, rusqlite::Error> {
    let Session {
        app, installation, ..
    } = session;
    let view = installation::view(db, app, *installation)?;
    Ok(Reported {
        state: view.and_then(|view| view.state),
        addresses: push_address::hashes(db, app, *installation)?,
    })
}

/// The App's backend is told what an installation reports that it did not before.
fn tell_changes(
    txn: &mut Txn<'_>,
    session: &Session,
    before: &Reported,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    for change in changes(before, &reported(txn, session)?) {
        let whose = (session.installation, &session.user);
        told::write_installation(txn, &session.app, whose, (change, now))?;
    }
    Ok(())
}

/// Has what may be for other devices of a user now looked at anew, of what the end of their log is about.
pub(super) fn look_anew(
    txn: &mut Txn<'_>,
    session: &Session,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let Some(head) = user::find(txn, &session.app, &session.user)? else {
        return Ok(());
    };
    let after = head.seq.saturating_sub(u64::from(TAKEN_OVER));
    for notification in delivery::asked_anew(txn, head.row, after)? {
        let key = delivery::Key {
            notification,
            user: head.row,
        };
        delivery::set_due(txn, key, now)?;
        if let Some(found) = notification::find_row(txn, notification)? {
            dispatch::wake(txn, &found.subject, now)?;
        }
    }
    Ok(())
}

/// An installation with its addresses.
fn view(
    db: &Connection,
    with: (&Seal, &Unreadable),
    app: &AppId,
    installation: InstallationId,
) -> Result<Option<InstallationView>, rusqlite::Error> {
    let Some(mut view) = installation::view(db, app, installation)? else {
        return Ok(None);
    };
    if let Some(state) = &mut view.state {
        let found = push_address::of_installation(db, with, app, installation)?;
        let addresses = found.into_iter().filter_map(|found| found.address);
        state.push_addresses = addresses.collect();
    }
    Ok(Some(view))
}

/// What others depend on of what an installation reports, before a report.
struct Before {
    /// By whose clock its user is notified, as far as their installations say it.
    zone: Option<String>,
    build: Build,
}

impl Before {
    fn of(db: &Connection, session: &Session) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            zone: zone_seen_last(db, &session.app, &session.user)?,
            build: installation::build_of(db, session)?,
        })
    }

    /// Asks anew about what waits for a user whose zone has changed, and looks anew at what may be for an
    /// installation whose app has.
    fn note_changes(
        self,
        txn: &mut Txn<'_>,
        session: &Session,
        now: Timestamp,
    ) -> Result<(), rusqlite::Error> {
        let Self { zone, build } = Self::of(txn, session)?;
        if zone != self.zone {
            asking::of_user(txn, &session.app, &session.user, now)?;
        }
        if build != self.build {
            look_anew(txn, session, now)?;
        }
        Ok(())
    }
}

fn update_in(
    txn: &mut Txn<'_>,
    session: &Session,
    update: &UpdateState,
    now: Timestamp,
) -> Result<bool, rusqlite::Error> {
    let is_present = present::is_present(txn, session)?;
    if is_present && installation::is_changed_by(txn, session, update)? {
        let before = Before::of(txn, session)?;
        let told = reported(txn, session)?;
        installation::update_state(txn, session, update, now)?;
        before.note_changes(txn, session, now)?;
        tell_changes(txn, session, &told, now)?;
    }
    Ok(is_present)
}

/// A note of a session that has ended meanwhile is dropped: ending it took its presence away.
fn note_one(txn: &mut Txn<'_>, note: &PresenceNote) -> Result<(), rusqlite::Error> {
    if !present::is_present(txn, &note.session)? {
        return Ok(());
    }
    match note.lease_until {
        Some(lease_until) => presence::put(txn, note, lease_until)?,
        None => presence::delete(txn, note)?,
    }
    let Session {
        app, installation, ..
    } = &note.session;
    installation::note_seen(txn, app, *installation, note.last_seen)
}
