//! A provider that is spoken to over SMPP: a message centre by an operator's account.
//!
//! No descriptor says how it is spoken to. It stands in an account beside providers over HTTP: `gateway` is the word
//! [`SMPP`], and `settings` is what [`vestnik_smpp::account`] reads.

use serde_json::json;
use vestnik_model::{
    Money, ProviderName,
    cost::{Per, Price},
};
use vestnik_smpp::AccountError;
pub use vestnik_smpp::account::{OPTIONAL, REQUIRED};

use crate::{
    cost,
    descriptor::Evidence,
    fault::{Fault, Invalid},
    message::Message,
    node::Node,
    provider, source,
    text::Text,
};

/// The word that stands for SMPP where others name a descriptor.
pub const SMPP: &str = "smpp";

/// What an operator has to know of such a provider, as `vestnik gateway show smpp` prints it.
pub const ABOUT: &str = include_str!("../descriptors/smpp.txt");

/// The most bytes of settings.
const MAX_BYTES: usize = 64 * 1_024;

/// A message centre with an operator's account. `Debug` shows no setting.
#[derive(Debug, Clone)]
pub struct Smpp {
    name: ProviderName,
    account: vestnik_smpp::Account,
    price: Option<Money>,
}

impl Smpp {
    /// Whether a provider of an account is one.
    pub(crate) fn is_meant(provider: &Node<'_>) -> bool {
        let gateway = provider.value.get("gateway");
        gateway.and_then(serde_json::Value::as_str) == Some(SMPP)
    }

    pub(crate) fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&["name", "gateway", "settings", "price"])?;
        let settings = fields.need("settings")?;
        let account = vestnik_smpp::Account::parse(&settings.value.to_string());
        Ok(Self {
            name: provider::name(&fields)?,
            account: account.map_err(|error| invalid(&settings, error))?,
            price: fields.map("price", cost::price)?,
        })
    }

    /// A message centre by the settings of a JSON object, for trying them out; without them, by a sample.
    ///
    /// # Errors
    /// [`Invalid`], whose pointer begins at `/settings`.
    pub fn sample(settings: Option<&str>) -> Result<Self, Invalid> {
        let settings = match settings {
            Some(text) => source::json(text, MAX_BYTES)?,
            None => json!({
                "host": "smsc.example", "system_id": "sample", "password": "sample", "source": "Sample",
            }),
        };
        let document = json!({"name": "sample", "gateway": SMPP, "settings": settings});
        Self::read(&Node::root(&document))
    }

    /// What the operator calls it.
    #[must_use]
    pub const fn name(&self) -> ProviderName {
        self.name
    }

    /// How the message centre is bound to, and how messages are sent.
    #[must_use]
    pub const fn account(&self) -> &vestnik_smpp::Account {
        &self.account
    }

    /// The most that it can prove of a message: a receipt of each part says that it is on the phone.
    #[must_use]
    pub const fn evidence(&self) -> Evidence {
        match self.account.form().receipts {
            vestnik_smpp::Receipts::All | vestnik_smpp::Receipts::Last => Evidence::Delivered,
            vestnik_smpp::Receipts::None => Evidence::Handed,
        }
    }

    /// The text of a message: its title, its body and its link, each on a line. A longer one than the account sends
    /// is cut, the body first.
    #[must_use]
    pub fn text(&self, message: &Message<'_>) -> String {
        let text = Text::of_submissions(self.account.form());
        // What is cut always has a text.
        text.of(message).unwrap_or_default()
    }

    /// How many short messages a text is sent as.
    #[must_use]
    pub fn parts(&self, text: &str) -> usize {
        let form = self.account.form();
        vestnik_smpp::parts(text, form.coding, form.joining).count
    }

    /// The operator's price, which is that of a part; none if they gave none.
    #[must_use]
    pub fn listed(&self) -> Option<Price> {
        Some(Price {
            money: self.price?,
            per: Per::SmsPart,
            provider: Some(self.name),
        })
    }

    /// What a message of so many parts costs by the operator's price; none if they gave none.
    #[must_use]
    pub fn price(&self, parts: usize) -> Option<Money> {
        Some(self.price?.times(parts))
    }
}

/// The place of what the crate of SMPP finds wrong.
fn invalid(settings: &Node<'_>, error: AccountError) -> Invalid {
    let at = |field: &str| format!("{}/{field}", settings.at);
    match error {
        AccountError::Missing { field } => Invalid::new(at(field), Fault::Missing),
        AccountError::Value { field, fault } => Invalid::new(at(field), Fault::Smpp(fault)),
        AccountError::TooLong
        | AccountError::Json { .. }
        | AccountError::NotObject
        | AccountError::Unknown => Invalid::new(settings.at.clone(), Fault::Settings(error)),
    }
}
