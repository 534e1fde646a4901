//! Huawei Push Kit.
//!
//! An account is for one of two interfaces ([`Credentials`]): version 1 reaches apps for Android and for
//! `HarmonyOS` up to 4 and takes access tokens for a client's secret, version 3 reaches apps for
//! `HarmonyOS` from 5 and takes tokens that a service account signs. [`request`] sends to one token, so that
//! what is said of it is said of nobody else; [`outcome`] reads the answer. What became of a push later, Huawei
//! tells by requests of its own, if the account has a [`ReceiptKey`]: [`receipts`] reads them. Sources:
//! <https://developer.huawei.com/consumer/en/doc/HMSCore-References/https-send-api-0000001050986197> and
//! <https://developer.huawei.com/consumer/en/doc/harmonyos-references/push-scenariozed-api-response>.

mod account;
mod category;
mod message;
mod outcome;
mod receipt;
mod request;
mod token;

pub use crate::oauth::AccessToken;
pub use account::{Application, Credentials, Interface, Project, Settings};
pub use category::Categories;
pub use message::{MAX_PAYLOAD_BYTES, MAX_TTL_SECONDS};
pub use outcome::outcome;
pub use receipt::{
    MAX_RECEIPTS, Proof, RECEIPT_HEADER, Receipt, ReceiptError, ReceiptKey, receipts,
};
pub use request::{Sender, production, request};
pub use token::{exchange, sign};

pub(crate) use request::rendered;

#[cfg(test)]
mod tests;
