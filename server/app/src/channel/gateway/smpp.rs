//! A provider that is spoken to over SMPP: its session, which is kept while there is work.
//!
//! The session is opened for the first message that waits for a place in its window, and comes back by itself. It is
//! closed when nothing was sent and nothing came for [`IDLE`], when the account is replaced or deleted, and when the
//! server ends. A receipt that comes while there is no session stays with the message centre, which hands it over to
//! the next one.

mod check;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;
use vestnik_clock::Clock;
use vestnik_gateway::{Message, Scope, To, Verdict};
use vestnik_model::{AppId, AttemptId, Reason};
use vestnik_outbound::{Reach, TrustError, Wires, Writing};
use vestnik_rules::attempt::Outcome;
use vestnik_smpp::{
    Answer, Arrival, Client, Consumer, Late, Patience, Place, Receipts as Receipt, Taking, Trouble,
    Verdict as Said,
};
use vestnik_store::Store;

use crate::share::{Share, Shares};

pub(super) use self::check::check;
use super::{
    super::outcome::{busy, held},
    lane::{Answered, NOTING},
    order::{Fate, answered, not_asked},
    receipts::{Receipts, Whose, joined},
};

/// How long a session is kept in which nothing happens: most receipts come within it.
const IDLE: Duration = Duration::from_secs(60 * 60);
/// The most sessions of a server.
const MAX_SESSIONS: usize = 256;
/// The most of them of one App.
const SESSIONS_OF_APP: usize = 32;
/// How long a session has to end.
const STOP: Duration = Duration::from_secs(5);
/// How long what is waited for. A try ends within its lease ([`ONE_MESSAGE`]).
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(5),
    place: Duration::from_secs(2),
    answer: Duration::from_secs(10),
    submission: Duration::from_secs(6),
    write: Duration::from_secs(10),
    enquire: Duration::from_secs(30),
    parts: Duration::from_secs(2),
    consumer: Duration::from_secs(10),
};
/// The longest that a message takes from when it waits for its place: its first part is answered, the others are
/// repeated for a while, and the last of them is answered.
pub(crate) const ONE_MESSAGE: Duration =
    Duration::from_secs(PATIENCE.place.as_secs() + ONE_SUBMISSION.as_secs() - NOTING.as_secs());
/// The longest that it takes once it has its place, with noting that its try starts.
pub(super) const ONE_SUBMISSION: Duration = Duration::from_secs(
    NOTING.as_secs() + 2 * PATIENCE.submission.as_secs() + PATIENCE.parts.as_secs(),
);

/// What the sessions of a server have in common. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Sessions {
    room: Shares<AppId>,
    /// The store holds the bus, and the bus what accounts are kept in.
    store: Weak<dyn Store>,
    clock: Arc<dyn Clock>,
    reach: Arc<Reach>,
}

/// A message centre.
pub(super) struct Centre {
    provider: vestnik_gateway::Smpp,
    account: vestnik_smpp::Account,
    sessions: Sessions,
    app: AppId,
    session: Arc<Slot>,
    receipts: Arc<Receipts>,
}

/// Where the session is, if there is one.
#[derive(Default)]
struct Slot {
    session: Mutex<State>,
    /// Whether something happened since it was looked at last.
    is_used: AtomicBool,
}

#[derive(Default)]
enum State {
    #[default]
    Closed,
    Open(Client, Kept),
    /// The server ends: none is opened any more.
    Over,
}

/// What a session has while it is open: its place among those of its App, and the task that closes it when it is idle,
/// which ends with it.
type Kept = (Share<AppId>, AbortOnDropHandle<()>);

/// A place in the window of a session.
#[derive(Debug)]
pub(super) struct Held {
    client: Client,
    place: Place,
}

impl Sessions {
    pub(super) fn new(
        (store, clock): (&Arc<dyn Store>, Arc<dyn Clock>),
        reach: Arc<Reach>,
    ) -> Self {
        Self {
            room: Shares::new(MAX_SESSIONS, SESSIONS_OF_APP),
            store: Arc::downgrade(store),
            clock,
            reach,
        }
    }
}

impl fmt::Debug for Centre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Centre")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

impl Centre {
    /// A message centre without a session.
    pub(super) fn new(
        provider: vestnik_gateway::Smpp,
        (sessions, whose): (&Sessions, Whose),
    ) -> Result<Self, TrustError> {
        let account = provider.account().clone().with_patience(PATIENCE);
        // Whether the certificates can be used is known before the first message.
        Wires::new((*sessions.reach).clone(), account.trust())?;
        let with = (Weak::clone(&sessions.store), Arc::clone(&sessions.clock));
        let app = whose.app.clone();
        let receipts = Receipts::new(with, whose, provider.name());
        Ok(Self {
            provider,
            account,
            sessions: sessions.clone(),
            app,
            session: Arc::default(),
            receipts: Arc::new(receipts),
        })
    }

    pub(super) const fn provider(&self) -> &vestnik_gateway::Smpp {
        &self.provider
    }

    /// Waits for a place in the window of the session, which is opened if there is none.
    pub(super) async fn place(&self) -> Result<Held, Fate> {
        let Some(client) = self.client() else {
            return Err(not_asked(busy()));
        };
        match client.place().await {
            Ok(place) => Ok(Held { client, place }),
            Err(said) => Err(not_asked(unwritten(&said.verdict).outcome)),
        }
    }

    /// The session; none if there is no room for it.
    fn client(&self) -> Option<Client> {
        self.session.is_used.store(true, Ordering::Relaxed);
        let mut state = self.session.state();
        match &*state {
            State::Open(client, _) if !client.is_over() => return Some(client.clone()),
            State::Over => return None,
            // The task of a session may have ended by itself, by a bug.
            State::Open(..) => *state = State::Closed,
            State::Closed => {}
        }
        let room = self.sessions.room.take(self.app.clone())?;
        let consumer = Arrivals {
            slot: Arc::downgrade(&self.session),
            receipts: Arc::clone(&self.receipts),
        };
        let Sessions { clock, reach, .. } = &self.sessions;
        let reach = (**reach).clone();
        let client = Client::start(&self.account, reach, Arc::clone(clock), Arc::new(consumer));
        // The certificates were read before.
        let client = client.ok()?;
        let watch = tokio::spawn(close_when_idle(Arc::downgrade(&self.session)));
        *state = State::Open(client.clone(), (room, AbortOnDropHandle::new(watch)));
        Some(client)
    }

    /// Sends a message that has its place.
    pub(super) async fn send(
        &self,
        Held { client, place }: Held,
        message: &Message<'_>,
        writing: &Writing,
    ) -> Answered {
        let To::Phone(to) = message.to else {
            let reason = Reason::RecipientNoAddress;
            return Answered::without(Fate::not_taken(Outcome::Rejected { reason }));
        };
        let text = self.provider.text(message);
        let message = vestnik_smpp::Message {
            attempt: message.attempt,
            to,
            text: &text,
            expires_at: Some(message.expires_at),
        };
        let said = client.send_from(place, &message, writing).await;
        let message = match &said.verdict {
            Said::Accepted { .. } => self.taken(&said).await,
            Said::Retry { .. }
            | Said::Throttled { .. }
            | Said::Dead { .. }
            | Said::Rejected { .. }
            | Said::Refused { .. }
            | Said::Unproven { .. } => None,
        };
        read(&said, message)
    }

    /// What the receipts of a message that was taken name it by; none if they do not.
    async fn taken(&self, said: &vestnik_smpp::Outcome) -> Option<String> {
        let ids: Vec<_> = said.ids.iter().flatten().cloned().collect();
        match (self.account.form().receipts, &ids[..]) {
            (Receipt::All, [id]) if said.parts == 1 => Some(id.as_str().to_owned()),
            // The id of a part cannot be read: nobody will know of all of them.
            (Receipt::All, _) if ids.len() < said.parts => None,
            (Receipt::All, _) => {
                self.receipts.expect(&ids).await;
                Some(joined(&ids))
            }
            (Receipt::Last, _) => said.ids.last()?.as_ref().map(|id| id.as_str().to_owned()),
            (Receipt::None, _) => None,
        }
    }

    /// Whether there is a session that is bound as an account would be.
    fn holds_bind_of(&self, account: &vestnik_smpp::Account) -> bool {
        let state = self.session.state();
        matches!(&*state, State::Open(..)) && self.account.binds_as(account)
    }

    /// Whether a session is bound with the very login of an account.
    fn is_bound_by(&self, account: &vestnik_smpp::Account) -> bool {
        match &*self.session.state() {
            State::Open(client, _) => client.is_bound() && self.account.has_login_of(account),
            State::Closed | State::Over => false,
        }
    }

    /// Ends the session, to be opened again for the next message.
    async fn close(&self) {
        let former = {
            let mut state = self.session.state();
            match &*state {
                State::Open(..) => std::mem::take(&mut *state),
                State::Closed | State::Over => return,
            }
        };
        if let State::Open(client, _kept) = former {
            drop(timeout(STOP, client.stop()).await);
        }
    }

    /// Ends the session. None is opened any more.
    pub(super) async fn stop(&self) {
        let former = std::mem::replace(&mut *self.session.state(), State::Over);
        if let State::Open(client, _kept) = former {
            // One that does not end is cut.
            drop(timeout(STOP, client.stop()).await);
        }
    }
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the session if nothing happened in it; tells whether there is none.
    fn look(&self) -> bool {
        let mut state = self.state();
        let is_idle = !self.is_used.swap(false, Ordering::Relaxed);
        if is_idle && matches!(*state, State::Open(..)) {
            // The last client unbinds.
            *state = State::Closed;
        }
        !matches!(*state, State::Open(..))
    }
}

/// Looks after a session until it is closed, or until its account is gone.
async fn close_when_idle(slot: Weak<Slot>) {
    loop {
        sleep(IDLE).await;
        if slot.upgrade().is_none_or(|slot| slot.look()) {
            return;
        }
    }
}

/// Takes what a message centre hands over.
struct Arrivals {
    slot: Weak<Slot>,
    receipts: Arc<Receipts>,
}

impl fmt::Debug for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrivals").finish_non_exhaustive()
    }
}

impl Consumer for Arrivals {
    fn take(&self, arrival: Arrival) -> Taking<'_> {
        if let Some(slot) = self.slot.upgrade() {
            slot.is_used.store(true, Ordering::Relaxed);
        }
        Box::pin(async move {
            match arrival {
                Arrival::Receipt(receipt) => self.receipts.take(&receipt).await,
                // Nobody reads what people write.
                Arrival::Message(_) => Answer::Never,
            }
        })
    }

    fn on_late(&self, attempt: AttemptId, late: Late) {
        // Its try was settled without an answer.
        tracing::debug!(%attempt, part = late.part, "a message centre took a message after all");
    }

    fn on_trouble(&self, trouble: Trouble) {
        tracing::debug!(%trouble, "a session with a message centre has trouble");
    }
}

/// What an answer means for the try.
fn read(said: &vestnik_smpp::Outcome, message: Option<String>) -> Answered {
    // Nothing was asked of the message centre.
    let is_unwritten = said.parts == 0;
    Answered {
        fate: if is_unwritten {
            unwritten(&said.verdict)
        } else {
            answered(&verdict(&said.verdict))
        },
        said: said.said.map(|said| said.to_string()),
        cost: None,
        message,
    }
}

/// What it means that nothing of a message was written: it was no try, unless the account is refused.
fn unwritten(said: &Said) -> Fate {
    // What waits for the pace of its session goes to no other provider.
    let wait = |reason, after: Option<Duration>| {
        not_asked(match after {
            Some(after) => held(reason, after),
            None => Outcome::Held {
                reason,
                after: None,
            },
        })
    };
    match said {
        Said::Retry { reason, after } => wait(*reason, *after),
        Said::Throttled { after } => wait(Reason::ProviderThrottled, Some(*after)),
        // It cannot be written for this message centre; another provider may take it.
        Said::Rejected { reason } => Fate::not_taken(Outcome::Rejected { reason: *reason }),
        Said::Accepted { .. }
        | Said::Dead { .. }
        | Said::Refused { .. }
        | Said::Unproven { .. } => answered(&verdict(said)),
    }
}

/// The same in the words of all gateways.
const fn verdict(said: &Said) -> Verdict {
    match said {
        Said::Accepted { .. } => Verdict::Accepted { id: None },
        Said::Retry { reason, after } => Verdict::Retry {
            reason: *reason,
            after: *after,
        },
        Said::Throttled { after } => Verdict::Throttled {
            scope: Scope::Account,
            after: Some(*after),
        },
        Said::Dead { reason } => Verdict::Dead { reason: *reason },
        Said::Rejected { reason } => Verdict::Rejected { reason: *reason },
        Said::Refused { reason } => Verdict::Refused { reason: *reason },
        Said::Unproven { reason } => Verdict::Unproven { reason: *reason },
    }
}

#[cfg(test)]
mod tests {
    use vestnik_clock::SystemClock;
    use vestnik_model::GatewayName;
    use vestnik_store::{MemoryStore, effect::no_sink};

    use super::*;

    #[test]
    fn what_waits_for_its_session_goes_by_no_other_provider() {
        let unwritten = |verdict| vestnik_smpp::Outcome {
            verdict,
            said: None,
            ids: Vec::new(),
            parts: 0,
        };
        let throttled = |seconds| Said::Throttled {
            after: Duration::from_secs(seconds),
        };
        let away = Said::Retry {
            reason: Reason::ProviderUnavailable,
            after: None,
        };
        for (verdict, goes_on) in [(throttled(1), false), (throttled(6), true), (away, true)] {
            let answered = read(&unwritten(verdict.clone()), None);
            assert_eq!(answered.fate.goes_on, goes_on, "{verdict:?}");
            assert!(matches!(answered.fate.outcome, Outcome::Held { .. }));
        }
    }

    #[tokio::test]
    async fn a_session_that_is_opened_again_is_looked_after_once() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(no_sink()));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let sessions = Sessions::new((&store, clock), Arc::new(Reach::public()));
        let whose = Whose {
            app: AppId::parse("shop").unwrap(),
            gateway: GatewayName::parse("sms").unwrap(),
        };
        let provider = vestnik_gateway::Smpp::sample(None).unwrap();
        let centre = Centre::new(provider, (&sessions, whose)).unwrap();
        let watch = |centre: &Centre| match &*centre.session.state() {
            State::Open(_, (_, watch)) => watch.abort_handle(),
            State::Closed | State::Over => panic!("it is open"),
        };
        assert!(centre.client().is_some());
        let first = watch(&centre);
        centre.close().await;
        assert!(centre.client().is_some());
        let second = watch(&centre);
        let ended = timeout(Duration::from_secs(10), async {
            while !first.is_finished() {
                tokio::task::yield_now().await;
            }
        });
        ended.await.unwrap();
        assert!(!second.is_finished());
    }
}
