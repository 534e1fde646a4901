//! Descriptors: how a gateway is spoken to, as data.
//!
//! A descriptor is a TOML or JSON document; `docs/gateways.md` is its reference, the shipped ones are examples.

use std::sync::Arc;

use vestnik_model::GatewayName;

use crate::{
    answer::{self, AnswerRule},
    check::CheckRules,
    cost::CostAt,
    event::State,
    fault::{Fault, Invalid},
    incoming::IncomingRules,
    limits::Limits,
    node::{Node, Object},
    origin::Origin,
    pointer::Pointer,
    recipient::RecipientKind,
    request::{self, RequestTemplate, template},
    setting::{self, SettingRules},
    source,
    template::{Place, Scope, Template},
    text::Text,
};

/// The most bytes of a descriptor.
pub const MAX_DESCRIPTOR_BYTES: usize = 64 * 1_024;
/// The version of the format.
const VERSION: u64 = 1;
/// The most places where a gateway's code may be.
const MAX_SAID: usize = 8;

/// How a gateway is spoken to.
#[derive(Debug, Clone, PartialEq)]
pub struct Descriptor {
    name: GatewayName,
    title: String,
    docs: Option<String>,
    recipient: RecipientKind,
    settings: SettingRules,
    pub(crate) text: Text,
    origin: Option<Origin>,
    pub(crate) request: RequestTemplate,
    collapses: bool,
    pub(crate) answers: Vec<AnswerRule>,
    pub(crate) said: Vec<Pointer>,
    pub(crate) cost: CostRules,
    pub(crate) incoming: Option<IncomingRules>,
    pub(crate) link: Option<LinkRule>,
    limits: Limits,
    pub(crate) check: Option<CheckRules>,
}

/// Where a message's cost is known from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CostRules {
    pub(crate) answer: Option<CostAt>,
    /// Whether an operator's price is that of one part of an SMS.
    pub(crate) per_sms_part: bool,
}

/// The link by which a person opens a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkRule {
    pub(crate) template: Template,
    /// The most characters of what it carries.
    pub(crate) max: usize,
}

const FIELDS: [&str; 16] = [
    "version",
    "name",
    "title",
    "docs",
    "recipient",
    "settings",
    "text",
    "lengths",
    "request",
    "answers",
    "said",
    "cost",
    "incoming",
    "chat",
    "limits",
    "check",
];

impl Descriptor {
    /// Reads a descriptor: JSON if it begins with a brace, else TOML.
    ///
    /// # Errors
    /// [`Invalid`] with the place and what was expected there.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let value = source::read(text, MAX_DESCRIPTOR_BYTES)?;
        Self::read(&Node::root(&value))
    }

    pub(crate) fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&FIELDS)?;
        fields.need("version")?.number(VERSION, VERSION)?;
        let recipient = fields.need("recipient")?.word(&[
            (RecipientKind::Phone.as_str(), RecipientKind::Phone),
            (RecipientKind::Chat.as_str(), RecipientKind::Chat),
        ])?;
        let settings = setting::rules(&fields)?;
        let of_settings = Scope {
            settings: &settings,
            place: Place::Settings,
            optional: false,
        };
        let (origin, request, collapses) = sending(&fields, of_settings, recipient)?;
        let incoming = fields.map("incoming", |node| {
            IncomingRules::read(node, of_settings, recipient)
        })?;
        let link = fields.map("chat", |node| LinkRule::read(node, of_settings))?;
        if let Some(chat) = fields
            .get("chat")
            .filter(|_| recipient == RecipientKind::Phone)
        {
            return Err(chat.rule("is for gateways whose recipient is a chat"));
        }
        Ok(Self {
            name: name(&fields.need("name")?)?,
            title: fields.need("title")?.text(100)?.to_owned(),
            docs: fields.map("docs", |node| node.text(500).map(str::to_owned))?,
            recipient,
            text: Text::read(&fields)?,
            origin,
            request,
            collapses,
            answers: answer::rules(&fields)?,
            said: fields.map("said", pointers)?.unwrap_or_default(),
            cost: fields.map("cost", CostRules::read)?.unwrap_or_default(),
            incoming,
            link,
            limits: Limits::read(&fields)?,
            check: fields.map("check", |node| CheckRules::read(node, of_settings))?,
            settings,
        })
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> GatewayName {
        self.name
    }

    /// What it is, for people.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Where the gateway is documented.
    #[must_use]
    pub fn docs(&self) -> Option<&str> {
        self.docs.as_deref()
    }

    /// What it sends to.
    #[must_use]
    pub const fn recipient(&self) -> RecipientKind {
        self.recipient
    }

    /// The settings that an operator gives, by their names.
    #[must_use]
    pub const fn settings(&self) -> &SettingRules {
        &self.settings
    }

    /// Where the gateway is, unless the operator says otherwise; without it the operator must say.
    #[must_use]
    pub const fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Whether the gateway takes a second request with the key of the first as the first.
    #[must_use]
    pub const fn collapses(&self) -> bool {
        self.collapses
    }

    /// How fast it may be sent to.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// The most that it can prove of a message, if the operator gives what its reports are verified by.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        let proves = |state| {
            self.incoming
                .as_ref()
                .is_some_and(|rules| rules.proves(state))
        };
        if proves(State::Read) {
            Evidence::Read
        } else if proves(State::Delivered) {
            Evidence::Delivered
        } else {
            Evidence::Handed
        }
    }

    /// Whether a person can open a chat by a link that tells who they are.
    #[must_use]
    pub fn binds_chats(&self) -> bool {
        let is_told = self.incoming.as_ref().is_some_and(|rules| {
            let mut rules = rules.events.iter();
            rules.any(crate::event::EventRule::binds)
        });
        is_told && self.link.is_some()
    }
}

/// The most that is proven of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// The gateway took it.
    Handed,
    /// It is on the person's device.
    Delivered,
    /// The person read it.
    Read,
}

impl Evidence {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Handed => "handed",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}

fn name(node: &Node<'_>) -> Result<GatewayName, Invalid> {
    let name = GatewayName::parse(node.any_text()?);
    name.map_err(|_| {
        node.rule("must begin with a letter, have at most 20 characters a to z, 0 to 9 and '_', and be no word of another channel")
    })
}

fn sending(
    fields: &Object<'_>,
    settings: Scope<'_>,
    recipient: RecipientKind,
) -> Result<(Option<Origin>, RequestTemplate, bool), Invalid> {
    let node = fields.need("request")?;
    let known = request::FIELDS.iter().copied();
    let known: Vec<_> = known.chain(["origin", "collapses"]).collect();
    let fields = node.object(&known)?;
    let scope = Scope {
        place: Place::Message(recipient),
        optional: true,
        ..settings
    };
    let request = RequestTemplate::read(&fields, scope)?;
    let collapses = fields.map("collapses", Node::boolean)?.unwrap_or(false);
    if collapses && !request.has_key() {
        let node = fields.need("collapses")?;
        return Err(node.rule("must not be true for a request without {key}"));
    }
    Ok((fields.map("origin", Origin::read)?, request, collapses))
}

fn pointers(node: &Node<'_>) -> Result<Vec<Pointer>, Invalid> {
    let pointers = node.one_or_more(MAX_SAID)?;
    pointers.iter().map(Node::pointer).collect()
}

impl CostRules {
    fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&["answer", "per"])?;
        let per = fields.map("per", |node| {
            node.word(&[("message", false), ("sms_part", true)])
        })?;
        Ok(Self {
            answer: fields.map("answer", CostAt::read)?,
            per_sms_part: per.unwrap_or(false),
        })
    }
}

impl LinkRule {
    fn read(node: &Node<'_>, settings: Scope<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&["link", "max"])?;
        let scope = Scope {
            place: Place::Link,
            ..settings
        };
        let link = fields.need("link")?;
        let template = template(&link, scope)?;
        if !template.beginning().contains(':') {
            return Err(link.rule("must begin with a scheme, such as https:"));
        }
        let max = fields.need("max")?.number(16, 128)?;
        Ok(Self {
            template,
            max: usize::try_from(max).unwrap_or(16),
        })
    }
}

/// A descriptor as an account has it: a shipped one by its word, or another one as an object.
pub(crate) fn named_or_inline(node: &Node<'_>) -> Result<Arc<Descriptor>, Invalid> {
    if node.value.is_object() {
        return Descriptor::read(node).map(Arc::new);
    }
    let name = node.any_text()?;
    crate::shipped::shared(name).ok_or_else(|| {
        let known = crate::shipped::names().chain([crate::smpp::SMPP]);
        let known = known.collect::<Vec<_>>().join(", ");
        node.wrong(Fault::Word { known })
    })
}
