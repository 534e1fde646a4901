//! A server with one installation, as a device sees it.

use std::{collections::BTreeMap, time::Duration};

use vestnik_clock::Monotonic;
use vestnik_model::{
    Cursor, ProblemCode, UserId,
    contract::Page,
    preference::{OptOutChange, StoredOptOuts},
};

use super::{CallFailure, Secret, device::seq, place, user};
use crate::machine::{
    fixture,
    session::{Exchange, Grant},
};

/// The most entries of a page.
const PAGE: u64 = 2;
/// For so long after an exchange the same token gives the same pair, even if that was used.
const GRACE: Duration = Duration::from_secs(60);

/// A server with one installation.
#[derive(Debug)]
pub(crate) struct Server {
    pub(super) now: Monotonic,
    sessions: u32,
    /// The session of the installation.
    pub(crate) live: Option<u32>,
    /// Refresh and access tokens.
    tokens: BTreeMap<String, Token>,
    /// The session and the user of each open connection.
    open: BTreeMap<u64, (u32, String)>,
    /// The newest entry of each user's log.
    heads: BTreeMap<String, u64>,
    /// What each user does not want.
    pub(crate) opt_outs: BTreeMap<String, StoredOptOuts>,
    granted: u32,
    /// How often a session was ended because a token was used whose successor had been used.
    pub(super) reuses: u32,
}

#[derive(Debug, Clone)]
struct Token {
    session: u32,
    name: String,
    /// The refresh token that it was granted for.
    parent: Option<String>,
    /// What was granted for it.
    next: Option<Next>,
}

#[derive(Debug, Clone)]
struct Next {
    grant: Grant,
    at: Monotonic,
    is_used: bool,
}

impl Server {
    pub(super) fn new(is_logged_in: bool) -> Self {
        let mut server = Self {
            now: fixture::now().monotonic,
            sessions: 0,
            live: None,
            tokens: BTreeMap::new(),
            open: BTreeMap::new(),
            heads: BTreeMap::from([("anna".to_owned(), 6), ("bella".to_owned(), 3)]),
            opt_outs: BTreeMap::new(),
            granted: 0,
            reuses: 0,
        };
        if is_logged_in {
            server.sessions = 1;
            server.live = Some(1);
            server.add("ref-anna", 1, "anna", None);
        }
        server
    }

    fn add(&mut self, token: &str, session: u32, name: &str, parent: Option<&str>) {
        let token_of = Token {
            session,
            name: name.to_owned(),
            parent: parent.map(str::to_owned),
            next: None,
        };
        self.tokens.insert(token.to_owned(), token_of);
    }

    pub(crate) fn head(&self, name: &str) -> u64 {
        self.heads[name]
    }

    pub(crate) fn publish(&mut self, name: &str) -> u64 {
        let head = self.heads.get_mut(name).unwrap();
        *head += 1;
        *head
    }

    /// Whose a token is.
    pub(super) fn owner(&self, token: &Secret) -> Option<UserId> {
        Some(user(&self.tokens.get(token.expose())?.name))
    }

    pub(super) fn exchange(&mut self, exchange: &Exchange) -> Result<Grant, CallFailure> {
        match exchange {
            Exchange::Identity(token) => {
                let name = token.expose().split('-').nth(1).unwrap().to_owned();
                self.sessions += 1;
                self.live = Some(self.sessions);
                Ok(self.grant(self.sessions, &name, None))
            }
            Exchange::Refresh(token) | Exchange::Former(token) => self.refresh(token),
        }
    }

    fn refresh(&mut self, token: &Secret) -> Result<Grant, CallFailure> {
        let (session, name) = self.check(token)?;
        match self.tokens[token.expose()].next.clone() {
            Some(next) if next.is_used && self.now > next.at + GRACE => {
                self.live = None;
                self.reuses += 1;
                Err(over())
            }
            Some(next) => Ok(next.grant),
            None => {
                let grant = self.grant(session, &name, Some(token.expose()));
                let next = Next {
                    grant: grant.clone(),
                    at: self.now,
                    is_used: false,
                };
                self.tokens.get_mut(token.expose()).unwrap().next = Some(next);
                Ok(grant)
            }
        }
    }

    fn grant(&mut self, session: u32, name: &str, parent: Option<&str>) -> Grant {
        self.granted += 1;
        let refresh = format!("ref-{name}-{}", self.granted);
        let access = format!("acc-{name}-{}", self.granted);
        self.add(&refresh, session, name, parent);
        self.add(&access, session, name, parent);
        Grant {
            access: Secret::new(access),
            expires_in: Duration::from_secs(900),
            refresh: Secret::new(refresh),
            user: user(name),
            installation: None,
        }
    }

    /// Whether a token's session is live. The token was seen: the one before it is spent.
    pub(super) fn check(&mut self, token: &Secret) -> Result<(u32, String), CallFailure> {
        let Token {
            session,
            name,
            parent,
            ..
        } = self.tokens[token.expose()].clone();
        if self.live != Some(session) {
            return Err(over());
        }
        let next = parent.and_then(|parent| self.tokens.get_mut(&parent)?.next.as_mut());
        if let Some(next) = next {
            next.is_used = true;
        }
        Ok((session, name))
    }

    pub(super) fn opt_outs(&mut self, token: &Secret) -> Result<StoredOptOuts, CallFailure> {
        let (_, name) = self.check(token)?;
        Ok(self.opt_outs.get(&name).cloned().unwrap_or_default())
    }

    pub(super) fn change_opt_outs(
        &mut self,
        token: &Secret,
        changes: &OptOutChange,
    ) -> Result<StoredOptOuts, CallFailure> {
        let (_, name) = self.check(token)?;
        let opt_outs = self.opt_outs.entry(name).or_default();
        if let Ok(changed) = opt_outs.changed(changes) {
            *opt_outs = changed;
        }
        Ok(opt_outs.clone())
    }

    pub(super) fn delete(&mut self, token: &Secret) -> Result<(), CallFailure> {
        self.check(token)?;
        self.live = None;
        Ok(())
    }

    pub(super) fn connect(&mut self, number: u64, token: &Secret) -> Result<(), CallFailure> {
        let session = self.check(token)?;
        self.open.insert(number, session);
        Ok(())
    }

    pub(super) fn close(&mut self, number: u64) {
        self.open.remove(&number);
    }

    /// Whose connection it is, if the session is live.
    pub(crate) fn of(&self, number: u64) -> Option<String> {
        let (session, name) = self.open.get(&number)?;
        (self.live == Some(*session)).then(|| name.clone())
    }

    pub(super) fn call(&self, number: u64) -> Result<(), CallFailure> {
        match self.open.get(&number) {
            Some(_) => self.of(number).map(drop).ok_or_else(over),
            None => Err(CallFailure::NoAnswer),
        }
    }

    pub(super) fn greet(&self, number: u64) -> Result<(String, u64), CallFailure> {
        self.call(number)?;
        let name = self.of(number).unwrap();
        let head = self.head(&name);
        Ok((name, head))
    }

    pub(super) fn page(
        &self,
        number: u64,
        from: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page, CallFailure> {
        let (name, head) = self.greet(number)?;
        let from = from.map_or(0, seq);
        let end = head.min(from + PAGE.min(limit.into()));
        let at = |seq| {
            place(&name, seq).unwrap_or_else(|| Cursor::parse(format!("{name}:0:t")).unwrap())
        };
        Ok(Page {
            after: at(from),
            cursor: at(end),
            entries: Vec::new(),
            more: end < head,
        })
    }
}

fn over() -> CallFailure {
    CallFailure::Problem {
        code: ProblemCode::AuthRevoked.into(),
        status: 401,
        retry_after: None,
    }
}
