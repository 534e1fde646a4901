//! Rotation of credentials: new ones take the place of the present ones if their service takes them.
//!
//! Nobody notices it: the service is asked before anything changes, the change is one commit, tries in
//! flight end with what they began with, and the next part of a dispatch loads what is stored. What the
//! service said of the former credentials is nothing to the new ones: breakers and provider tokens belong
//! to the text of an account, and what waits because of a refusal is tried at once.

use jiff::Timestamp;
use vestnik_model::{
    Channel, Open, ProblemCode,
    view::{ProviderCheck, ProviderFinding},
};
use vestnik_push::{RotationError, rotated};
use vestnik_rules::reason::{Retry, consequences};
use vestnik_store::{
    Store,
    tenants::{ApiKey, Provider},
};

use super::providers::{
    Account, Setting, elsewhere, named, parse, push_fault, set_meanwhile, stored, target,
    text as former_text, traits, written,
};
use crate::{
    channel::{backend_account, service},
    refusal::Refusal,
};

/// Credentials that are to take the place of others.
pub(crate) struct Rotation {
    channel: Channel,
    /// The JSON of the present ones.
    former: String,
    /// The JSON of the new ones.
    text: String,
    /// The same, read: what the service is asked about.
    pub(crate) account: Account,
}

/// Reads new credentials for a service at which the App has some. They must be for the same addresses.
pub(crate) async fn rotation(
    with: Setting<'_>,
    by: &ApiKey,
    channel: &str,
    text: String,
) -> Result<Rotation, Refusal> {
    let channel = named(channel)?;
    let former = former_text(with.store, by, channel).await?;
    let (account, text) = match service(channel) {
        Some(service) => {
            let text = rotated(service, &former, &text).map_err(|error| fault(&error))?;
            (parse(channel, &text)?, text)
        }
        None => match written(with, channel, text)? {
            (Account::Webhook(new), _) => {
                let turned = backend_account::rotated(*target(&former)?, *new, with.now);
                let text = stored(&turned)?;
                (Account::Webhook(Box::new(turned)), text)
            }
            written => written,
        },
    };
    Ok(Rotation {
        account,
        channel,
        former,
        text,
    })
}

/// Puts the new credentials in the place of the former ones, if the service takes them.
pub(crate) async fn rotate(
    store: &dyn Store,
    by: &ApiKey,
    rotation: Rotation,
    check: &ProviderCheck,
    now: Timestamp,
) -> Result<(), Refusal> {
    if !check.is_good {
        return Err(refused(check));
    }
    let Rotation {
        channel,
        former,
        text,
        account,
    } = rotation;
    let provider = Provider {
        channel,
        account: text,
        set_at: now,
        gateway: traits(&account),
    };
    let is_replaced = store.replace_provider(by.app.clone(), former, provider);
    if is_replaced.await? {
        tracing::info!(channel = channel.as_str(), by = %by.id, "credentials rotated");
        return Ok(());
    }
    Err(set_meanwhile())
}

/// What the service said of credentials that it does not take, or why it cannot say.
fn refused(check: &ProviderCheck) -> Refusal {
    let refusal = check.findings.iter().find(|finding| is_refusal(finding));
    let (code, finding) = match refusal {
        Some(finding) => (ProblemCode::ProviderRefused, Some(finding)),
        None => (ProblemCode::ProviderUnreachable, check.findings.first()),
    };
    let detail = finding.map_or_else(String::new, words);
    Refusal::new(code, &format!("{detail}the present credentials stay"))
}

fn is_refusal(finding: &ProviderFinding) -> bool {
    let reason = finding.reason.as_ref().and_then(Open::known);
    reason.is_some_and(|reason| consequences(reason).retry != Retry::Later)
}

fn words(finding: &ProviderFinding) -> String {
    let reason = finding.reason.as_ref().map_or("unknown", Open::as_str);
    let said = finding.said.as_deref();
    let said = said.map(|said| format!(" ({said})")).unwrap_or_default();
    format!("{}: {reason}{said}; ", finding.place)
}

fn fault(error: &RotationError) -> Refusal {
    match error {
        RotationError::Account(error) => push_fault(error),
        RotationError::Elsewhere(error) => elsewhere(error),
    }
}

#[cfg(test)]
mod tests {
    use vestnik_model::Reason;

    use super::*;

    fn check(reason: Reason) -> ProviderCheck {
        ProviderCheck {
            is_good: false,
            findings: vec![ProviderFinding {
                place: "https://fcm.test".to_owned(),
                is_good: false,
                reason: Some(reason.into()),
                said: Some("401 UNAUTHENTICATED".to_owned()),
            }],
        }
    }

    #[test]
    fn a_refusal_is_told_from_a_service_that_cannot_say() {
        for (reason, code) in [
            (Reason::ConfigProviderAuth, ProblemCode::ProviderRefused),
            (Reason::ConfigSenderNotAllowed, ProblemCode::ProviderRefused),
            (Reason::ConfigNoRoute, ProblemCode::ProviderRefused),
            (
                Reason::ProviderUnavailable,
                ProblemCode::ProviderUnreachable,
            ),
            (Reason::ProviderThrottled, ProblemCode::ProviderUnreachable),
            (Reason::ProviderUnproven, ProblemCode::ProviderUnreachable),
        ] {
            let problem = refused(&check(reason)).into_problem();
            assert_eq!(problem.code, Open::Known(code), "{reason}");
            assert!(
                problem.detail.contains(reason.as_str()),
                "{}",
                problem.detail
            );
        }
    }
}
