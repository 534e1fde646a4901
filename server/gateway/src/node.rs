//! A document that is read strictly: every field is known, and every fault has its place.

use serde_json::{Map, Value};

use crate::{
    fault::{Fault, Invalid},
    pointer::{Pointer, escaped},
};

/// A value of a document and its place.
#[derive(Clone)]
pub(crate) struct Node<'d> {
    pub(crate) value: &'d Value,
    pub(crate) at: String,
}

impl<'d> Node<'d> {
    pub(crate) const fn root(value: &'d Value) -> Self {
        Self {
            value,
            at: String::new(),
        }
    }

    pub(crate) fn wrong(&self, fault: impl Into<Fault>) -> Invalid {
        Invalid::new(self.at.clone(), fault.into())
    }

    pub(crate) fn rule(&self, sentence: &'static str) -> Invalid {
        self.wrong(Fault::Rule(sentence))
    }

    /// An object with these fields and no other. The name of another one is told only if it looks like the
    /// name of a field: whoever mixed up a name and its value wrote a secret there.
    pub(crate) fn object(&self, known: &[&str]) -> Result<Object<'d>, Invalid> {
        let object = self.table()?;
        let mut names = object.members.keys();
        let Some(name) = names.find(|name| !known.contains(&name.as_str())) else {
            return Ok(object);
        };
        let is_of_name = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        let is_told = name.len() <= 24 && name.bytes().all(is_of_name);
        let at = if is_told {
            format!("{}/{name}", self.at)
        } else {
            self.at.clone()
        };
        let known = known.join(", ");
        Err(Invalid::new(
            at,
            if is_told {
                Fault::Unknown { known }
            } else {
                Fault::Unnamed { known }
            },
        ))
    }

    /// An object with any fields.
    pub(crate) fn table(&self) -> Result<Object<'d>, Invalid> {
        let members = self.value.as_object();
        let members = members.ok_or_else(|| self.wrong(Fault::Type("an object")))?;
        Ok(Object {
            at: self.at.clone(),
            members,
        })
    }

    /// A list of at most `max` entries.
    pub(crate) fn list(&self, max: usize) -> Result<Vec<Self>, Invalid> {
        let entries = self.value.as_array();
        let entries = entries.ok_or_else(|| self.wrong(Fault::Type("a list")))?;
        if entries.len() > max {
            return Err(self.wrong(Fault::TooMany { max }));
        }
        let nodes = entries.iter().enumerate().map(|(number, value)| Self {
            value,
            at: format!("{}/{number}", self.at),
        });
        Ok(nodes.collect())
    }

    /// A list, or one value that stands for a list of one.
    pub(crate) fn one_or_more(&self, max: usize) -> Result<Vec<Self>, Invalid> {
        if self.value.is_array() {
            return self.list(max);
        }
        Ok(vec![self.clone()])
    }

    /// A text of 1 to `max` characters.
    pub(crate) fn text(&self, max: usize) -> Result<&'d str, Invalid> {
        let text = self.any_text()?;
        if text.is_empty() || text.chars().count() > max {
            return Err(self.wrong(Fault::Length { max }));
        }
        Ok(text)
    }

    pub(crate) fn any_text(&self) -> Result<&'d str, Invalid> {
        let text = self.value.as_str();
        text.ok_or_else(|| self.wrong(Fault::Type("a text")))
    }

    pub(crate) fn boolean(&self) -> Result<bool, Invalid> {
        let value = self.value.as_bool();
        value.ok_or_else(|| self.wrong(Fault::Type("true or false")))
    }

    pub(crate) fn number(&self, min: u64, max: u64) -> Result<u64, Invalid> {
        let number = self.value.as_u64();
        let number = number.filter(|number| (min..=max).contains(number));
        number.ok_or_else(|| self.wrong(Fault::Range { min, max }))
    }

    /// One of the words, as what it stands for.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Invalid> {
        let text = self.any_text()?;
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(Fault::Word {
                known: known.join(", "),
            })
        })
    }

    pub(crate) fn pointer(&self) -> Result<Pointer, Invalid> {
        let pointer = Pointer::parse(self.any_text()?);
        pointer.ok_or_else(|| self.rule("must be a JSON pointer, such as /result/message_id"))
    }
}

/// An object of a document and its place.
pub(crate) struct Object<'d> {
    pub(crate) at: String,
    members: &'d Map<String, Value>,
}

impl<'d> Object<'d> {
    /// A field that may be there; `null` is absent.
    pub(crate) fn get(&self, name: &str) -> Option<Node<'d>> {
        let value = self.members.get(name).filter(|value| !value.is_null())?;
        Some(self.node(name, value))
    }

    /// A field that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<Node<'d>, Invalid> {
        let missing = || Invalid::new(format!("{}/{}", self.at, escaped(name)), Fault::Missing);
        self.get(name).ok_or_else(missing)
    }

    /// A field that may be there, read.
    pub(crate) fn map<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Node<'d>) -> Result<T, Invalid>,
    ) -> Result<Option<T>, Invalid> {
        self.get(name).as_ref().map(read).transpose()
    }

    /// Every field, in the order of the names.
    pub(crate) fn fields(&self, max: usize) -> Result<Vec<(&'d str, Node<'d>)>, Invalid> {
        if self.members.len() > max {
            return Err(Invalid::new(self.at.clone(), Fault::TooMany { max }));
        }
        let fields = self.members.iter();
        let fields = fields.map(|(name, value)| (name.as_str(), self.node(name, value)));
        Ok(fields.collect())
    }

    fn node(&self, name: &str, value: &'d Value) -> Node<'d> {
        Node {
            value,
            at: format!("{}/{}", self.at, escaped(name)),
        }
    }
}
