//! The descriptors that come with the server.

use std::sync::{Arc, LazyLock};

use crate::descriptor::Descriptor;

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        /// The names and the texts, the most common first.
        const TEXTS: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../descriptors/", $name, ".toml")))),+
        ];
    };
}
shipped!(
    "sms",
    "sms_ru",
    "twilio",
    "flash_call",
    "telegram",
    "max",
    "vk",
    "whatsapp",
    "viber",
);

/// A test reads each of them.
static SHIPPED: LazyLock<Vec<Arc<Descriptor>>> = LazyLock::new(|| {
    let texts = TEXTS.iter();
    let read = texts.filter_map(|(_, text)| Descriptor::parse(text).ok());
    read.map(Arc::new).collect()
});

/// A descriptor that comes with the server, by its name.
#[must_use]
pub fn shipped(name: &str) -> Option<&'static Descriptor> {
    all().find(|descriptor| descriptor.name().as_str() == name)
}

/// Every descriptor that comes with the server.
pub fn all() -> impl Iterator<Item = &'static Descriptor> {
    SHIPPED.iter().map(AsRef::as_ref)
}

/// The text of a descriptor that comes with the server: TOML with comments, to begin another one with.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    let found = TEXTS.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text)
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(name, _)| *name)
}

pub(crate) fn shared(name: &str) -> Option<Arc<Descriptor>> {
    let mut shipped = SHIPPED.iter();
    let found = shipped.find(|descriptor| descriptor.name().as_str() == name);
    found.map(Arc::clone)
}
