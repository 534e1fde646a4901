//! What a row of the table says: an answer of a push service, and what must become of a push.

use std::fmt;

use serde::Serialize;
use vestnik_model::{AttemptStatus, DeliveryStatus, Reason};
use vestnik_sim::{Kind, When};

/// A row. Its texts are those of the services' pages; what is expected is read off the reference of push
/// services, whose sections `source` names, and never off the server's code.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// The kind of address that is pushed to.
    pub(crate) to: Kind,
    /// The answer, as a person reads it.
    pub(crate) answer: String,
    /// Where it is documented.
    pub(crate) source: &'static str,
    /// What is so before.
    pub(crate) before: Before,
    /// What the service does.
    pub(crate) does: Does,
    /// To how many requests; absent, to all until the push is settled for the first time.
    pub(crate) times: Option<u64>,
    /// What must become of it.
    pub(crate) expected: Outcome,
}

/// What is so before the push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// Nothing was sent yet.
    Nothing,
    /// A push was taken so long ago that APNs allows another provider token (20 minutes).
    RipeToken,
    /// The device token is of the sandbox, and the installation does not say so.
    Sandbox,
}

/// What a service does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Does {
    /// It takes the push.
    Accepts,
    /// It refuses it.
    Says {
        /// The HTTP status.
        status: u16,
        /// Its word, if it has one.
        word: Option<&'static str>,
        /// The field that FCM names.
        field: Option<&'static str>,
        /// `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
    /// Google's token endpoint refuses, and the service is not asked.
    RefusesToken {
        /// The HTTP status.
        status: u16,
        /// `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
    /// The address died an hour before the device reported it.
    DiedBefore,
    /// It ends the connection.
    Resets(When),
    /// It answers, and ends the connection.
    GoesAway,
    /// It answers late.
    IsSlow,
}

/// What becomes of a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Outcome {
    /// The attempt, when it is settled for the first time.
    pub(crate) attempt: AttemptStatus,
    /// Why it went no further.
    pub(crate) reason: Option<Reason>,
    /// How many requests the service was sent until then.
    pub(crate) requests: usize,
    /// Whether it is tried again later. An attempt that is, is taken when the service has recovered.
    pub(crate) retry: Retry,
    /// The address.
    pub(crate) address: Fate,
    /// The cascade.
    pub(crate) step: Step,
    /// The delivery when the attempt is settled for the first time, and no other step follows.
    pub(crate) delivery: DeliveryStatus,
}

/// Whether an attempt is made again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Retry {
    /// No.
    No,
    /// Yes, after at least so many seconds.
    After(u64),
    /// Yes, and earlier than the service allows. No row expects it.
    TooEarly(u64),
    /// Yes, and it is not taken by the service that has recovered. No row expects it.
    InVain,
}

/// What becomes of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    /// The next notification is pushed to it.
    Kept,
    /// The next notification is not.
    Dead,
}

/// What the cascade does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// It stays at the push.
    Stays,
    /// It goes on to the next step at once.
    GoesOn,
    /// It goes on when there is no time for another try.
    WhenExhausted,
}

impl Outcome {
    /// The push was taken, after so many requests.
    pub(crate) const fn taken(requests: usize) -> Self {
        Self {
            attempt: AttemptStatus::Sent,
            reason: None,
            requests,
            retry: Retry::No,
            address: Fate::Kept,
            step: Step::Stays,
            delivery: DeliveryStatus::Sent,
        }
    }

    /// The push will not be taken.
    pub(crate) const fn lost(reason: Reason, requests: usize, address: Fate) -> Self {
        Self {
            attempt: AttemptStatus::Failed,
            reason: Some(reason),
            requests,
            retry: Retry::No,
            address,
            step: Step::GoesOn,
            delivery: DeliveryStatus::Undelivered,
        }
    }

    /// The push is tried again, after at least so many seconds.
    pub(crate) const fn again(reason: Reason, requests: usize, seconds: u64) -> Self {
        Self {
            attempt: AttemptStatus::Retrying,
            reason: Some(reason),
            requests,
            retry: Retry::After(seconds),
            address: Fate::Kept,
            step: Step::WhenExhausted,
            delivery: DeliveryStatus::Pending,
        }
    }
}

impl Row {
    /// The service, as a person reads it.
    pub(crate) const fn service(&self) -> &'static str {
        match self.to {
            Kind::FcmToken | Kind::FcmFid => "FCM",
            Kind::Apns | Kind::ApnsVoip | Kind::ApnsLiveStart | Kind::ApnsLiveUpdate => "APNs",
            Kind::WebPush => "Web Push",
            Kind::Hms => "Huawei",
            Kind::Rustore => "RuStore",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.reason.map_or("-", Reason::as_str);
        let retry = match self.retry {
            Retry::No => "-".to_owned(),
            Retry::After(seconds) => format!("{seconds} s"),
            Retry::TooEarly(seconds) => format!("after {seconds} s"),
            Retry::InVain => "in vain".to_owned(),
        };
        let address = match self.address {
            Fate::Kept => "kept",
            Fate::Dead => "dead",
        };
        let step = match self.step {
            Step::Stays => "stays",
            Step::GoesOn => "goes on",
            Step::WhenExhausted => "exhausted",
        };
        let (attempt, delivery) = (self.attempt.as_str(), self.delivery.as_str());
        write!(
            f,
            "{attempt:<9} {reason:<26} {:>2} {retry:>8} {address:<5} {step:<10} {delivery}",
            self.requests
        )
    }
}
