//! The account of an App at a gateway's providers, as an operator gives it: one JSON object.
//!
//! ```text
//! providers          1 to 4, in the order in which they are tried:
//!   name               what the operator calls it, at most 20 characters
//!   gateway            the word of a shipped descriptor, or a descriptor as an object
//!   settings           what the descriptor asks for
//!   origin             optional: where it is, if not where the descriptor says
//!   price              optional: {"amount": "3.20", "currency": "RUB"}
//!   per_second         optional: the most messages a second
//!   root_certificates  optional: certificates in PEM to trust besides the system's
//! ```

use crate::{
    descriptor::Evidence, fault::Invalid, node::Node, provider::Provider, recipient::RecipientKind,
    source,
};

/// The most bytes of an account.
pub const MAX_ACCOUNT_BYTES: usize = 256 * 1_024;
/// The most providers.
pub const MAX_PROVIDERS: usize = 4;

/// The providers of a gateway channel, in the order in which they are tried.
#[derive(Debug, Clone)]
pub struct Account {
    providers: Vec<Provider>,
    recipient: RecipientKind,
}

impl Account {
    /// Reads the JSON of an account.
    ///
    /// # Errors
    /// [`Invalid`] with the place and what was expected there; no value is told.
    pub fn parse(json: &str) -> Result<Self, Invalid> {
        let value = source::json(json, MAX_ACCOUNT_BYTES)?;
        let fields = Node::root(&value).object(&["providers"])?;
        let node = fields.need("providers")?;
        let nodes = node.list(MAX_PROVIDERS)?;
        let mut providers: Vec<Provider> = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let provider = Provider::read(node)?;
            if providers
                .iter()
                .any(|other| other.name() == provider.name())
            {
                return Err(Invalid::new(
                    format!("{}/name", node.at),
                    crate::fault::Fault::Rule("must not be the name of an earlier provider"),
                ));
            }
            let first = providers
                .first()
                .map(|first| first.descriptor().recipient());
            if first.is_some_and(|first| first != provider.descriptor().recipient()) {
                return Err(Invalid::new(
                    format!("{}/gateway", node.at),
                    crate::fault::Fault::Rule(
                        "sends to another kind of address than the first provider",
                    ),
                ));
            }
            providers.push(provider);
        }
        let recipient = providers
            .first()
            .map(|first| first.descriptor().recipient());
        let recipient = recipient.ok_or_else(|| node.rule("must have a provider"))?;
        Ok(Self {
            providers,
            recipient,
        })
    }

    /// The providers, in the order in which they are tried.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// What they send to.
    #[must_use]
    pub const fn recipient(&self) -> RecipientKind {
        self.recipient
    }

    /// What every one of them can prove of a message: whoever waits for more may wait in vain.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        let evidence = self.providers.iter().map(Provider::evidence);
        evidence.min().unwrap_or(Evidence::Handed)
    }
}
