//! Huawei's kinds of message.
//!
//! Huawei counts messages apart by what their sender says they are: a device takes two to five a day that
//! are `MARKETING`, or that carry a kind which the app was not given the right to, and 3,000 of all others.
//! <https://developer.huawei.com/consumer/en/doc/harmonyos-references/push-msg-freq-control>

use std::collections::BTreeMap;

use vestnik_model::TrafficType;

use crate::{
    field::{AccountError, Fault, Fields},
    push::Push,
};

/// The most entries of an account.
const MAX: usize = 64;
/// The most bytes of a kind.
const MAX_BYTES: usize = 32;

/// Which of Huawei's kinds an app's notifications are, by the name of their category or by the word of their
/// traffic type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Categories(BTreeMap<String, String>);

impl Categories {
    pub(super) fn of(fields: &Fields) -> Result<Self, AccountError> {
        let entries = fields.text_map("categories", MAX, |kind| {
            let is_word = (1..=MAX_BYTES).contains(&kind.len())
                && kind
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            is_word.then_some(()).ok_or(Fault::HuaweiCategory)
        })?;
        Ok(Self(entries))
    }

    /// The kind of a push: as the account says of its category, else of its traffic type, else the kind of
    /// Huawei's that is nearest to the traffic type.
    pub(super) fn kind(&self, push: &Push) -> &str {
        let traffic = push.traffic_type;
        let of_category = push.category.as_ref();
        let said = of_category.and_then(|category| self.0.get(category.as_str()));
        let said = said.or_else(|| self.0.get(traffic.as_str()));
        said.map_or_else(|| nearest(traffic), String::as_str)
    }
}

const fn nearest(traffic: TrafficType) -> &'static str {
    match traffic {
        TrafficType::Transactional => "EXPRESS",
        TrafficType::Service | TrafficType::Authentication => "ACCOUNT",
        TrafficType::Informational => "SUBSCRIPTION",
        TrafficType::Advertising => "MARKETING",
    }
}
