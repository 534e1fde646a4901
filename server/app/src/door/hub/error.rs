//! A refusal as an error of the hub: a text that begins with the problem's code.

use vestnik_signalr::server::HubError;

use crate::refusal::Refusal;

impl From<Refusal> for HubError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.into_problem().to_string())
    }
}
