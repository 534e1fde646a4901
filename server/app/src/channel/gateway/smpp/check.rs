//! Whether a message centre takes an account.

use std::sync::Arc;

use futures_util::future::join_all;
use vestnik_model::{Open, view::ProviderFinding};
use vestnik_smpp::Client;

use super::{Centre, PATIENCE, Sessions};

/// Binds and unbinds, and sends nothing.
///
/// A message centre may take one session of an account at a time. If it refuses the second one while one of the App's
/// `own` is open, that one is proof of the account if it is bound by the same login; else it gives way: receipts that
/// come meanwhile stay with the message centre, and the next message opens it again.
pub(in super::super) async fn check(
    provider: &vestnik_gateway::Smpp,
    sessions: &Sessions,
    own: &[&Centre],
) -> ProviderFinding {
    let account = provider.account().clone().with_patience(PATIENCE);
    let Sessions { clock, reach, .. } = sessions;
    let bind = async || Client::check(&account, (**reach).clone(), Arc::clone(clock)).await;
    let mut found = bind().await.map(drop);
    if found
        .as_ref()
        .is_err_and(vestnik_smpp::Outcome::may_be_bound_already)
    {
        let rivals = own.iter().filter(|centre| centre.holds_bind_of(&account));
        let rivals: Vec<_> = rivals.collect();
        if rivals.iter().any(|centre| centre.is_bound_by(&account)) {
            found = Ok(());
        } else if !rivals.is_empty() {
            join_all(rivals.iter().map(|centre| centre.close())).await;
            found = bind().await.map(drop);
            for centre in rivals {
                // It draws receipts again.
                drop(centre.client());
            }
        }
    }
    let (reason, said) = match found {
        Ok(()) => (None, None),
        Err(said) => (said.verdict.reason(), said.said.map(|it| it.to_string())),
    };
    ProviderFinding {
        place: format!("{}: {}", provider.name(), account.place()),
        is_good: reason.is_none(),
        reason: reason.map(Open::Known),
        said,
    }
}
