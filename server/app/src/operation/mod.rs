//! What the server does for its callers: one async function per use case.
//!
//! An operation takes what it needs, checks, and calls the store. What its commit means to others is
//! the store's to emit: an operation does nothing after its store call but make the answer, so a
//! caller that hangs up changes nothing of what was committed. It knows neither HTTP nor the hub; its
//! errors are [`Refusal`](crate::refusal::Refusal)s. Views that need no decision are read from the
//! store by the doors themselves.

mod audience_files;
mod batch;
mod bounces;
mod chats;
mod contacts;
mod costs;
mod events;
mod exchange;
mod explain;
mod gateway_reports;
mod gateways;
mod hello;
mod identity_keys;
mod import;
mod keys;
mod login;
mod logout;
mod preview;
mod providers;
mod publish;
mod push_receipts;
mod recipients;
mod register;
mod report;
mod retry;
mod rotation;
mod sync;
mod tokens;
mod topics;
mod watch;
mod webhooks;

pub(crate) use audience_files::{
    Cut, Uploaded, Uploading, Writing, create_audience, delete_audience, unusable_file, upload,
};
pub(crate) use batch::{check_batch, publish_batch};
pub(crate) use bounces::{Bouncing, take_bounce};
pub(crate) use chats::{chat, delete_chat, link_chat, put_chat};
pub(crate) use contacts::{delete_email, email, put_email};
pub(crate) use costs::costs;
pub(crate) use events::{EventReading, EventRequest, events, views as event_views};
pub(crate) use exchange::{exchange, presented};
pub(crate) use explain::{Telling, explain, explain_delivery};
pub(crate) use gateway_reports::{GatewayDoor, Hearing, expects_reports, take_reports};
pub(crate) use hello::{Greeting, hello, welcome_sender};
pub(crate) use identity_keys::{delete_identity_key, put_identity_key};
pub(crate) use import::import_addresses;
pub(crate) use keys::{create_key, revoke_key};
pub(crate) use login::{LoginRequest, log_in, vouched};
pub(crate) use logout::{end_session, erase_user, log_out, log_user_out};
pub(crate) use preview::preview;
pub(crate) use providers::{Account, Setting, account, delete_provider, providers, put_provider};
pub(crate) use publish::{Publishing, cancel, edit, pause, publish, recall, show};
pub(crate) use push_receipts::{PushDoor, proves_receipts, take_push_receipts, unproven_receipts};
pub(crate) use recipients::{
    attributes, change_preferences, preferences, put_attributes, put_settings, settings,
    unsubscribe_by_letter,
};
pub(crate) use register::{register, update_device};
pub(crate) use report::{Reporting, report};
pub(crate) use retry::retry;
pub(crate) use rotation::{rotate, rotation};
pub(crate) use sync::{Syncing, sync};
pub(crate) use tokens::Issuing;
pub(crate) use topics::{delete_topic, join, leave, put_topic, subscribe, unsubscribe};
pub(crate) use watch::{WatchRequest, Watching, watch};
pub(crate) use webhooks::{
    Hooking, create_webhook, delete_webhook, edit_webhook, replay_webhook, rotate_webhook,
    switch_webhook, test_webhook, webhook, webhooks,
};
