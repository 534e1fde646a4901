//! Sending deliveries over push services, by e-mail, and to the backends of Apps.
//!
//! A notification that has something to send has a row of work of kind `Dispatch`. Whoever claims it
//! calls [`Dispatch::dispatch`], sends what was begun, and calls [`Dispatch::settle`] with what became
//! of the tries, in as many parts as the answers come in. Both are transactions, nothing is sent within
//! one. No claim holds the row meanwhile: each try has a lease of its own, so that one that waits for an
//! answer holds up no other delivery of its notification.
//!
//! A mail server takes a few letters at a time, and the others wait for their turn: [`Dispatch::start_try`] notes that
//! one has it, unless it is not to be sent any more. So a process that is killed leaves a few letters of which nobody
//! knows whether they were taken, and not all that it had begun.
//!
//! A notification that was recalled is withdrawn from devices that sleep by the same row: such a push is a
//! try, too, and no attempt of the delivery.
//!
//! A try is named by the end of its lease. A try that was begun and is not settled when that has passed
//! is begun anew by the next look, or given up if its step says so: nobody knows whether it was taken. A store
//! that one process has open at a time ends the leases of whoever had it before, when it is opened. An
//! outcome that comes later than that is noted if the try was neither: what a service is proven to have taken
//! is not sent again.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use vestnik_model::{
    AppId, AttemptId, Channel, DeliveryId, GatewayName, InstallationId, Money, Notification,
    NotificationId, ProviderName, PushAddress, PushEnvironment, UserId, email::EmailAddress,
};
use vestnik_rules::{
    address::Moved,
    attempt::Outcome,
    bounce::Fate,
    cascade::Target,
    decrypt::KeyMark,
    gateway::{self, Choice, PassedOver},
    gateway_report::Fate as MessageFate,
    patience::lease,
    provider::{Shown, Sign},
    work::Progress,
};

use crate::{Answer, recipients::UserNumber, work::Part};

/// Sending deliveries.
pub trait Dispatch {
    /// Looks at the deliveries and withdrawals of a claimed row that are due, notes the tries that begin now, gives
    /// them, and puts the row back for its next time. Effects: `NotificationChanged`.
    fn dispatch(&self, part: Part) -> Answer<'_, Dispatched>;
    /// Notes that a try that waited for its turn has it, before anything of it is written. Gives whether it is to be
    /// made, which [`vestnik_rules::cascade::start`] decides. One that is not was no try: nothing has to be settled of
    /// it, and its delivery is looked at once more. Effects: `WorkDue`.
    fn start_try(&self, start: TryStart) -> Answer<'_, bool>;
    /// Notes what became of tries of a notification, and sees to it that its row of work is due when the
    /// next of its deliveries is. Gives how many of the tries were still on their way; nothing follows
    /// from the others for their deliveries. What all of them show of the App's credentials is noted by
    /// [`vestnik_rules::provider`]. Effects: `NotificationChanged`, `Told`, `WorkDue`.
    fn settle(&self, settling: Settling) -> Answer<'_, usize>;
    /// Notes what became of a letter after a mail server had taken it, by [`vestnik_rules::bounce`]. `None`
    /// if the App has no such delivery, or it has no letter. The same twice does the same as once. Effects:
    /// `NotificationChanged`, `WorkDue`.
    fn note_letter(&self, report: LetterReport) -> Answer<'_, Option<LetterNoted>>;
    /// Notes what a gateway reports of messages that it took, by [`vestnik_rules::gateway_report`]; gives of how many
    /// that was news. A report of a message that no attempt is known for is kept for a while, and noted when
    /// [`Dispatch::settle`] tells the attempt. The same twice does the same as once. Effects: `NotificationChanged`,
    /// `WorkDue`.
    fn note_messages(&self, reports: MessageReports) -> Answer<'_, usize>;
    /// Notes what a push service reports of pushes that it took, by [`vestnik_rules::push_receipt`]; gives of how many
    /// that was news. A receipt that no attempt of the App is known for changes nothing, nor does one that a push is
    /// lost whose address is not that of the installation any more. The same twice does the same as once. Effects:
    /// `NotificationChanged`, `WorkDue`, `Told`.
    fn note_pushes(&self, receipts: PushReceipts) -> Answer<'_, usize>;
}

/// What a part of a dispatch came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Dispatched {
    /// The tries that have begun.
    pub begun: Vec<Begun>,
    /// What became of the row.
    pub progress: Progress,
}

/// What a try sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sends {
    /// The notification.
    Notification,
    /// That the notification is to be taken off the screen: [`vestnik_rules::withdrawal`]. It goes to devices
    /// that have a key for envelopes.
    Withdrawal,
}

/// A try that has begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Begun {
    /// The attempt, the same for all of its tries.
    pub attempt: AttemptId,
    /// The user.
    pub user: UserId,
    /// The notification.
    pub notification: Arc<Notification>,
    /// What is sent of it.
    pub sends: Sends,
    /// Where to.
    pub recipient: Recipient,
    /// The end of its lease.
    pub lease_until: Timestamp,
    /// The only provider of a gateway that it may go to: the one that may have taken a try before it.
    pub provider: Option<ProviderName>,
}

/// Where a try goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Recipient {
    /// An installation, by a push service.
    Device {
        /// The installation.
        installation: InstallationId,
        /// Its address at the service.
        address: PushAddress,
        /// Its public key for envelopes, if it reported one.
        envelope_key: Option<String>,
        /// The language that it reported.
        locale: Option<String>,
    },
    /// The user's mailbox, by a letter.
    Mailbox {
        /// The address.
        address: EmailAddress,
        /// The user's number, by which a link in the letter knows its reader.
        number: UserNumber,
    },
    /// The App's own backend, by a request.
    Backend,
    /// The user's number or chat, by a gateway.
    Gateway {
        /// The gateway.
        gateway: GatewayName,
        /// The address there.
        to: gateway::Recipient,
    },
}

impl Recipient {
    /// The mark of the key that a push is sealed for, if there is one.
    #[must_use]
    pub fn key(&self) -> Option<KeyMark> {
        match self {
            Self::Device { envelope_key, .. } => envelope_key.as_deref().map(KeyMark::of),
            Self::Mailbox { .. } | Self::Backend | Self::Gateway { .. } => None,
        }
    }
}

/// A try that has its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TryStart {
    /// The tenant.
    pub app: AppId,
    /// The notification.
    pub notification: NotificationId,
    /// The user.
    pub user: UserId,
    /// Where it goes.
    pub target: Target,
    /// The hash of the address that it goes to, as [`Tried`] has it.
    pub address: [u8; 32],
    /// The end of its lease, which names it.
    pub lease_until: Timestamp,
    /// The provider of a gateway that it goes to, which is noted with its start: see [`vestnik_rules::gateway`].
    pub choice: Option<Choice>,
    /// The time.
    pub now: Timestamp,
}

impl TryStart {
    /// That a try of a notification has its turn now, of which this would be noted if there were no answer.
    #[must_use]
    pub fn of(
        (app, notification): (&AppId, NotificationId),
        unanswered: &Tried,
        now: Timestamp,
    ) -> Self {
        Self {
            app: app.clone(),
            notification,
            user: unanswered.user.clone(),
            target: unanswered.target,
            address: unanswered.address,
            lease_until: unanswered.lease_until,
            choice: None,
            now,
        }
    }

    /// The same, with the provider that it goes to.
    #[must_use]
    pub fn by(self, choice: Choice) -> Self {
        Self {
            choice: Some(choice),
            ..self
        }
    }
}

/// What became of tries.
#[derive(Debug, Clone, PartialEq)]
pub struct Settling {
    /// The tenant.
    pub app: AppId,
    /// The notification.
    pub notification: NotificationId,
    /// The tries.
    pub tried: Vec<Tried>,
    /// A fraction from 0 to 1, which spreads tries that failed together.
    pub random: f64,
    /// The time.
    pub now: Timestamp,
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The user.
    pub user: UserId,
    /// What it sent.
    pub sends: Sends,
    /// Where it went.
    pub target: Target,
    /// The hash of the address ([`vestnik_rules::address`]): if the service says that it is dead, no other
    /// address dies. A backend has none that could die.
    pub address: [u8; 32],
    /// The end of its lease, which names it.
    pub lease_until: Timestamp,
    /// When it was sent.
    pub began_at: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether a repetition takes the place of what it may have handed over
    /// ([`Bounds::collapses`](vestnik_rules::attempt::Bounds::collapses)).
    pub collapses: bool,
    /// The environment of its service that took it, if that is not the one of its address: it is kept with
    /// the address ([`vestnik_rules::address::moved`]).
    pub moved: Option<PushEnvironment>,
    /// What the service said, for operators: a code, no content.
    pub said: Option<String>,
    /// What the reports about what was taken are matched by, if there can be any:
    /// [`vestnik_rules::gateway::message_hash`].
    pub message: Option<[u8; 32]>,
    /// What it cost if it was taken: what the gateway said, or the price of the provider that took it.
    pub cost: Option<Money>,
    /// The providers of a gateway that it went past.
    pub passed_over: Vec<PassedOver>,
    /// What it shows of the App's credentials, if it shows anything.
    pub sign: Option<Sign>,
}

impl Settling {
    /// The channels of the tries.
    #[must_use]
    pub fn channels(&self) -> BTreeSet<Channel> {
        let tries = self.tried.iter();
        tries.map(|tried| tried.target.channel()).collect()
    }

    /// What the tries over a channel show of the App's credentials.
    pub fn shown(&self, channel: Channel) -> impl Iterator<Item = Shown<'_>> {
        let tries = self.tried.iter();
        let over = tries.filter(move |tried| tried.target.channel() == channel);
        over.filter_map(|tried| {
            let began_at = tried.lease_until.checked_sub(lease(tried.target));
            Some(Shown {
                sign: tried.sign?,
                said: tried.said.as_deref(),
                began_at: began_at.unwrap_or(Timestamp::MIN),
            })
        })
    }
}

impl Tried {
    /// Where its address belongs, if its service took it elsewhere than the address says.
    #[must_use]
    pub fn moved(&self) -> Option<Moved> {
        self.moved.map(|environment| Moved {
            hash: self.address,
            environment,
            began_at: self.began_at,
        })
    }
}

/// What became of a letter that a mail server had taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterReport {
    /// The tenant.
    pub app: AppId,
    /// The letter's delivery.
    pub delivery: DeliveryId,
    /// What became of it.
    pub fate: Fate,
    /// Of which mailbox the report says it, if it names one.
    pub mailbox: Option<EmailAddress>,
    /// What the mail server said, for operators: a code, no content.
    pub said: Option<String>,
    /// The time.
    pub now: Timestamp,
}

/// What a gateway reports of messages that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageReports {
    /// The tenant.
    pub app: AppId,
    /// The gateway.
    pub gateway: GatewayName,
    /// The reports.
    pub reports: Vec<MessageReport>,
    /// The time.
    pub now: Timestamp,
}

/// What became of a message that a gateway had taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageReport {
    /// What its attempt is matched by: [`vestnik_rules::gateway::message_hash`].
    pub message: [u8; 32],
    /// What became of it.
    pub fate: MessageFate,
    /// When, as the gateway says.
    pub at: Timestamp,
}

/// What a push service reports of pushes that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushReceipts {
    /// The tenant.
    pub app: AppId,
    /// The service.
    pub channel: Channel,
    /// The receipts.
    pub receipts: Vec<PushReceipt>,
    /// The time.
    pub now: Timestamp,
}

/// What became of a push that a service had taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushReceipt {
    /// What its attempt is matched by: [`vestnik_rules::push_receipt::push_hash`].
    pub push: [u8; 32],
    /// The hash of the address that it went to: [`vestnik_rules::address::hash`].
    pub address: [u8; 32],
    /// What became of it.
    pub fate: MessageFate,
    /// When, as the service says.
    pub at: Timestamp,
}

/// What a report about a letter came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterNoted {
    /// The notification.
    pub notification: NotificationId,
    /// The user.
    pub user: UserId,
    /// Whether the letter counts as lost by this report, and did not before.
    pub is_lost: bool,
    /// Whether the user's mailbox died by it.
    pub is_dead: bool,
}
