//! The routes by which notifications leave the server, other than the hub.
//!
//! `sender` hands each try of a dispatch to its route. `push` makes pushes and reads what became of them;
//! the requests are made and sent by `vestnik_push`. `email` does the same with letters and
//! `vestnik_mail`. `backend` asks the App's own backend, `gateway` the providers of gateways; `gate` says whether these are asked at all. `webhook` sends events to receivers. `sample` makes the pushes that a sender previews.

mod account;
mod backend;
mod content;
mod curve;
mod email;
mod gate;
mod gateway;
mod outcome;
mod push;
mod sample;
mod sender;
mod signed;
mod turn;
pub(crate) mod webhook;

pub(crate) use backend::{BackendSender, ONE_DELIVERY, account as backend_account};
pub use curve::FastCurve;
pub(crate) use email::{MailSender, ONE_LETTER, Posting};
pub(crate) use gateway::{GatewaySender, NoProvider, ONE_MESSAGE, ONE_SHORT_MESSAGE};
pub(crate) use push::{ONE_REQUEST, PushSender, limits, service};
pub(crate) use sample::{Sample, samples};
pub(crate) use sender::{Accounts, Sender};
