//! Outcomes as a row shows them.

use http::{HeaderMap, HeaderValue, Method, header::HeaderName};
use vestnik_gateway::{Event, Health, Incoming, Provider, Scope, State, Verdict};
use vestnik_sim::gateway::Hook;

use super::{Now, headers};

pub(super) fn verdict(verdict: &Verdict) -> String {
    let wait = |after: &Option<std::time::Duration>| match after {
        Some(after) => format!(", {} s", after.as_secs()),
        None => String::new(),
    };
    match verdict {
        Verdict::Accepted { id } => format!(
            "accepted{}",
            if id.is_some() { "" } else { " without an id" }
        ),
        Verdict::Retry { reason, after } => format!("retry {}{}", reason.as_str(), wait(after)),
        Verdict::Throttled { scope, after } => {
            let scope = match scope {
                Scope::Recipient => "recipient",
                Scope::Account => "account",
            };
            format!("throttled {scope}{}", wait(after))
        }
        Verdict::Dead { reason }
        | Verdict::Rejected { reason }
        | Verdict::Refused { reason }
        | Verdict::Unproven { reason } => format!("{} {}", verdict.as_str(), reason.as_str()),
    }
}

pub(super) fn health(health: Health) -> String {
    match health {
        Health::Good => "good".to_owned(),
        Health::Refused(reason) => format!("refused {}", reason.as_str()),
        Health::Unknown(reason) => format!("unknown {}", reason.as_str()),
    }
}

/// What a provider makes of a request of its platform.
pub(super) fn received(provider: &Provider, hook: &Hook, now: Now) -> anyhow::Result<String> {
    let mut given = HeaderMap::new();
    for (name, value) in headers(hook) {
        given.insert(HeaderName::from_static(name), HeaderValue::from_str(value)?);
    }
    let received = provider.incoming(&Incoming {
        method: &hook.method.parse::<Method>()?,
        query: &hook.query,
        headers: &given,
        body: hook.body.as_bytes(),
        now,
    });
    Ok(match received {
        Err(refusal) => format!("refused: {}", refusal.status()),
        Ok(received) if received.events.is_empty() => {
            format!("{} {:?}", received.reply.status, received.reply.body)
        }
        Ok(received) => received
            .events
            .iter()
            .map(event)
            .collect::<Vec<_>>()
            .join(", "),
    })
}

fn event(event: &Event) -> String {
    match event {
        Event::Status { state, .. } => match state {
            State::Delivered => "delivered".to_owned(),
            State::Read => "read".to_owned(),
            State::Failed { reason } => format!("failed {}", reason.as_str()),
        },
        Event::Started { parameter, .. } => format!("started by {parameter}"),
        Event::Blocked { .. } => "blocked".to_owned(),
        Event::Unblocked { .. } => "unblocked".to_owned(),
    }
}
