//! The server as the network reaches it.

use std::collections::{BTreeMap, BTreeSet};

use vestnik_core::{machine::CallFailure, transport::HubEvent};
use vestnik_model::{
    Arrival, DeliveryId, Entry, Fact, FactKind, Feature, InstallationId, InstallationReport,
    Notification, NotificationId, Open, ProblemCode, Recall, Report, Reported, TokenRequest,
    TokenResponse, UserId,
    contract::{CONTRACT, Entries, Hello, Limits, Page, Sync as SyncCall, Welcome},
};

use super::{
    log::{Log, Standing},
    session::Access,
    state::{Accepted, Ever, State},
};
use crate::{
    random::Random,
    time::{At, SECOND, time_of_day},
};

/// The reference model of a server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(super) state: State,
    kept: Option<State>,
    pub(super) links: BTreeMap<u64, Link>,
    pub(super) effects: Vec<Effect>,
    pub(crate) ever: Ever,
    /// The number of the last family of tokens; a backup does not take it back.
    pub(super) families: u64,
    /// The number of the last life.
    pub(super) lives: u32,
    epochs: u64,
    random: Random,
    /// The most entries of a page.
    page: u32,
    /// A report with a fact of such a kind is refused as a whole.
    pub(crate) refuses: BTreeSet<FactKind>,
}

/// A live connection, as the server sees it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) access: Access,
    /// Whether it may be told of the log.
    pub(super) is_greeted: bool,
}

/// What happens beside an answer.
#[derive(Debug)]
pub(crate) enum Effect {
    /// A live connection is told something.
    Tell(u64, HubEvent),
    /// A live connection is ended.
    End(u64),
}

/// Why the server does not do what it is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    pub(crate) code: ProblemCode,
    pub(crate) retry_after: Option<u32>,
}

impl From<Refusal> for CallFailure {
    fn from(refusal: Refusal) -> Self {
        Self::Problem {
            code: Open::Known(refusal.code),
            status: refusal.code.status(),
            retry_after: refusal
                .retry_after
                .map(|seconds| std::time::Duration::from_secs(seconds.into())),
        }
    }
}

impl Server {
    pub(crate) fn new(mut random: Random) -> Self {
        let page = random.pick(&[1, 2, 3, 5, 100]);
        Self {
            state: State::default(),
            kept: None,
            links: BTreeMap::new(),
            effects: Vec::new(),
            ever: Ever::default(),
            families: 0,
            lives: 0,
            epochs: 0,
            random,
            page,
            refuses: BTreeSet::new(),
        }
    }

    /// What has happened beside the answers.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Exchanges an identity token or a refresh token.
    ///
    /// # Errors
    /// Its refusal.
    pub(crate) fn exchange(
        &mut self,
        now: At,
        request: &TokenRequest,
    ) -> Result<TokenResponse, CallFailure> {
        Ok(self.token(now, request)?)
    }

    pub(crate) fn put_installation(
        &mut self,
        now: At,
        token: &str,
        (id, report): (InstallationId, &InstallationReport),
    ) -> Result<(), CallFailure> {
        let access = self.authenticate(now, token)?;
        if access.installation == id {
            if let Some(installation) = self.state.installations.get_mut(&id) {
                installation.puts += 1;
                installation.key.clone_from(&report.state.envelope_key);
                let address = report.state.push_addresses.first();
                installation.address = address.map(|address| address.value.clone());
                let ago = report.opened_seconds_ago.map(|ago| At::from(ago) * SECOND);
                let opened = ago.map(|ago| now.saturating_sub(ago));
                installation.opened_at = installation.opened_at.max(opened);
            }
            Ok(())
        } else {
            Err(refusal(ProblemCode::AuthForbidden).into())
        }
    }

    pub(crate) fn delete_installation(
        &mut self,
        now: At,
        token: &str,
        id: InstallationId,
    ) -> Result<(), CallFailure> {
        Ok(self.delete(now, token, id)?)
    }

    /// Opens a live connection under a number.
    pub(crate) fn connect(&mut self, now: At, token: &str, link: u64) -> Result<(), CallFailure> {
        let access = self.authenticate(now, token)?;
        let is_greeted = false;
        self.links.insert(link, Link { access, is_greeted });
        Ok(())
    }

    /// The server notices that a connection is over.
    pub(crate) fn lost(&mut self, link: u64) {
        self.links.remove(&link);
    }

    /// The connections that the server believes in.
    pub(crate) fn links(&self) -> Vec<u64> {
        self.links.keys().copied().collect()
    }

    fn present(&self, link: u64) -> Result<Access, Refusal> {
        let access = self.links.get(&link).map(|link| link.access.clone());
        let access = access.ok_or_else(|| refusal(ProblemCode::AuthInvalid))?;
        if self.is_present(&access) {
            Ok(access)
        } else {
            Err(refusal(ProblemCode::AuthRevoked))
        }
    }

    pub(crate) fn hello(
        &mut self,
        now: At,
        link: u64,
        hello: &Hello,
    ) -> Result<Welcome, CallFailure> {
        let access = self.present(link)?;
        if access.installation != hello.installation_id {
            return Err(refusal(ProblemCode::AuthForbidden).into());
        }
        if let Some(link) = self.links.get_mut(&link) {
            link.is_greeted = true;
        }
        let seq = self.place(&access.user, hello.cursor.as_ref());
        let log = self.log(&access.user);
        Ok(Welcome {
            contract: CONTRACT,
            features: Feature::all(),
            cursor: Some(log.end()),
            behind_by: log.length() - seq,
            server_time: time_of_day(now),
            limits: Limits {
                page_bytes: 262_144,
                report_bytes: 65_536,
                publish_bytes: 73_728,
            },
        })
    }

    pub(crate) fn sync(
        &mut self,
        now: At,
        link: u64,
        sync: &SyncCall,
    ) -> Result<Page, CallFailure> {
        let access = self.present(link)?;
        let seq = self.place(&access.user, sync.cursor.as_ref());
        let limit = sync.limit.unwrap_or(100).clamp(1, self.page);
        let log = self.log(&access.user);
        let stretch: Vec<_> = log
            .after(seq, limit as usize)
            .map(|(seq, entry)| (seq, entry.clone()))
            .collect();
        let end = stretch.last().map_or(seq, |(seq, _)| *seq);
        let (after, cursor, more) = (log.cursor(seq), log.cursor(end), end < log.length());
        let entries = stretch
            .into_iter()
            .filter_map(|(_, entry)| self.given(now, access.installation, entry))
            .collect();
        Ok(Page {
            after,
            cursor,
            entries,
            more,
        })
    }

    pub(crate) fn report(
        &mut self,
        now: At,
        link: u64,
        report: &Report,
    ) -> Result<Reported, CallFailure> {
        let access = self.present(link)?;
        let is_odd = |fact: &Fact| {
            fact.kind
                .known()
                .is_some_and(|kind| self.refuses.contains(&kind))
        };
        if report.facts.iter().any(is_odd) {
            return Err(refusal(ProblemCode::RequestInvalid).into());
        }
        Ok(self.take_facts(now, &access, report))
    }

    pub(crate) fn topic(&self, link: u64) -> Result<(), CallFailure> {
        self.present(link)?;
        Ok(())
    }

    /// Accepts a notification or a newer revision of one. A new one may be for one installation only.
    pub(crate) fn publish(
        &mut self,
        now: At,
        user: &UserId,
        (notification, expires_at): (Notification, At),
        only: Option<InstallationId>,
    ) {
        let id = notification.id;
        let entry = arrival(now, notification.clone());
        self.ever.notifications.insert(id, user.clone());
        if let Some(known) = self.state.notifications.get_mut(&id) {
            known.notification = notification;
            self.append(user, &entry);
            return;
        }
        let seq = self.log(user).length() + 1;
        if let Some(only) = only {
            self.ever.meant.entry(id).or_default().insert(only);
        }
        let accepted = Accepted {
            user: user.clone(),
            notification,
            accepted_at: now,
            expires_at,
            is_recalled: false,
            read_at: None,
            seq,
            only: only.map(|only| BTreeMap::from([(only, seq)])),
            flags: BTreeMap::new(),
        };
        self.state.notifications.insert(id, accepted);
        self.append(user, &entry);
    }

    /// A notification is for one more installation of its user: the log has it once more.
    pub(crate) fn widen(&mut self, now: At, id: NotificationId, to: InstallationId) {
        let known = self.state.notifications.get(&id);
        let Some(known) = known.filter(|known| !known.is_for(to) && !known.is_recalled) else {
            return;
        };
        let (user, notification) = (known.user.clone(), known.notification.clone());
        let seq = self.log(&user).length() + 1;
        if let Some(known) = self.state.notifications.get_mut(&id) {
            known.only.get_or_insert_default().insert(to, seq);
        }
        self.ever.meant.entry(id).or_default().insert(to);
        self.append(&user, &arrival(now, notification));
    }

    pub(crate) fn recall(&mut self, now: At, id: NotificationId) {
        let Some(known) = self.state.notifications.get_mut(&id) else {
            return;
        };
        self.ever.recalled.insert(id);
        if !std::mem::replace(&mut known.is_recalled, true) {
            let (user, at) = (known.user.clone(), time_of_day(now));
            self.append(&user, &Entry::Recall(Recall { id, at }));
        }
    }

    /// Something that this version of the core cannot read.
    pub(crate) fn strange(&mut self, user: &UserId, entry: &Entry) {
        self.append(user, entry);
    }

    /// Takes a backup.
    pub(crate) fn keep(&mut self) {
        self.kept = Some(self.state.clone());
    }

    /// Goes back to the backup. If it is said, access tokens and cursors are of an earlier life; otherwise
    /// only tags tell.
    pub(crate) fn restore(&mut self, now: At, is_said: bool) {
        let Some(kept) = self.kept.clone() else {
            return;
        };
        self.state = kept;
        self.ever.restores.push(now);
        if is_said {
            self.void_access();
            let users: Vec<_> = self.state.logs.keys().cloned().collect();
            for user in users {
                self.renew(&user);
            }
        }
        for link in self.links() {
            self.links.remove(&link);
            self.effects.push(Effect::End(link));
        }
    }

    /// What the server has of a notification.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = (NotificationId, &Accepted)> {
        self.state.notifications.iter().map(|(id, one)| (*id, one))
    }

    /// Whether a notification was deleted by its user, as the server knows.
    pub(crate) fn is_deleted(&self, id: NotificationId) -> bool {
        let known = self.state.notifications.get(&id);
        known
            .and_then(|known| known.flags.get("deleted"))
            .is_some_and(|(_, value)| *value)
    }

    /// Who is logged in on an installation.
    pub(crate) fn owner(&self, id: InstallationId) -> Option<&UserId> {
        self.state.installations.get(&id)?.user.as_ref()
    }

    /// What pushes to an installation are sealed for.
    pub(crate) fn key(&self, id: InstallationId) -> Option<&str> {
        self.state.installations.get(&id)?.key.as_deref()
    }

    /// How often an installation said what it is.
    pub(crate) fn puts(&self, id: InstallationId) -> Option<u64> {
        Some(self.state.installations.get(&id)?.puts)
    }

    /// When the app was last opened on an installation, as it said.
    pub(crate) fn opened_at(&self, id: InstallationId) -> Option<At> {
        self.state.installations.get(&id)?.opened_at
    }

    /// Where a push service reaches an installation.
    pub(crate) fn address(&self, id: InstallationId) -> Option<&str> {
        self.state.installations.get(&id)?.address.as_deref()
    }

    fn log(&mut self, user: &UserId) -> &Log {
        self.epochs += u64::from(!self.state.logs.contains_key(user));
        let epoch = self.epochs;
        self.state
            .logs
            .entry(user.clone())
            .or_insert_with(|| Log::new(epoch))
    }

    fn renew(&mut self, user: &UserId) {
        self.epochs += 1;
        if let Some(log) = self.state.logs.get_mut(user) {
            log.epoch = self.epochs;
        }
    }

    /// The number behind which a device reads on.
    fn place(&mut self, user: &UserId, cursor: Option<&vestnik_model::Cursor>) -> u64 {
        match self.log(user).standing(cursor) {
            Standing::Known(seq) => seq,
            Standing::Beginning => 0,
            Standing::Other => {
                self.renew(user);
                0
            }
        }
    }

    /// Appends to a log and tells the live connections of its user.
    pub(super) fn append(&mut self, user: &UserId, entry: &Entry) -> u64 {
        let tag = u32::try_from(self.random.bits() >> 32).unwrap_or_default();
        self.log(user);
        let Some(log) = self.state.logs.get_mut(user) else {
            return 0;
        };
        let after = log.end();
        let seq = log.append(tag, entry.clone());
        let cursor = log.end();
        for (number, link) in &self.links {
            if link.is_greeted && link.access.user == *user {
                let is_meant = self.is_meant(link.access.installation, entry);
                let entries = Entries {
                    after: after.clone(),
                    cursor: cursor.clone(),
                    entries: is_meant.then(|| entry.clone()).into_iter().collect(),
                };
                self.effects
                    .push(Effect::Tell(*number, HubEvent::Entries(entries)));
            }
        }
        seq
    }

    /// Whether an entry is for an installation of the log's user.
    fn is_meant(&self, installation: InstallationId, entry: &Entry) -> bool {
        match entry {
            Entry::Notification(arrival) => {
                let known = self.state.notifications.get(&arrival.id);
                known.is_none_or(|known| known.is_for(installation))
            }
            Entry::Recall(_) | Entry::State(_) | Entry::Unknown(_) => true,
        }
    }

    /// The end of the log of a connection.
    pub(crate) fn behind(&self, link: u64) -> Option<HubEvent> {
        let user = &self.links.get(&link)?.access.user;
        let end = self.state.logs.get(user).map(Log::end);
        Some(HubEvent::Behind(end))
    }

    /// An entry as a device gets it: what has expired, was recalled or is for others is left out.
    fn given(&self, now: At, to: InstallationId, entry: Entry) -> Option<Entry> {
        match entry {
            Entry::Notification(arrival) => {
                let known = self.state.notifications.get(&arrival.id)?;
                if known.expires_at <= now || known.is_recalled || !known.is_for(to) {
                    return None;
                }
                let read_at = known.read_at.map(time_of_day);
                Some(Entry::Notification(Box::new(Arrival {
                    read_at,
                    ..*arrival
                })))
            }
            other @ (Entry::Recall(_) | Entry::State(_) | Entry::Unknown(_)) => Some(other),
        }
    }
}

const fn refusal(code: ProblemCode) -> Refusal {
    Refusal {
        code,
        retry_after: None,
    }
}

fn arrival(now: At, notification: Notification) -> Entry {
    let id = notification.id;
    Entry::Notification(Box::new(Arrival {
        id,
        at: time_of_day(now),
        delivery_id: DeliveryId::from_uuid(id.uuid()),
        read_at: None,
        notification,
    }))
}
