//! A provider for trying a descriptor out, without an operator's secrets.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::{
    descriptor::Descriptor,
    fault::{Fault, Invalid},
    node::Node,
    provider::Provider,
    setting::{SettingForm, SettingRule},
    source,
};

/// The most bytes of settings.
const MAX_BYTES: usize = 64 * 1_024;

impl Provider {
    /// A provider of a descriptor with the settings of a JSON object. A setting that is required and not given
    /// has a sample, and so has the origin.
    ///
    /// # Errors
    /// [`Invalid`], whose pointer begins at `/settings` or is `/origin`.
    pub fn sample(
        descriptor: Descriptor,
        settings: Option<&str>,
        origin: Option<&str>,
    ) -> Result<Self, Invalid> {
        let given = match settings {
            Some(text) => source::json(text, MAX_BYTES)?,
            None => Value::Object(Map::new()),
        };
        let node = Node {
            value: &given,
            at: "/settings".to_owned(),
        };
        let mut settings = given
            .as_object()
            .cloned()
            .ok_or_else(|| node.wrong(Fault::Type("an object")))?;
        for (name, rule) in descriptor.settings() {
            if rule.is_required && !settings.contains_key(name) {
                settings.insert(name.clone(), Value::String(sample(name, rule)));
            }
        }
        let sample_origin = descriptor
            .origin()
            .is_none()
            .then_some("https://gateway.example");
        let origin = origin.or(sample_origin);
        let document = json!({"name": "sample", "settings": settings, "origin": origin});
        Self::assemble(&Node::root(&document), Arc::new(descriptor))
    }
}

fn sample(name: &str, rule: &SettingRule) -> String {
    let text = match rule.form {
        SettingForm::Digits => "1234567890".to_owned(),
        SettingForm::Text | SettingForm::Name | SettingForm::Token => format!("sample_{name}"),
    };
    text.chars().take(rule.max).collect()
}
