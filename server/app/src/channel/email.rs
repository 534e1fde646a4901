//! Letters: made of what a dispatch began, handed to the SMTP server of the App, read as outcomes.

use vestnik_mail::{Account, Mailer, Outcome as Handed};
use vestnik_model::{Reason, view::ProviderFinding};
use vestnik_outbound::Reach;

/// Sends letters. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct MailSender {
    /// What may be connected to.
    reach: Reach,
}

impl MailSender {
    pub(crate) const fn new(reach: Reach) -> Self {
        Self { reach }
    }

    /// Whether the SMTP server of an account takes its login. Nothing is sent.
    pub(crate) async fn check(&self, account: &Account) -> ProviderFinding {
        let relay = account.relay();
        let refused = |reason: Reason, said| ProviderFinding {
            place: relay.place.to_string(),
            is_good: false,
            reason: Some(reason.into()),
            said,
        };
        let Ok(mailer) = Mailer::new(relay.clone(), self.reach.clone()) else {
            return refused(Reason::ConfigNoRoute, None);
        };
        match mailer.check().await {
            Ok(_) => ProviderFinding {
                place: relay.place.to_string(),
                is_good: true,
                reason: None,
                said: None,
            },
            Err(outcome) => {
                let Handed { verdict, said } = outcome;
                let reason = verdict.reason().unwrap_or(Reason::Unknown);
                refused(reason, said.map(|said| said.to_string()))
            }
        }
    }
}
