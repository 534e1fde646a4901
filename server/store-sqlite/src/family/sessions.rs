//! Logins, refresh tokens, logouts.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, InstallationId, UserId};
use vestnik_rules::{
    app_version::Build,
    device::primary,
    installation::Change,
    session::{
        Active, Admission, Exchange, Family, FamilyChange, Known, Session, admit, exchange, retired,
    },
};
use vestnik_sqlite::Priority::{Mass, Urgent};
use vestnik_store::{
    Answer, Sessions,
    effect::{Cause, Revocation},
    sessions::{
        ExchangeOutcome, Login, LoginOutcome, LogoutOutcome, Seen, TokenExchange, presented,
    },
};

use super::installations::look_anew;
use crate::{
    SqliteStore,
    store::Class::Hot,
    table::{
        Txn, app, event, installation, presence, present,
        refresh_family::{self, Found},
        token_use, told, user,
    },
};

impl Sessions for SqliteStore {
    fn login(&self, login: Login) -> Answer<'_, LoginOutcome> {
        self.write(Urgent, move |txn| log_in(txn, &login))
    }

    /// What is refused never waits for the thread that writes: a device with an old token may ask again
    /// and again.
    fn exchange(&self, asked: TokenExchange) -> Answer<'_, ExchangeOutcome> {
        Box::pin(async move {
            let presented = asked.clone();
            let judged = self.read(Hot, move |db| judge(db, &presented)).await?;
            match judged {
                Judged::Refused(outcome) => Ok(outcome),
                Judged::Admitted { .. } => {
                    self.write(Urgent, move |txn| exchange_token(txn, &asked))
                        .await
                }
            }
        })
    }

    fn note_seen(&self, seen: Vec<Seen>) -> Answer<'_, ()> {
        self.write(Mass, move |txn| {
            seen.iter().try_for_each(|seen| see(txn, *seen))
        })
    }

    fn session(&self, app: AppId, installation: InstallationId) -> Answer<'_, Option<Session>> {
        self.read(Hot, move |db| installation::session(db, &app, installation))
    }

    fn logout(&self, session: Session, now: Timestamp) -> Answer<'_, LogoutOutcome> {
        self.write(Urgent, move |txn| {
            if !present::is_present(txn, &session)? {
                return Ok(LogoutOutcome::Ended);
            }
            end(txn, &session, Cause::LoggedOut, now)?;
            Ok(LogoutOutcome::Done)
        })
    }

    fn end_session(
        &self,
        app: AppId,
        installation: InstallationId,
        now: Timestamp,
    ) -> Answer<'_, bool> {
        self.write(Urgent, move |txn| {
            if let Some(session) = installation::session(txn, &app, installation)? {
                end(txn, &session, Cause::LoggedOut, now)?;
                return Ok(true);
            }
            Ok(installation::known(txn, &app, installation)?.is_some())
        })
    }

    fn end_user_sessions(&self, app: AppId, user: UserId, now: Timestamp) -> Answer<'_, u64> {
        self.write(Urgent, move |txn| end_sessions_of(txn, &app, &user, now))
    }
}

fn log_in(txn: &mut Txn<'_>, login: &Login) -> Result<LoginOutcome, rusqlite::Error> {
    if !app::exists(txn, &login.app)? {
        return Ok(LoginOutcome::UnknownApp);
    }
    let known = installation::known(txn, &login.app, login.installation)?;
    let generation = match admit(known.as_ref(), &login.user, &login.secret_hash) {
        Admission::Admitted { generation, .. } => generation,
        Admission::WrongSecret => return Ok(LoginOutcome::WrongSecret),
    };
    if let Some(token) = &login.token_use
        && !token_use::insert(txn, &login.app, token)?
    {
        return Ok(LoginOutcome::TokenUsed);
    }
    let former = known.as_ref().and_then(|known| known.user.clone());
    if let Some(known) = known {
        replace(txn, login, &known)?;
    }
    let session = Session {
        app: login.app.clone(),
        user: login.user.clone(),
        installation: login.installation,
        generation,
    };
    user::ensure(txn, &session.app, &session.user)?;
    begin(txn, login, (&session, former.as_ref()))?;
    let family = Family::begun(login.family, generation, login.refresh_expires);
    refresh_family::insert(txn, &session, &family)?;
    retire(txn, login)?;
    // What it told of its app while it was another user's stays.
    if former.as_ref() != Some(&login.user)
        && installation::build_of(txn, &session)? != Build::default()
    {
        look_anew(txn, &session, login.now)?;
    }
    Ok(LoginOutcome::LoggedIn(session))
}

/// Makes an installation its user's, and tells that it is, and of whom it was before.
fn begin(
    txn: &mut Txn<'_>,
    login: &Login,
    (session, former): (&Session, Option<&UserId>),
) -> Result<(), rusqlite::Error> {
    let (app, now) = (&login.app, login.now);
    if former == Some(&login.user) {
        return installation::begin_session(txn, session, &login.secret_hash, now);
    }
    let of_former = former.map(|user| installation::candidates(txn, app, user));
    let primary = of_former.transpose()?.and_then(primary);
    installation::begin_session(txn, session, &login.secret_hash, now)?;
    if let Some(user) = former {
        let whose = (login.installation, user);
        told::write_installation(txn, app, whose, (Change::Unregistered, now))?;
        told::write_primary(txn, app, user, (primary, now))?;
    }
    let whose = (login.installation, &login.user);
    told::write_installation(txn, app, whose, (Change::Registered, now))
}

/// Ends what an installation had before a login.
fn replace(txn: &mut Txn<'_>, login: &Login, known: &Known) -> Result<(), rusqlite::Error> {
    refresh_family::delete_of(txn, &login.app, login.installation)?;
    let Some(former) = &known.user else {
        return Ok(());
    };
    presence::delete_of(txn, &login.app, former, login.installation)?;
    let revocation = Revocation::Session {
        installation: login.installation,
        user: former.clone(),
        generation: known.generation,
        cause: if *former == login.user {
            Cause::LoggedInAgain
        } else {
            Cause::TakenOver
        },
    };
    event::revoked(txn, &login.app, revocation, login.now)
}

/// Ends the sessions of installations that the user has too many of.
fn retire(txn: &mut Txn<'_>, login: &Login) -> Result<(), rusqlite::Error> {
    let mut others = installation::of_user(txn, &login.app, &login.user)?;
    others.retain(|(session, _)| session.installation != login.installation);
    let active: Vec<_> = others
        .iter()
        .map(|(session, last_seen)| Active {
            installation: session.installation,
            last_seen: *last_seen,
        })
        .collect();
    let retired = retired(&active, login.max_installations);
    for (session, _) in others {
        if retired.contains(&session.installation) {
            end(txn, &session, Cause::Retired, login.now)?;
        }
    }
    Ok(())
}

/// What the rules say of a presented token.
enum Judged {
    /// It gives nothing and changes nothing.
    Refused(ExchangeOutcome),
    /// It gives a token, or is a reuse.
    Admitted { found: Found, verdict: Exchange },
}

fn judge(db: &Connection, asked: &TokenExchange) -> Result<Judged, rusqlite::Error> {
    let Some(found) = refresh_family::find(db, asked.family)? else {
        return Ok(Judged::Refused(ExchangeOutcome::Unknown));
    };
    let presented = presented(asked, &found.secret_hash);
    Ok(match exchange(&found.family, presented, asked.now) {
        Exchange::Expired => Judged::Refused(ExchangeOutcome::Expired),
        Exchange::Unknown => Judged::Refused(ExchangeOutcome::Unknown),
        Exchange::WrongSecret => Judged::Refused(ExchangeOutcome::WrongSecret),
        verdict @ (Exchange::Next { .. } | Exchange::Same | Exchange::Again | Exchange::Reused) => {
            Judged::Admitted { found, verdict }
        }
    })
}

fn exchange_token(
    txn: &mut Txn<'_>,
    asked: &TokenExchange,
) -> Result<ExchangeOutcome, rusqlite::Error> {
    let (found, verdict) = match judge(txn, asked)? {
        Judged::Refused(outcome) => return Ok(outcome),
        Judged::Admitted { found, verdict } => (found, verdict),
    };
    let Found {
        family, session, ..
    } = found;
    match family.after(verdict, asked.next_expires, asked.now) {
        FamilyChange::None => {}
        FamilyChange::Saved(family) => {
            refresh_family::save(txn, &family)?;
            installation::note_seen(txn, &session.app, session.installation, asked.now)?;
        }
        FamilyChange::Revoked => {
            end(txn, &session, Cause::Reused, asked.now)?;
            let family = Revocation::Family { family: family.id };
            event::revoked(txn, &session.app, family, asked.now)?;
        }
    }
    Ok(match verdict.given(&family) {
        Some(counter) => ExchangeOutcome::Exchanged { session, counter },
        None => ExchangeOutcome::Reused,
    })
}

/// Notes that the access token beside a refresh token was seen.
fn see(txn: &mut Txn<'_>, seen: Seen) -> Result<(), rusqlite::Error> {
    let Some(found) = refresh_family::find(txn, seen.family)? else {
        return Ok(());
    };
    match found.family.seen(seen.counter) {
        FamilyChange::Saved(family) => refresh_family::save(txn, &family),
        FamilyChange::None | FamilyChange::Revoked => Ok(()),
    }
}

/// Ends all sessions of a user; gives how many there were.
pub(crate) fn end_sessions_of(
    txn: &mut Txn<'_>,
    app: &AppId,
    user: &UserId,
    now: Timestamp,
) -> Result<u64, rusqlite::Error> {
    let all = installation::of_user(txn, app, user)?;
    let count = all.len() as u64;
    for (session, _) in all {
        end(txn, &session, Cause::UserRevoked, now)?;
    }
    if count > 0 {
        let user = user.clone();
        event::revoked(txn, app, Revocation::User { user }, now)?;
    }
    Ok(count)
}

/// Ends a session, which is the present one of its installation.
fn end(
    txn: &mut Txn<'_>,
    session: &Session,
    cause: Cause,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let Session {
        app,
        user,
        installation,
        generation,
    } = session;
    let former = primary(installation::candidates(txn, app, user)?);
    installation::close(txn, session, now)?;
    let revocation = Revocation::Session {
        installation: *installation,
        user: user.clone(),
        generation: *generation,
        cause,
    };
    event::revoked(txn, app, revocation, now)?;
    let whose = (*installation, user);
    told::write_installation(txn, app, whose, (Change::Unregistered, now))?;
    told::write_primary(txn, app, user, (former, now))
}
