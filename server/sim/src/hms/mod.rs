//! Huawei Push Kit, versions 1 and 3, and the token endpoint that senders of version 1 need.
//!
//! Sources: <https://developer.huawei.com/consumer/en/doc/HMSCore-References/https-send-api-0000001050986197>,
//! <https://developer.huawei.com/consumer/en/doc/harmonyos-references/push-scenariozed-api-request-param>,
//! <https://developer.huawei.com/consumer/en/doc/harmonyos-references/push-scenariozed-api-response>,
//! <https://developer.huawei.com/consumer/en/doc/harmonyos-guides/push-jwt-token>.

mod authority;
mod receipt;
mod refusal;
mod rules;
mod schema;
mod send;

pub(crate) use authority::{AUDIENCE, TOKEN_PATH, grant, is_for_token, token_fault};
pub(crate) use receipt::{USER, receipts};
pub(crate) use refusal::fault;
pub(crate) use send::{HmsApp, device_of, send};
