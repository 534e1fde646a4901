//! The account of an App at a gateway's providers, as an operator gives it: one JSON object.
//!
//! ```text
//! order              optional: `written` (the default) or `price`: the cheapest first, by what a message costs there
//! providers          1 to 4, in the order in which they are tried; exactly one of a gateway that sends to chats:
//!   name               what the operator calls it, at most 20 characters
//!   gateway            the word of a shipped descriptor, a descriptor as an object, or smpp
//!   settings           what the descriptor asks for; those of SMPP are in vestnik_smpp::account
//!   origin             optional: where it is, if not where the descriptor says; not with smpp
//!   price              optional: {"amount": "3.20", "currency": "RUB"}
//!   per_second         optional: the most messages a second; with smpp in its settings
//!   root_certificates  optional: certificates in PEM to trust besides the system's; likewise
//! ```

use vestnik_model::{ProviderName, cost::Price};

use crate::{
    descriptor::Evidence,
    fault::{Fault, Invalid},
    node::Node,
    provider::Provider,
    recipient::RecipientKind,
    smpp::Smpp,
    source,
};

/// The most bytes of an account.
pub const MAX_ACCOUNT_BYTES: usize = 256 * 1_024;
/// The most providers.
pub const MAX_PROVIDERS: usize = 4;

/// In which order the providers of an account are tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// As they are written.
    #[default]
    Written,
    /// The cheapest first; those that cost the same as they are written.
    Price,
}

/// The providers of a gateway channel.
#[derive(Debug, Clone)]
pub struct Account {
    tried: Order,
    providers: Vec<Provider>,
    centres: Vec<Smpp>,
    /// Which of them come first.
    order: Vec<Place>,
    recipient: RecipientKind,
}

/// A provider of an account, by its number among those that are spoken to alike.
#[derive(Debug, Clone, Copy)]
enum Place {
    Http(usize),
    Smpp(usize),
}

/// A provider of an account, by how it is spoken to.
#[derive(Debug, Clone, Copy)]
pub enum Carrier<'a> {
    /// Over HTTP, as a descriptor says.
    Http(&'a Provider),
    /// Over SMPP.
    Smpp(&'a Smpp),
}

impl Account {
    /// Reads the JSON of an account.
    ///
    /// # Errors
    /// [`Invalid`] with the place and what was expected there; no value is told.
    pub fn parse(json: &str) -> Result<Self, Invalid> {
        let value = source::json(json, MAX_ACCOUNT_BYTES)?;
        let fields = Node::root(&value).object(&["providers", "order"])?;
        let orders = [("written", Order::Written), ("price", Order::Price)];
        let tried = fields.map("order", |node| node.word(&orders))?;
        let node = fields.need("providers")?;
        let mut account = Self {
            tried: tried.unwrap_or_default(),
            providers: Vec::new(),
            centres: Vec::new(),
            order: Vec::new(),
            recipient: RecipientKind::Phone,
        };
        for node in &node.list(MAX_PROVIDERS)? {
            account.add(node)?;
        }
        let first = account.carriers().next().map(Carrier::recipient);
        account.recipient = first.ok_or_else(|| node.rule("must have a provider"))?;
        if account.recipient == RecipientKind::Chat && account.order.len() > 1 {
            let rule = "must be one: a chat belongs to the bot that it was opened with";
            return Err(node.rule(rule));
        }
        Ok(account)
    }

    fn add(&mut self, node: &Node<'_>) -> Result<(), Invalid> {
        if Smpp::is_meant(node) {
            let centre = Smpp::read(node)?;
            self.fits(node, Carrier::Smpp(&centre))?;
            self.order.push(Place::Smpp(self.centres.len()));
            self.centres.push(centre);
        } else {
            let provider = Provider::read(node)?;
            self.fits(node, Carrier::Http(&provider))?;
            self.order.push(Place::Http(self.providers.len()));
            self.providers.push(provider);
        }
        Ok(())
    }

    /// Whether a provider can stand behind those before it.
    fn fits(&self, node: &Node<'_>, carrier: Carrier<'_>) -> Result<(), Invalid> {
        let wrong =
            |field: &str, rule| Invalid::new(format!("{}/{field}", node.at), Fault::Rule(rule));
        if self.carriers().any(|other| other.name() == carrier.name()) {
            return Err(wrong("name", "must not be the name of an earlier provider"));
        }
        let first = self.carriers().next().map(Carrier::recipient);
        if first.is_some_and(|first| first != carrier.recipient()) {
            let rule = "sends to another kind of address than the first provider";
            return Err(wrong("gateway", rule));
        }
        match self.tried {
            Order::Written => Ok(()),
            Order::Price => self.is_comparable(node, carrier),
        }
    }

    /// Whether a provider has a price that can be compared with that of the first one.
    fn is_comparable(&self, node: &Node<'_>, carrier: Carrier<'_>) -> Result<(), Invalid> {
        let wrong = |at: &str, rule| Invalid::new(format!("{}{at}", node.at), Fault::Rule(rule));
        let currency = |of: Carrier<'_>| of.listed().map(|price| price.money.currency);
        let Some(own) = currency(carrier) else {
            let rule = "is required where the order is that of prices";
            return Err(wrong("/price", rule));
        };
        let first = self.carriers().next().and_then(currency);
        if first.is_some_and(|first| first != own) {
            let rule =
                "must be the currency of the first provider where the order is that of prices";
            return Err(wrong("/price/currency", rule));
        }
        Ok(())
    }

    /// The providers, in the order in which they are written.
    pub fn carriers(&self) -> impl Iterator<Item = Carrier<'_>> {
        self.order.iter().filter_map(|place| match *place {
            Place::Http(number) => self.providers.get(number).map(Carrier::Http),
            Place::Smpp(number) => self.centres.get(number).map(Carrier::Smpp),
        })
    }

    /// Those of the providers that are spoken to over HTTP, in their order.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// In which order they are tried.
    #[must_use]
    pub const fn order(&self) -> Order {
        self.tried
    }

    /// The price of the provider that is tried first, if the operator gave it one.
    #[must_use]
    pub fn price(&self) -> Option<Price> {
        match self.tried {
            Order::Written => self.carriers().next()?.listed(),
            Order::Price => {
                let listed = self.carriers().filter_map(Carrier::listed);
                listed.min_by_key(|price| price.money.micros)
            }
        }
    }

    /// What they send to.
    #[must_use]
    pub const fn recipient(&self) -> RecipientKind {
        self.recipient
    }

    /// What every one of them can prove of a message: whoever waits for more may wait in vain.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        let evidence = self.carriers().map(Carrier::evidence);
        evidence.min().unwrap_or(Evidence::Handed)
    }
}

impl Carrier<'_> {
    /// What the operator calls it.
    #[must_use]
    pub const fn name(self) -> ProviderName {
        match self {
            Self::Http(provider) => provider.name(),
            Self::Smpp(centre) => centre.name(),
        }
    }

    /// What it sends to.
    #[must_use]
    pub fn recipient(self) -> RecipientKind {
        match self {
            Self::Http(provider) => provider.descriptor().recipient(),
            Self::Smpp(_) => RecipientKind::Phone,
        }
    }

    /// The operator's price; none if they gave none.
    #[must_use]
    pub fn listed(self) -> Option<Price> {
        match self {
            Self::Http(provider) => provider.listed(),
            Self::Smpp(centre) => centre.listed(),
        }
    }

    /// The most that it can prove of a message.
    #[must_use]
    pub fn evidence(self) -> Evidence {
        match self {
            Self::Http(provider) => provider.evidence(),
            Self::Smpp(centre) => centre.evidence(),
        }
    }
}
