//! Statuses of answers: one, or a class of them.

use http::StatusCode;

use crate::{fault::Invalid, node::Node};

/// The most statuses of a rule.
const MAX: usize = 16;

/// One status, or a class such as `2xx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatusRange {
    One(StatusCode),
    Class(u16),
}

impl StatusRange {
    pub(crate) fn read_all(node: &Node<'_>) -> Result<Vec<Self>, Invalid> {
        let ranges = node.one_or_more(MAX)?;
        ranges.iter().map(Self::read).collect()
    }

    fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let wrong = || node.rule("must be a status from 200 to 599, or a class such as \"4xx\"");
        if let Some(class) = node.value.as_str() {
            let class = class.strip_suffix("xx").ok_or_else(wrong)?;
            let class = class.parse().ok().filter(|class| (2..=5).contains(class));
            return class.map(Self::Class).ok_or_else(wrong);
        }
        let status = node
            .value
            .as_u64()
            .filter(|status| (200..=599).contains(status));
        let status = status.and_then(|status| u16::try_from(status).ok());
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        status.map(Self::One).ok_or_else(wrong)
    }

    pub(crate) fn has(self, status: StatusCode) -> bool {
        match self {
            Self::One(one) => one == status,
            Self::Class(class) => status.as_u16() / 100 == class,
        }
    }
}
