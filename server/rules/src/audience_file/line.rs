//! One line: the recipient that it names, or why it names none. What is said of a line never repeats a
//! value of it.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;
use vestnik_model::{
    FieldCode, InstallationId, LineProblem, Open, RecipientField, UserId, email::EmailAddress,
    phone::PhoneNumber,
};

/// Whom a line names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// A user.
    User(UserId),
    /// The users with a telephone number.
    Phone(PhoneNumber),
    /// The users with an e-mail address.
    Email(EmailAddress),
    /// A single installation.
    Installation(InstallationId),
}

/// What is wrong with a line, wherever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    field: Option<RecipientField>,
    code: FieldCode,
    detail: String,
}

impl Fault {
    pub(super) fn new(code: FieldCode, detail: impl Into<String>) -> Self {
        Self {
            field: None,
            code,
            detail: detail.into(),
        }
    }

    fn of(field: RecipientField, code: FieldCode, detail: impl Into<String>) -> Self {
        Self {
            field: Some(field),
            ..Self::new(code, detail)
        }
    }

    pub(super) fn at(self, line: u64) -> LineProblem {
        LineProblem {
            line,
            field: self.field.map(Open::Known),
            code: Open::Known(self.code),
            detail: self.detail,
        }
    }
}

/// The recipient of the fields of a line, by what each names; those that are empty name nobody.
pub(super) fn recipient<'a>(
    fields: impl IntoIterator<Item = (RecipientField, &'a [u8])>,
) -> Result<Recipient, Fault> {
    let mut named = None;
    for (field, value) in fields {
        let value = value.trim_ascii();
        if value.is_empty() {
            continue;
        }
        if named.replace((field, value)).is_some() {
            return Err(Fault::new(FieldCode::NotAllowed, TOO_MANY));
        }
    }
    let (field, value) = named.ok_or_else(|| Fault::new(FieldCode::Missing, NOBODY))?;
    let value = std::str::from_utf8(value)
        .map_err(|_| Fault::of(field, FieldCode::Malformed, "is not UTF-8"))?;
    parse(field, value)
}

const NOBODY: &str = "must name a recipient";
const TOO_MANY: &str = "must name a recipient in one way only";

fn parse(field: RecipientField, value: &str) -> Result<Recipient, Fault> {
    let malformed = |detail: String| Fault::of(field, FieldCode::Malformed, detail);
    match field {
        RecipientField::User => UserId::parse(value)
            .map(Recipient::User)
            .map_err(|error| malformed(error.to_string())),
        RecipientField::Phone => PhoneNumber::from_typed(value, None)
            .map(Recipient::Phone)
            .map_err(|error| malformed(error.to_string())),
        RecipientField::Email => EmailAddress::parse(value)
            .map(Recipient::Email)
            .map_err(|error| malformed(error.to_string())),
        RecipientField::Installation => value
            .parse()
            .map(Recipient::Installation)
            .map_err(|_| malformed("must be `ins_` and 32 hexadecimal digits".to_owned())),
    }
}

/// The recipient of a JSON object. A name that is there twice is refused: which one was meant cannot be told.
pub(super) fn of_json(line: &[u8]) -> Result<Recipient, Fault> {
    let Object(members) = serde_json::from_slice(line)
        .map_err(|_| Fault::new(FieldCode::Malformed, "must be a JSON object"))?;
    let mut fields = BTreeMap::new();
    for (name, value) in &members {
        let field = RecipientField::from_code(name);
        let field = field.ok_or_else(|| Fault::new(FieldCode::Unknown, UNKNOWN))?;
        let text = match value {
            Value::Null => "",
            Value::String(text) => text.as_str(),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                return Err(Fault::of(field, FieldCode::Malformed, "must be a text"));
            }
        };
        if fields.insert(field, text.as_bytes()).is_some() {
            return Err(Fault::of(field, FieldCode::NotAllowed, REPEATED));
        }
    }
    recipient(fields)
}

const UNKNOWN: &str = "has a field that is none of user, phone, email and installation";
const REPEATED: &str = "must not be repeated";

/// The members of a JSON object as they are written, those with the same name included.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Object(members))
    }
}
