//! A server with one installation, as a device sees it.

use std::{collections::BTreeMap, time::Duration};

use vestnik_model::{Cursor, ProblemCode, UserId, contract::Page};

use super::{CallFailure, Secret, device::seq, place, user};
use crate::machine::session::{Exchange, Grant};

/// The most entries of a page.
const PAGE: u64 = 2;

/// A server with one installation.
#[derive(Debug, Default)]
pub(crate) struct Server {
    sessions: u32,
    /// The session of the installation.
    pub(crate) live: Option<u32>,
    /// Whose session a token belongs to.
    tokens: BTreeMap<String, (u32, String)>,
    /// The session and the user of each open connection.
    open: BTreeMap<u64, (u32, String)>,
    /// The newest entry of each user's log.
    heads: BTreeMap<String, u64>,
    granted: u32,
}

impl Server {
    pub(super) fn new(is_logged_in: bool) -> Self {
        let mut server = Self {
            heads: BTreeMap::from([("anna".to_owned(), 6), ("bella".to_owned(), 3)]),
            ..Self::default()
        };
        if is_logged_in {
            server.sessions = 1;
            server.live = Some(1);
            server
                .tokens
                .insert("ref-anna".to_owned(), (1, "anna".to_owned()));
        }
        server
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
        let (_, name) = self.tokens.get(token.expose())?;
        Some(user(name))
    }

    pub(super) fn exchange(&mut self, exchange: &Exchange) -> Result<Grant, CallFailure> {
        match exchange {
            Exchange::Identity(token) => {
                let name = token.expose().split('-').nth(1).unwrap().to_owned();
                self.sessions += 1;
                self.live = Some(self.sessions);
                Ok(self.grant(self.sessions, &name))
            }
            Exchange::Refresh(token) => {
                let (session, name) = self.check(token)?;
                Ok(self.grant(session, &name))
            }
        }
    }

    fn grant(&mut self, session: u32, name: &str) -> Grant {
        self.granted += 1;
        let refresh = format!("ref-{name}-{}", self.granted);
        let access = format!("acc-{name}-{}", self.granted);
        self.tokens
            .insert(refresh.clone(), (session, name.to_owned()));
        self.tokens
            .insert(access.clone(), (session, name.to_owned()));
        Grant {
            access: Secret::new(access),
            expires_in: Duration::from_secs(900),
            refresh: Secret::new(refresh),
            user: user(name),
        }
    }

    /// Whether a token's session is live.
    pub(super) fn check(&self, token: &Secret) -> Result<(u32, String), CallFailure> {
        let (session, name) = self.tokens[token.expose()].clone();
        if self.live == Some(session) {
            Ok((session, name))
        } else {
            Err(over())
        }
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
