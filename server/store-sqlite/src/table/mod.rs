//! A file for each table, or for tables that always change together: statements and the functions
//! that run them. Functions that only read take a connection; those that emit effects take a [`Txn`].

pub(crate) mod api_key;
pub(crate) mod app;
pub(crate) mod arrival;
pub(crate) mod asking;
pub(crate) mod attempt;
pub(crate) mod audience;
pub(crate) mod audience_line;
pub(crate) mod audience_problem;
pub(crate) mod calendar;
pub(crate) mod change;
pub(crate) mod chat;
pub(crate) mod chat_link;
pub(crate) mod collapse;
pub(crate) mod contact;
pub(crate) mod cost;
pub(crate) mod count;
pub(crate) mod dead_number;
pub(crate) mod decrypt;
pub(crate) mod delivery;
pub(crate) mod dispatch;
pub(crate) mod edit;
pub(crate) mod email_address;
pub(crate) mod erased_user;
pub(crate) mod erasure;
pub(crate) mod event;
pub(crate) mod evidence;
pub(crate) mod expansion;
pub(crate) mod expiry;
pub(crate) mod fact;
pub(crate) mod findings;
pub(crate) mod handover;
pub(crate) mod idempotency;
pub(crate) mod identity_key;
pub(crate) mod import;
pub(crate) mod installation;
pub(crate) mod lease;
pub(crate) mod log;
pub(crate) mod lost;
pub(crate) mod marking;
pub(crate) mod message_report;
pub(crate) mod meta;
pub(crate) mod notification;
pub(crate) mod numbering;
pub(crate) mod phone_number;
pub(crate) mod presence;
pub(crate) mod present;
pub(crate) mod provider;
pub(crate) mod push_address;
pub(crate) mod reach;
pub(crate) mod recall;
pub(crate) mod refresh_family;
pub(crate) mod release;
pub(crate) mod report;
pub(crate) mod response;
pub(crate) mod resume;
pub(crate) mod retention;
pub(crate) mod retry;
mod revocation;
pub(crate) mod secret;
pub(crate) mod sweep;
pub(crate) mod taken;
pub(crate) mod token_use;
pub(crate) mod told;
pub(crate) mod topic;
pub(crate) mod user;
pub(crate) mod user_attribute;
pub(crate) mod webhook;
pub(crate) mod withdrawal;
pub(crate) mod work;

use vestnik_sqlite::WriteTxn;
use vestnik_store::Event;

/// What a job of the store sees: a connection within its transaction, and the sink of its effects.
pub(crate) type Txn<'a> = WriteTxn<'a, Event>;

/// Every statement with its file and its name, for the test of plans.
#[cfg(test)]
pub(crate) const STATEMENTS: &[(&str, &[(&str, &str)])] = &[
    ("api_key", api_key::ALL),
    ("app", app::ALL),
    ("asking", asking::ALL),
    ("attempt", attempt::ALL),
    ("audience", audience::ALL),
    ("audience_line", audience_line::ALL),
    ("audience_problem", audience_problem::ALL),
    ("calendar", calendar::ALL),
    ("change", change::ALL),
    ("chat", chat::ALL),
    ("chat_link", chat_link::ALL),
    ("dead_number", dead_number::ALL),
    ("collapse", collapse::ALL),
    ("cost", cost::ALL),
    ("count", count::ALL),
    ("decrypt", decrypt::ALL),
    ("delivery", delivery::ALL),
    ("delivery/waiting", delivery::WAITING),
    ("dispatch", dispatch::ALL),
    ("edit", edit::ALL),
    ("contact", contact::ALL),
    ("email_address", email_address::ALL),
    ("erased_user", erased_user::ALL),
    ("erasure", erasure::ALL),
    ("event", event::ALL),
    ("event/old", event::old::ALL),
    ("expansion/walk", expansion::walk::ALL),
    ("fact", fact::ALL),
    ("findings", findings::ALL),
    ("idempotency", idempotency::ALL),
    ("identity_key", identity_key::ALL),
    ("import", import::ALL),
    ("installation", installation::ALL),
    ("log", log::ALL),
    ("lost", lost::ALL),
    ("message_report", message_report::ALL),
    ("taken", taken::ALL),
    ("meta", meta::ALL),
    ("notification", notification::ALL),
    ("notification/view", notification::VIEWS),
    ("numbering", numbering::ALL),
    ("presence", presence::ALL),
    ("phone_number", phone_number::ALL),
    ("present", present::ALL),
    ("provider", provider::ALL),
    ("push_address", push_address::ALL),
    ("reach", reach::ALL),
    ("refresh_family", refresh_family::ALL),
    ("resume", resume::ALL),
    ("retention", retention::ALL),
    ("token_use", token_use::ALL),
    ("topic", topic::ALL),
    ("user", user::ALL),
    ("user_attribute", user_attribute::ALL),
    ("webhook", webhook::ALL),
    ("withdrawal", withdrawal::ALL),
    ("work", work::ALL),
];
