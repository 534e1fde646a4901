//! The routes by which notifications leave the server, other than the hub.
//!
//! `push` makes pushes of what a dispatch began and reads what became of them; the requests are made
//! and sent by `vestnik_push`.

mod content;
mod email;
mod push;

pub(crate) use email::MailSender;
pub(crate) use push::{Accounts, ONE_REQUEST, PushSender, limits, service};
