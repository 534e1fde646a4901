//! The rows of the maps.

mod audience;
mod delivery;
mod key;
mod log;
mod notification;
mod session;
mod tenant;
mod upload;
mod work;

pub(crate) use audience::{TopicRow, UserRow};
pub(crate) use delivery::{
    AttemptKey, AttemptRow, DeliveryRow, FactKey, FlagRow, NotShownKey, WithdrawalKey,
    WithdrawalRow,
};
pub(crate) use key::{NotificationKey, TopicKey, UploadKey, UserKey};
pub(crate) use log::{Content, LogRow};
pub(crate) use notification::NotificationRow;
pub(crate) use session::{AddressRow, FamilyRow, InstallationRow, PresenceKey, PresenceRow};
pub(crate) use tenant::{KeyRow, ProviderRow, WebhookRow};
pub(crate) use upload::UploadRow;
pub(crate) use work::{Target, WorkRow};
