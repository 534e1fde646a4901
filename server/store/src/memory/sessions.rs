//! Logins, refresh tokens, logouts.

use jiff::Timestamp;
use vestnik_model::{AppId, InstallationId, UserId};
use vestnik_rules::{
    app_version::Build,
    device::primary,
    installation::Change,
    session::{
        Active, Admission, Exchange, Family, FamilyChange, FamilyId, Session, admit, exchange,
        retired,
    },
};

use super::{
    MemoryStore,
    installations::look_anew,
    row::{FamilyRow, InstallationRow},
    txn::Txn,
    world::World,
};
use crate::{
    Answer, Sessions,
    effect::{Cause, Revocation},
    sessions::{
        ExchangeOutcome, Login, LoginOutcome, LogoutOutcome, Seen, TokenExchange, presented,
    },
};

impl Sessions for MemoryStore {
    fn login(&self, login: Login) -> Answer<'_, LoginOutcome> {
        self.write(login.now, move |txn| Ok(log_in(txn, &login)))
    }

    fn exchange(&self, exchange: TokenExchange) -> Answer<'_, ExchangeOutcome> {
        self.write(exchange.now, move |txn| Ok(exchange_token(txn, &exchange)))
    }

    fn note_seen(&self, seen: Vec<Seen>) -> Answer<'_, ()> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            for Seen { family, counter } in seen {
                let row = txn.world.families.get(&family);
                let change = row.map(|row| row.family.seen(counter));
                if let Some(FamilyChange::Saved(saved)) = change {
                    save(&mut txn.world, saved);
                }
            }
            Ok(())
        })
    }

    fn session(&self, app: AppId, installation: InstallationId) -> Answer<'_, Option<Session>> {
        self.read(move |world| session_of(world, &app, installation))
    }

    fn logout(&self, session: Session, now: Timestamp) -> Answer<'_, LogoutOutcome> {
        self.write(now, move |txn| {
            if !txn.world.is_present(&session) {
                return Ok(LogoutOutcome::Ended);
            }
            end(txn, &session, Cause::LoggedOut, now);
            Ok(LogoutOutcome::Done)
        })
    }

    fn end_session(
        &self,
        app: AppId,
        installation: InstallationId,
        now: Timestamp,
    ) -> Answer<'_, bool> {
        self.write(now, move |txn| {
            if let Some(session) = session_of(&txn.world, &app, installation) {
                end(txn, &session, Cause::LoggedOut, now);
            }
            Ok(txn.world.installations.contains_key(&(app, installation)))
        })
    }

    fn end_user_sessions(&self, app: AppId, user: UserId, now: Timestamp) -> Answer<'_, u64> {
        self.write(now, move |txn| Ok(end_sessions_of(txn, &app, &user, now)))
    }
}

/// The present session of an installation.
fn session_of(world: &World, app: &AppId, installation: InstallationId) -> Option<Session> {
    let row = world.installations.get(&(app.clone(), installation))?;
    Some(Session {
        app: app.clone(),
        user: row.user.clone()?,
        installation,
        generation: row.generation,
    })
}

fn log_in(txn: &mut Txn, login: &Login) -> LoginOutcome {
    if !txn.world.apps.contains_key(&login.app) {
        return LoginOutcome::UnknownApp;
    }
    let name = (login.app.clone(), login.installation);
    let known = txn.world.installations.get(&name).cloned();
    let judged = known.as_ref().map(InstallationRow::known);
    let generation = match admit(judged.as_ref(), &login.user, &login.secret_hash) {
        Admission::Admitted { generation, .. } => generation,
        Admission::WrongSecret => return LoginOutcome::WrongSecret,
    };
    if let Some(token) = &login.token_use {
        let name = (login.app.clone(), token.jti_hash);
        if txn.world.token_uses.contains_key(&name) {
            return LoginOutcome::TokenUsed;
        }
        txn.world.token_uses.insert(name, token.expires);
    }
    let session = Session {
        app: login.app.clone(),
        user: login.user.clone(),
        installation: login.installation,
        generation,
    };
    if let Some(known) = &known {
        replace(txn, login, known);
    }
    txn.world.ensure_user(&session.app, &session.user);
    let row = InstallationRow::logged_in(known.as_ref(), login, generation);
    let former = known.as_ref().and_then(|known| known.user.clone());
    let former = former.filter(|former| *former != login.user);
    let is_new = known.as_ref().and_then(|known| known.user.as_ref()) != Some(&login.user);
    let of_former = former.map(|user| {
        let primary = primary(txn.world.candidates(&login.app, &user));
        (user, primary)
    });
    txn.world.installations.insert(name, row);
    if let Some((former, primary)) = of_former {
        let whose = (login.installation, &former);
        txn.tell_installation(&login.app, whose, Change::Unregistered);
        txn.tell_primary(&login.app, &former, primary);
    }
    if is_new {
        let whose = (login.installation, &login.user);
        txn.tell_installation(&login.app, whose, Change::Registered);
    }
    begin_family(txn, login, generation);
    retire(txn, login);
    // What it told of its app while it was another user's stays.
    let former = known.as_ref().and_then(|known| known.user.as_ref());
    let build = known
        .as_ref()
        .map(InstallationRow::build)
        .unwrap_or_default();
    if former != Some(&login.user) && build != Build::default() {
        look_anew(txn, &session, login.now);
    }
    LoginOutcome::LoggedIn(session)
}

fn begin_family(txn: &mut Txn, login: &Login, generation: u64) {
    let family = Family::begun(login.family, generation, login.refresh_expires);
    let row = FamilyRow {
        app: login.app.clone(),
        installation: login.installation,
        family,
    };
    txn.world.families.insert(login.family, row);
}

/// Ends what an installation had before a login.
fn replace(txn: &mut Txn, login: &Login, known: &InstallationRow) {
    let Some(former) = known.user.clone() else {
        return;
    };
    forget_session(&mut txn.world, &login.app, login.installation);
    let revocation = Revocation::Session {
        installation: login.installation,
        generation: known.generation,
        cause: if former == login.user {
            Cause::LoggedInAgain
        } else {
            Cause::TakenOver
        },
        user: former,
    };
    txn.revoked(&login.app, revocation);
}

/// Ends the sessions of installations that the user has too many of.
fn retire(txn: &mut Txn, login: &Login) {
    let others = txn.world.sessions_of(&login.app, &login.user);
    let others = others
        .into_iter()
        .filter(|(installation, _)| *installation != login.installation);
    let active: Vec<_> = others
        .map(|(installation, row)| Active {
            installation,
            last_seen: row.last_seen,
        })
        .collect();
    for installation in retired(&active, login.max_installations) {
        if let Some(session) = session_of(&txn.world, &login.app, installation) {
            end(txn, &session, Cause::Retired, login.now);
        }
    }
}

fn exchange_token(txn: &mut Txn, asked: &TokenExchange) -> ExchangeOutcome {
    let Some((family, session)) = family_of(&txn.world, asked.family) else {
        return ExchangeOutcome::Unknown;
    };
    let name = (session.app.clone(), session.installation);
    let Some(installation) = txn.world.installations.get(&name) else {
        return ExchangeOutcome::Unknown;
    };
    let verdict = exchange(
        &family,
        presented(asked, &installation.secret_hash),
        asked.now,
    );
    match family.after(verdict, asked.next_expires, asked.now) {
        FamilyChange::None => {}
        FamilyChange::Saved(saved) => {
            save(&mut txn.world, saved);
            if let Some(row) = txn.world.installations.get_mut(&name) {
                row.last_seen = row.last_seen.max(asked.now);
            }
        }
        FamilyChange::Revoked => {
            end(txn, &session, Cause::Reused, asked.now);
            let family = family.id;
            txn.revoked(&session.app, Revocation::Family { family });
        }
    }
    match verdict {
        Exchange::Next { counter } => ExchangeOutcome::Exchanged { session, counter },
        Exchange::Same | Exchange::Again => ExchangeOutcome::Exchanged {
            session,
            counter: family.counter,
        },
        Exchange::Reused => ExchangeOutcome::Reused,
        Exchange::Expired => ExchangeOutcome::Expired,
        Exchange::Unknown => ExchangeOutcome::Unknown,
        Exchange::WrongSecret => ExchangeOutcome::WrongSecret,
    }
}

/// A family whose session is the present one of its installation.
fn family_of(world: &World, id: FamilyId) -> Option<(Family, Session)> {
    let row = world.families.get(&id)?;
    let session = session_of(world, &row.app, row.installation)?;
    let is_of = row.family.generation == session.generation;
    is_of.then(|| (row.family.clone(), session))
}

fn save(world: &mut World, family: Family) {
    if let Some(row) = world.families.get_mut(&family.id) {
        row.family = family;
    }
}

/// Ends all sessions of a user; gives how many there were.
pub(super) fn end_sessions_of(txn: &mut Txn, app: &AppId, user: &UserId, now: Timestamp) -> u64 {
    let installations = txn.world.sessions_of(app, user).into_keys();
    let sessions: Vec<_> = installations
        .filter_map(|installation| session_of(&txn.world, app, installation))
        .collect();
    for session in &sessions {
        end(txn, session, Cause::UserRevoked, now);
    }
    if !sessions.is_empty() {
        let user = user.clone();
        txn.revoked(app, Revocation::User { user });
    }
    sessions.len() as u64
}

/// Ends a session, which is the present one of its installation.
fn end(txn: &mut Txn, session: &Session, cause: Cause, now: Timestamp) {
    let Session {
        app,
        user,
        installation,
        generation,
    } = session;
    let primary = primary(txn.world.candidates(app, user));
    forget_session(&mut txn.world, app, *installation);
    let name = (app.clone(), *installation);
    if let Some(row) = txn.world.installations.get_mut(&name) {
        row.end_session(now);
    }
    let revocation = Revocation::Session {
        installation: *installation,
        user: user.clone(),
        generation: *generation,
        cause,
    };
    txn.revoked(app, revocation);
    txn.tell_installation(app, (*installation, user), Change::Unregistered);
    txn.tell_primary(app, user, primary);
}

/// Deletes the refresh tokens and the presence of an installation.
fn forget_session(world: &mut World, app: &AppId, installation: InstallationId) {
    world
        .families
        .retain(|_, row| row.app != *app || row.installation != installation);
    world
        .addresses
        .retain(|(of, id, _), _| of != app || *id != installation);
    world
        .presence
        .retain(|key, _| key.app != *app || key.installation != installation);
}
