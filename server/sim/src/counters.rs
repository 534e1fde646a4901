//! How many requests had which outcome.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{reply::Reply, service::Service};

/// The most different outcomes that are counted apart. Rules can bring words of their own.
const MOST: usize = 1_000;

/// How many requests to a service had an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The service.
    pub service: Service,
    /// The HTTP status; absent, the connection was cut.
    pub status: Option<u16>,
    /// The service's word; absent for what was accepted.
    pub reason: Option<String>,
    /// How many.
    pub requests: u64,
}

/// All counts.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    counts: BTreeMap<(Service, Option<u16>, Option<String>), u64>,
}

impl Counters {
    pub(crate) fn count(&mut self, service: Service, reply: Option<&Reply>) {
        let status = reply.map(|reply| reply.status.as_u16());
        let reason = reply.and_then(|reply| reply.reason.clone());
        let reason = reason.filter(|_| self.counts.len() < MOST);
        *self.counts.entry((service, status, reason)).or_default() += 1;
    }

    pub(crate) fn view(&self) -> Vec<Count> {
        let view = |((service, status, reason), requests): (&(_, _, Option<String>), &u64)| Count {
            service: *service,
            status: *status,
            reason: reason.clone(),
            requests: *requests,
        };
        self.counts.iter().map(view).collect()
    }
}
