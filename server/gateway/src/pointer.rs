//! JSON pointers, with a wildcard.

use serde_json::Value;

/// The most steps of a pointer.
const MAX_STEPS: usize = 16;
/// The most bytes of a pointer.
const MAX_BYTES: usize = 256;
/// The most values that a pointer with wildcards finds.
pub(crate) const MAX_FOUND: usize = 1_000;

/// A JSON pointer (RFC 6901), in which `*` stands for each entry of an array and each member of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pointer(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Each,
    Named(String),
}

impl Pointer {
    /// Reads a pointer: empty, or steps that each begin with a slash.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(Vec::new()));
        }
        if text.len() > MAX_BYTES {
            return None;
        }
        let steps: Option<Vec<_>> = text.strip_prefix('/')?.split('/').map(step).collect();
        steps.filter(|steps| steps.len() <= MAX_STEPS).map(Self)
    }

    /// What it finds, at most [`MAX_FOUND`] values.
    pub(crate) fn all<'v>(&self, root: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![root];
        for step in &self.0 {
            let next = found
                .into_iter()
                .flat_map(|value| step.below(value, MAX_FOUND));
            found = next.take(MAX_FOUND).collect();
        }
        found
    }

    /// Everything that it finds; `None` if it comes by more than `most` values.
    pub(crate) fn whole<'v>(&self, root: &'v Value, most: usize) -> Option<Vec<&'v Value>> {
        let mut found = vec![root];
        for step in &self.0 {
            let next = found
                .into_iter()
                .flat_map(|value| step.below(value, most + 1));
            found = next.take(most + 1).collect();
            if found.len() > most {
                return None;
            }
        }
        Some(found)
    }

    /// The first value that it finds.
    pub(crate) fn first<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.all(root).into_iter().next()
    }
}

fn step(text: &str) -> Option<Step> {
    if text == "*" {
        return Some(Step::Each);
    }
    let mut name = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '~' => match characters.next()? {
                '0' => name.push('~'),
                '1' => name.push('/'),
                _ => return None,
            },
            plain => name.push(plain),
        }
    }
    Some(Step::Named(name))
}

impl Step {
    fn below<'v>(&self, value: &'v Value, most: usize) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Each, Value::Array(entries)) => entries.iter().take(most).collect(),
            (Self::Each, Value::Object(members)) => members.values().take(most).collect(),
            (Self::Named(name), Value::Array(entries)) => {
                let entry = name.parse().ok().and_then(|at: usize| entries.get(at));
                entry.into_iter().collect()
            }
            (Self::Named(name), Value::Object(members)) => members.get(name).into_iter().collect(),
            (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => Vec::new(),
        }
    }
}

/// One step of a pointer as it is written.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(pointer: &str, root: &Value) -> Vec<Value> {
        let pointer = Pointer::parse(pointer).unwrap();
        pointer.all(root).into_iter().cloned().collect()
    }

    #[test]
    fn a_pointer_finds_what_it_names() {
        let root = json!({"a": [{"b/c": 1}, {"b/c": 2}], "~": 3, "": 4});
        for (pointer, wanted) in [
            ("", vec![root.clone()]),
            ("/a/0/b~1c", vec![json!(1)]),
            ("/a/*/b~1c", vec![json!(1), json!(2)]),
            ("/~0", vec![json!(3)]),
            ("/", vec![json!(4)]),
            ("/a/2", vec![]),
            ("/a/-", vec![]),
            ("/a/0/b~1c/d", vec![]),
        ] {
            assert_eq!(found(pointer, &root), wanted, "{pointer}");
        }
    }

    #[test]
    fn a_wildcard_finds_members_too_and_not_without_end() {
        let phones = json!({"sms": {"79255070602": {"status_code": 100}}});
        assert_eq!(found("/sms/*/status_code", &phones), [json!(100)]);
        let wide = Value::Array(vec![json!([0, 0]); MAX_FOUND]);
        assert_eq!(found("/*/*", &wide).len(), MAX_FOUND);
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for text in [
            "a",
            "/~",
            "/~2",
            &"/x".repeat(MAX_STEPS + 1),
            &format!("/{}", "x".repeat(300)),
        ] {
            assert_eq!(Pointer::parse(text), None, "{text}");
        }
    }
}
