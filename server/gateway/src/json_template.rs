//! JSON with placeholders in its strings.

use serde_json::{Map, Number, Value};

use crate::{
    build_error::BuildError,
    fault::{Fault, Invalid, TemplateFault},
    node::Node,
    template::{Name, Placeholder, Scope, Template},
    values::Values,
};

/// How deep a template may be nested.
const MAX_DEPTH: usize = 12;
/// The most entries of an array or an object.
const MAX_ENTRIES: usize = 64;
/// The most characters of a string.
const MAX_TEXT: usize = 4_096;
/// The field by which one of two values is chosen.
const IF: &str = "$if";

/// JSON with placeholders in its strings. Names of members are fixed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JsonTemplate {
    /// What has no placeholder.
    Fixed(Value),
    Text(Template),
    Number(Template, Placeholder),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    /// `{"$if": name, "then": …, "else": …}`: the one if the value is there, the other if it is absent. What
    /// is not written is left out.
    Either {
        name: Name,
        then: Option<Box<Self>>,
        otherwise: Option<Box<Self>>,
    },
}

impl JsonTemplate {
    pub(crate) fn read(node: &Node<'_>, scope: Scope<'_>) -> Result<Self, Invalid> {
        Self::read_at(node, scope, MAX_DEPTH)
    }

    fn read_at(node: &Node<'_>, scope: Scope<'_>, depth: usize) -> Result<Self, Invalid> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(node.rule("is nested too deep"));
        };
        match node.value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(Self::Fixed(node.value.clone())),
            Value::String(text) => {
                if text.chars().count() > MAX_TEXT {
                    return Err(node.wrong(Fault::Length { max: MAX_TEXT }));
                }
                let template = Template::parse(text, scope).map_err(|fault| node.wrong(fault))?;
                let number = template.number().cloned();
                Ok(match number {
                    Some(number) => Self::Number(template, number),
                    None => Self::Text(template),
                })
            }
            Value::Array(_) => {
                let entries = node.list(MAX_ENTRIES)?;
                let entries = entries
                    .iter()
                    .map(|entry| Self::read_at(entry, scope, depth));
                entries.collect::<Result<_, _>>().map(Self::List)
            }
            Value::Object(members) if members.contains_key(IF) => Self::either(node, scope, depth),
            Value::Object(_) => {
                let members = node.table()?.fields(MAX_ENTRIES)?;
                let members = members.iter().map(|(name, node)| {
                    let member = Self::read_at(node, scope, depth)?;
                    Ok(((*name).to_owned(), member))
                });
                members.collect::<Result<_, Invalid>>().map(Self::Object)
            }
        }
    }

    fn either(node: &Node<'_>, scope: Scope<'_>, depth: usize) -> Result<Self, Invalid> {
        let fields = node.object(&[IF, "then", "else"])?;
        let named = fields.need(IF)?;
        let text = format!("{{{}?}}", named.text(64)?);
        let scope_of_name = Scope {
            optional: true,
            ..scope
        };
        let template = Template::parse(&text, scope_of_name).map_err(|fault| {
            if matches!(fault, TemplateFault::NeverAbsent { .. }) {
                return named.rule("names a value that is never absent");
            }
            named.wrong(fault)
        })?;
        let name = template.names().next().cloned();
        let name = name.ok_or_else(|| named.rule("must name a value"))?;
        let branch = |name| fields.map(name, |node| Self::read_at(node, scope, depth));
        let (then, otherwise) = (branch("then")?, branch("else")?);
        if then.is_none() && otherwise.is_none() {
            return Err(node.rule("must have then or else"));
        }
        Ok(Self::Either {
            name,
            then: then.map(Box::new),
            otherwise: otherwise.map(Box::new),
        })
    }

    /// The JSON with its values; none if a value that it needs is absent.
    pub(crate) fn render(&self, values: &Values<'_>) -> Result<Option<Value>, BuildError> {
        Ok(match self {
            Self::Fixed(value) => Some(value.clone()),
            Self::Text(template) => template.render(values)?.map(Value::String),
            Self::Number(template, placeholder) => {
                let text = template.render(values)?;
                text.map(|text| number(text, placeholder, values))
                    .transpose()?
            }
            Self::List(entries) => {
                let entries = entries
                    .iter()
                    .filter_map(|entry| entry.render(values).transpose());
                Some(Value::Array(entries.collect::<Result<_, _>>()?))
            }
            Self::Object(members) => {
                let members = members.iter().filter_map(|(name, member)| {
                    let value = member.render(values).transpose()?;
                    Some(value.map(|value| (name.clone(), value)))
                });
                Some(Value::Object(members.collect::<Result<Map<_, _>, _>>()?))
            }
            Self::Either {
                name,
                then,
                otherwise,
            } => {
                let branch = if values.has(name) { then } else { otherwise };
                match branch {
                    Some(branch) => branch.render(values)?,
                    None => None,
                }
            }
        })
    }

    /// What the placeholders stand for.
    pub(crate) fn names(&self) -> Vec<&Name> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Text(template) | Self::Number(template, _) => template.names().collect(),
            Self::List(entries) => entries.iter().flat_map(Self::names).collect(),
            Self::Object(members) => members
                .iter()
                .flat_map(|(_, member)| member.names())
                .collect(),
            Self::Either {
                then, otherwise, ..
            } => {
                let branches = [then, otherwise].into_iter().flatten();
                branches.flat_map(|branch| branch.names()).collect()
            }
        }
    }
}

fn number(
    text: String,
    placeholder: &Placeholder,
    values: &Values<'_>,
) -> Result<Value, BuildError> {
    if let Ok(number) = text.parse::<i64>() {
        return Ok(Value::Number(Number::from(number)));
    }
    if values.masked.is_some() {
        return Ok(Value::String(text));
    }
    Err(BuildError::NotNumber {
        name: placeholder.name.word(),
    })
}
