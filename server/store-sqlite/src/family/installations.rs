//! What installations report of themselves, and where they are connected.

use jiff::Timestamp;
use vestnik_model::{
    AppId, InstallationId, InstallationState, UserId, contract::UpdateState, view::InstallationView,
};
use vestnik_rules::session::Session;
use vestnik_sqlite::Priority::{Mass, Urgent};
use vestnik_store::{
    Answer, Installations,
    installations::{Presence, PresenceNote},
};

use crate::{
    SqliteStore,
    store::Class::{Hot, List},
    table::{Txn, decrypt, dispatch::wake, installation, presence, present, push_address},
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
                installation::put_state(txn, &session, &state, now)?;
                let whose = (&session.app, session.installation);
                push_address::put_all(txn, &with.0, whose, &state.push_addresses, now)?;
                for subject in decrypt::send_anew(txn, &session, &with.1, now)? {
                    wake(txn, &subject, now)?;
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

    fn installation(
        &self,
        app: AppId,
        installation: InstallationId,
    ) -> Answer<'_, Option<InstallationView>> {
        let seal = self.seal();
        self.read(List, move |db| {
            let Some(mut view) = installation::view(db, &app, installation)? else {
                return Ok(None);
            };
            if let Some(state) = &mut view.state {
                let found = push_address::of_installation(db, &seal, &app, installation)?;
                let addresses = found.into_iter().filter_map(|found| found.address);
                state.push_addresses = addresses.collect();
            }
            Ok(Some(view))
        })
    }

    fn note_presence(&self, notes: Vec<PresenceNote>) -> Answer<'_, ()> {
        self.write(Mass, move |txn| {
            notes.iter().try_for_each(|note| note_one(txn, note))
        })
    }

    fn presence(&self, app: AppId, user: UserId, now: Timestamp) -> Answer<'_, Vec<Presence>> {
        self.read(Hot, move |db| presence::of_user(db, &app, &user, now))
    }

    fn clear_presence(&self, node: String) -> Answer<'_, ()> {
        self.write(Urgent, move |txn| presence::delete_node(txn, &node))
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
        installation::update_state(txn, session, update, now)?;
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
