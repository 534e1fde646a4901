//! Whether a request that came in is from the platform.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, header};
use jiff::Timestamp;
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use crate::{
    fault::Invalid,
    incoming::Incoming,
    node::{Node, Object},
    pointer::Pointer,
    request::{Basic, template},
    template::{Place, Scope, Template},
    values::Values,
};

/// The longest that a signed time may be away, in seconds.
const MOST_SECONDS: u64 = 3_600;

/// How a platform proves that a request is from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verify {
    /// A header has the secret.
    Header { name: HeaderName, secret: Template },
    /// A field of the body has the secret.
    Field { at: Pointer, secret: Template },
    /// HTTP's basic authentication.
    Basic(Basic),
    /// A header has a MAC of the body.
    Hmac(Hmac),
}

/// HMAC-SHA256 over the body, or over a text that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hmac {
    header: HeaderName,
    prefix: String,
    encoding: Encoding,
    key: Template,
    /// What is signed, if it is more than the body.
    signed: Option<Template>,
    /// The header with the time that is signed too, and how many seconds it may be away.
    time: Option<(HeaderName, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Hex,
    Base64,
}

impl Verify {
    pub(crate) fn read(node: &Node<'_>, settings: Scope<'_>) -> Result<Self, Invalid> {
        let fields = node.table()?;
        let kinds = [
            ("header", 0),
            ("field", 1),
            ("basic", 2),
            ("hmac_sha256", 3),
        ];
        let kind = fields.need("kind")?.word(&kinds)?;
        match kind {
            0 => {
                let fields = node.object(&["kind", "name", "secret"])?;
                Ok(Self::Header {
                    name: header_name(&fields.need("name")?)?,
                    secret: secret(&fields, "secret", settings)?,
                })
            }
            1 => {
                let fields = node.object(&["kind", "at", "secret"])?;
                Ok(Self::Field {
                    at: fields.need("at")?.pointer()?,
                    secret: secret(&fields, "secret", settings)?,
                })
            }
            2 => {
                let fields = node.object(&["kind", "user", "password"])?;
                Ok(Self::Basic(Basic {
                    user: template(&fields.need("user")?, settings.whole())?,
                    password: secret(&fields, "password", settings)?,
                }))
            }
            _ => Hmac::read(node, settings).map(Self::Hmac),
        }
    }

    /// Whether the proof is a part of the parsed body.
    pub(crate) const fn reads_body(&self) -> bool {
        match self {
            Self::Field { .. } => true,
            Self::Header { .. } | Self::Basic(_) | Self::Hmac(_) => false,
        }
    }

    /// Whether a request proves to be from the platform. Secrets are compared in constant time; a setting that
    /// is not given lets nothing in.
    pub(crate) fn holds(&self, incoming: &Incoming<'_>, body: &Value, values: &Values<'_>) -> bool {
        match self {
            Self::Header { name, secret } => equals(secret, incoming.header(name), values),
            Self::Field { at, secret } => {
                equals(secret, at.first(body).and_then(Value::as_str), values)
            }
            Self::Basic(basic) => {
                let given = incoming.header(&header::AUTHORIZATION);
                let given = given.and_then(|given| {
                    let (scheme, credentials) = given.split_once(' ')?;
                    scheme
                        .eq_ignore_ascii_case("basic")
                        .then(|| credentials.trim())
                });
                let wanted = basic.credentials(values).ok().flatten();
                same(wanted.as_deref(), given)
            }
            Self::Hmac(hmac) => hmac.holds(incoming, values),
        }
    }
}

/// Whether a text is the secret; no setting is empty.
pub(crate) fn equals(secret: &Template, given: Option<&str>, values: &Values<'_>) -> bool {
    let wanted = secret.render(values).ok().flatten();
    same(wanted.as_deref(), given)
}

fn same(wanted: Option<&str>, given: Option<&str>) -> bool {
    match (wanted, given) {
        (Some(wanted), Some(given)) => wanted.as_bytes().ct_eq(given.as_bytes()).into(),
        _ => false,
    }
}

pub(crate) fn secret(
    fields: &Object<'_>,
    name: &str,
    settings: Scope<'_>,
) -> Result<Template, Invalid> {
    let node = fields.need(name)?;
    let scope = Scope {
        // A secret that nobody gave lets nothing in, so it may be absent.
        optional: true,
        ..settings
    };
    let template = template(&node, scope)?;
    if template.names().next().is_none() {
        return Err(
            node.rule("must be a setting such as {settings.secret}: a descriptor has no secret")
        );
    }
    Ok(template)
}

fn header_name(node: &Node<'_>) -> Result<HeaderName, Invalid> {
    let name = node.text(100)?.parse();
    name.map_err(|_| node.rule("must be the name of a header"))
}

impl Hmac {
    fn read(node: &Node<'_>, settings: Scope<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&[
            "kind", "header", "prefix", "encoding", "key", "signed", "time", "within",
        ])?;
        let encodings = [("hex", Encoding::Hex), ("base64", Encoding::Base64)];
        let signature = Scope {
            place: Place::Signature,
            optional: false,
            ..settings
        };
        let within = fields.map("within", |node| node.number(1, MOST_SECONDS))?;
        let time = fields.map("time", header_name)?;
        Ok(Self {
            header: header_name(&fields.need("header")?)?,
            prefix: fields
                .map("prefix", |node| node.text(32).map(str::to_owned))?
                .unwrap_or_default(),
            encoding: fields.need("encoding")?.word(&encodings)?,
            key: secret(&fields, "key", settings)?,
            signed: fields.map("signed", |node| template(node, signature))?,
            time: time.map(|name| (name, within.unwrap_or(300))),
        })
    }

    fn holds(&self, incoming: &Incoming<'_>, values: &Values<'_>) -> bool {
        let given = incoming.header(&self.header);
        let Some(given) = given.and_then(|given| given.strip_prefix(self.prefix.as_str())) else {
            return false;
        };
        let given = match self.encoding {
            Encoding::Hex => unhex(given),
            Encoding::Base64 => STANDARD.decode(given).ok(),
        };
        let key = self.key.render(values).ok().flatten();
        let (Some(given), Some(key)) = (given, key) else {
            return false;
        };
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let is_signed = match &self.signed {
            None => hmac::verify(&key, incoming.body, &given).is_ok(),
            Some(signed) => {
                let values = Values {
                    incoming: Some(incoming),
                    ..*values
                };
                let signed = signed.render(&values).ok().flatten();
                signed.is_some_and(|text| hmac::verify(&key, text.as_bytes(), &given).is_ok())
            }
        };
        is_signed && self.is_recent(incoming)
    }

    fn is_recent(&self, incoming: &Incoming<'_>) -> bool {
        let Some((name, within)) = &self.time else {
            return true;
        };
        let time = incoming
            .header(name)
            .and_then(|text| text.trim().parse().ok());
        let time = time.and_then(|seconds: i64| Timestamp::from_second(seconds).ok());
        time.is_some_and(|time| {
            let away = incoming.now.duration_since(time).as_secs().unsigned_abs();
            away <= *within
        })
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let bytes = digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok());
    bytes.collect()
}

impl Verify {
    /// Whether the operator gave the secret.
    pub(crate) fn is_usable(&self, values: &Values<'_>) -> bool {
        let secret = match self {
            Self::Header { secret, .. } | Self::Field { secret, .. } => secret,
            Self::Basic(basic) => &basic.password,
            Self::Hmac(hmac) => &hmac.key,
        };
        matches!(secret.render(values), Ok(Some(_)))
    }
}
