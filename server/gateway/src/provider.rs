//! A provider: a gateway with an operator's settings.

use std::{fmt, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use http::Request;
use jiff::Timestamp;
use vestnik_model::{
    Money, ProviderName,
    cost::{Per, Price},
};
use vestnik_outbound::Trust;

use crate::{
    answer::{self, Answer},
    build_error::BuildError,
    check::Health,
    cost,
    descriptor::{Descriptor, Evidence, named_or_inline},
    escape,
    fault::Invalid,
    incoming::{Incoming, Received, Untrusted},
    limits::{Limits, per_second},
    message::Message,
    node::{Node, Object},
    origin::Origin,
    outcome::{Outcome, Verdict},
    setting::Settings,
    values::Values,
};

/// A gateway with an operator's settings. `Debug` shows no setting.
#[derive(Clone)]
pub struct Provider {
    name: ProviderName,
    descriptor: Arc<Descriptor>,
    settings: Settings,
    origin: Origin,
    price: Option<Money>,
    limits: Limits,
    trust: Trust,
    fingerprint: [u8; 32],
}

impl Provider {
    pub(crate) fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&[
            "name",
            "gateway",
            "settings",
            "origin",
            "price",
            "per_second",
            "root_certificates",
        ])?;
        Self::assemble(node, named_or_inline(&fields.need("gateway")?)?)
    }

    /// A provider of a descriptor by the other fields.
    pub(crate) fn assemble(node: &Node<'_>, descriptor: Arc<Descriptor>) -> Result<Self, Invalid> {
        let fields = node.table()?;
        let name = name(&fields)?;
        let origin = fields.map("origin", Origin::read)?;
        let origin = match origin.or_else(|| descriptor.origin().cloned()) {
            Some(origin) => origin,
            None => Origin::read(&fields.need("origin")?)?,
        };
        let mut limits = descriptor.limits();
        if let Some(per_second) = fields.map("per_second", per_second)?.flatten() {
            limits.per_second = Some(per_second);
        }
        let given = fields.get("settings");
        let at = format!("{}/settings", node.at);
        let settings = Settings::read((&at, given.as_ref()), descriptor.settings())?;
        Ok(Self {
            name,
            settings,
            origin,
            price: fields.map("price", cost::price)?,
            limits,
            trust: fields.map("root_certificates", trust)?.unwrap_or_default(),
            fingerprint: fingerprint(node),
            descriptor,
        })
    }

    /// What the operator calls it.
    #[must_use]
    pub const fn name(&self) -> ProviderName {
        self.name
    }

    /// How it is spoken to.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// Where it is.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How fast it may be sent to.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Whose certificates are trusted.
    #[must_use]
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// A hash of what the operator wrote: providers that differ in it share no throttle and no breaker.
    #[must_use]
    pub const fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// Whether it takes a second request of an attempt as the first.
    #[must_use]
    pub fn collapses(&self) -> bool {
        self.descriptor.collapses()
    }

    /// The most that it can prove of a message with these settings: without the secret by which its reports
    /// are verified, none is believed.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        let rules = self.descriptor.incoming.as_ref();
        let values = Values::of(&self.settings);
        if rules.is_some_and(|rules| rules.is_usable(&values)) {
            self.descriptor.evidence()
        } else {
            Evidence::Handed
        }
    }

    /// The request that sends a message. Its address, its headers and its body have secrets: log none of them.
    ///
    /// # Errors
    /// [`BuildError`], which says what no repetition mends.
    pub fn request(
        &self,
        message: &Message<'_>,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, BuildError> {
        self.build(message, now, false)
    }

    /// The same request with a mask in place of each secret, for people.
    ///
    /// # Errors
    /// [`BuildError`], as of the request.
    pub fn masked_request(
        &self,
        message: &Message<'_>,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, BuildError> {
        self.build(message, now, true)
    }

    fn build(
        &self,
        message: &Message<'_>,
        now: Timestamp,
        is_masked: bool,
    ) -> Result<Request<Vec<u8>>, BuildError> {
        if message.expires_at <= now {
            return Err(BuildError::Expired {
                at: message.expires_at,
            });
        }
        if message.to.kind() != self.descriptor.recipient() {
            return Err(BuildError::Recipient);
        }
        let values = Values {
            message: Some((message, &self.descriptor.text, now)),
            masked: is_masked.then(|| self.descriptor.settings()),
            ..Values::of(&self.settings)
        };
        self.descriptor.request.build(&self.origin, &values)
    }

    /// What an answer to the request means.
    #[must_use]
    pub fn outcome(&self, answer: &Answer<'_>, now: Timestamp) -> Outcome {
        let (verdict, value) = answer::verdict(&self.descriptor.answers, answer, now);
        let said = answer::said(&self.descriptor.said, answer.status, &value);
        let is_taken = matches!(verdict, Verdict::Accepted { .. });
        let at = self.descriptor.cost.answer.as_ref().filter(|_| is_taken);
        Outcome {
            cost: at.and_then(|at| at.of(&value)),
            verdict,
            said,
        }
    }

    /// The operator's price; none if they gave none.
    #[must_use]
    pub fn listed(&self) -> Option<Price> {
        let is_of_part = self.descriptor.cost.per_sms_part;
        Some(Price {
            money: self.price?,
            per: if is_of_part {
                Per::SmsPart
            } else {
                Per::Message
            },
            provider: Some(self.name),
        })
    }

    /// What a message costs by the operator's price; none if they gave none.
    #[must_use]
    pub fn price(&self, message: &Message<'_>) -> Option<Money> {
        let text = self.descriptor.text.of(message);
        Some(self.listed()?.of(text.as_deref().unwrap_or_default()))
    }

    /// The request that asks whether the account works and sends nothing to anyone; none if the gateway has
    /// no such request. Its address, its headers and its body have secrets.
    ///
    /// # Errors
    /// [`BuildError`] if the settings make no request.
    pub fn check(&self) -> Option<Result<Request<Vec<u8>>, BuildError>> {
        let check = self.descriptor.check.as_ref()?;
        Some(check.build(&self.origin, &self.settings))
    }

    /// What the answer to [`check`](Self::check) means; none if there is no check.
    #[must_use]
    pub fn health(&self, answer: &Answer<'_>) -> Option<Health> {
        let check = self.descriptor.check.as_ref()?;
        Some(check.health(answer))
    }

    /// Whether the body of a request that came in is worth reading.
    ///
    /// # Errors
    /// [`Untrusted`] if the gateway reports nothing, or the secret by which it proves what it reports is not given.
    pub fn reads_bodies(&self) -> Result<(), Untrusted> {
        let rules = self.descriptor.incoming.as_ref();
        let rules = rules.ok_or(Untrusted::Unexpected)?;
        let is_usable = rules.reads_bodies(&Values::of(&self.settings));
        is_usable.then_some(()).ok_or(Untrusted::Unverified)
    }

    /// Reads a request that came in at this provider's webhook.
    ///
    /// # Errors
    /// [`Untrusted`] if it does not prove to be from the gateway, or cannot be read.
    pub fn incoming(&self, incoming: &Incoming<'_>) -> Result<Received, Untrusted> {
        let rules = self.descriptor.incoming.as_ref();
        let rules = rules.ok_or(Untrusted::Unexpected)?;
        rules.receive(incoming, &self.settings)
    }

    /// The link by which a person opens a chat and tells who they are by `parameter`: letters, digits, `-`
    /// and `_`. None if the gateway has no such links, or not for a parameter of this length.
    #[must_use]
    pub fn link(&self, parameter: &str) -> Option<String> {
        let rule = self.descriptor.link.as_ref()?;
        let is_of_parameter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let fits =
            (1..=rule.max).contains(&parameter.len()) && parameter.bytes().all(is_of_parameter);
        if !fits {
            return None;
        }
        let values = Values {
            parameter: Some(parameter),
            ..Values::of(&self.settings)
        };
        rule.template.render_with(&values, escape::percent).ok()?
    }

    /// The most characters of the parameter of a [`link`](Self::link).
    #[must_use]
    pub fn link_parameter_max(&self) -> Option<usize> {
        self.descriptor.link.as_ref().map(|rule| rule.max)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.name)
            .field("gateway", &self.descriptor.name())
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// What the operator calls a provider.
pub(crate) fn name(fields: &Object<'_>) -> Result<ProviderName, Invalid> {
    let name = fields.need("name")?;
    ProviderName::parse(name.any_text()?).map_err(|_| {
        name.rule("must begin with a letter and have at most 20 characters a to z, 0 to 9 and '_'")
    })
}

fn trust(node: &Node<'_>) -> Result<Trust, Invalid> {
    let trust = Trust::system().and(node.any_text()?);
    trust.map_err(|_| {
        node.rule("must be certificates in PEM that begin with -----BEGIN CERTIFICATE-----")
    })
}

fn fingerprint(node: &Node<'_>) -> [u8; 32] {
    let mut fingerprint = [0; 32];
    let hash = digest(&SHA256, node.value.to_string().as_bytes());
    fingerprint.copy_from_slice(hash.as_ref());
    fingerprint
}
