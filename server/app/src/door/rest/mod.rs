//! The REST interface: a file per resource.

pub(crate) mod audiences;
pub(crate) mod batch;
pub(crate) mod body;
pub(crate) mod bounces;
pub(crate) mod chats;
pub(crate) mod contacts;
pub(crate) mod costs;
pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod gateways;
pub(crate) mod identity_keys;
pub(crate) mod import;
pub(crate) mod installations;
pub(crate) mod keys;
pub(crate) mod notifications;
pub(crate) mod page;
pub(crate) mod path;
pub(crate) mod preferences;
pub(crate) mod preview;
pub(crate) mod providers;
pub(crate) mod push_receipts;
pub(crate) mod receipts;
pub(crate) mod settings;
pub(crate) mod submission;
pub(crate) mod token;
pub(crate) mod topics;
pub(crate) mod unsubscribe;
pub(crate) mod users;
pub(crate) mod webhooks;

#[cfg(test)]
pub(crate) mod tests;
