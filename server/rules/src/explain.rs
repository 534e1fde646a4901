//! What became of a delivery, in words for a sender, a courier or a support person.
//!
//! [`explain`] turns what is stored about a delivery ([`Findings`]) into an ordered list of [`Statement`]s:
//! what was asked for, how each device could be reached, what was tried, what devices confirmed, where the
//! delivery stands, and what it waits for. Each statement is an enum variant with its typed evidence and
//! names the [`Rule`] that it follows from; [`english`] and [`russian`] render one as a sentence. Nothing
//! in a statement is content: no title, no text, no address, no token.
//!
//! A person for whom a notification has no delivery is explained too: who asks "why did they get nothing?"
//! has no id of a delivery.
//!
//! ```
//! use vestnik_model::{DeliveryState, Expansion, publish::Steps};
//! use vestnik_rules::device::{Addressed, Wanted};
//! use vestnik_rules::explain::{DeliveryFindings, Findings, NotificationFindings, Times, english, explain};
//! use vestnik_rules::schedule::Hours;
//!
//! let accepted_at = "2026-11-29T10:02:00Z".parse()?;
//! let findings = Findings {
//!     notification: NotificationFindings {
//!         accepted_at,
//!         opens_at: accepted_at,
//!         expires_at: "2026-12-02T10:02:00Z".parse()?,
//!         schedule: None,
//!         steps: Steps::default(),
//!         wanted: Wanted::ALL,
//!         expansion: Expansion::Done,
//!         is_cancelled: false,
//!         is_recalled: false,
//!         is_excluded: false,
//!         is_erased: false,
//!     },
//!     delivery: Some(DeliveryFindings {
//!         state: DeliveryState::pending(), course: None, addressed: Addressed::ALL, gave_way: false,
//!         is_deleted: false,
//!     }),
//!     devices: Vec::new(),
//!     mailbox: None,
//!     has_backend: false,
//!     gateways: Vec::new(),
//!     tries: Vec::new(),
//!     not_shown: Default::default(),
//!     hours: Hours::Open,
//! };
//! let statements = explain(&findings, "2026-11-29T10:05:00Z".parse()?);
//! let times = Times::of_day(accepted_at);
//! let sentences: Vec<_> = statements.iter().map(|said| english(said, times)).collect();
//! assert_eq!(sentences[0], "The notification was accepted on 2026-11-29 at 10:02:00 (all times are UTC).");
//! # Ok::<(), jiff::Error>(())
//! ```

mod ahead;
mod english;
mod evidence;
mod findings;
mod outlook;
mod principle;
mod reachability;
mod russian;
mod statement;
mod story;
mod times;
mod waiting;

pub use self::{
    english::{english, english_rule},
    evidence::{Evidence, Meaning},
    findings::{Address, DeliveryFindings, Device, Findings, NotShown, NotificationFindings, Try},
    principle::Rule,
    russian::{russian, russian_rule},
    statement::{
        Asked, AttemptFinding, CascadeFinding, Cause, DeviceFinding, DeviceName, Place, Standing,
        Statement, Unshown, Waiting, Written,
    },
    story::explain,
    times::Times,
};

#[cfg(test)]
mod tests;
