//! Gateways that a cascade names: whether the App has accounts with them, and what these can prove.

use vestnik_model::{
    AppId, Channel, FieldProblem, Problem,
    problem::FieldCode,
    publish::{Goal, Step, StepChannel, Steps},
};
use vestnik_store::{Store, tenants::StoredProvider};

use crate::refusal::Refusal;

/// Refuses steps that name a gateway that the App has no account with, and those that wait for what its account
/// cannot prove.
pub(super) async fn check(store: &dyn Store, app: &AppId, steps: &Steps) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    for (number, step) in steps.as_slice().iter().enumerate() {
        let StepChannel::Gateway(name) = step.channel else {
            continue;
        };
        let provider = store.provider(app.clone(), Channel::Gateway(name)).await?;
        problems.extend(problem(number, step, provider.as_ref()));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(problems).into())
    }
}

fn problem(number: usize, step: &Step, provider: Option<&StoredProvider>) -> Option<FieldProblem> {
    let proves = match provider {
        None => {
            let pointer = format!("/steps/{number}/channel");
            let detail = "the App has no account with this gateway".to_owned();
            return Some(FieldProblem::new(&pointer, FieldCode::NotAllowed, detail));
        }
        // What it can prove is not known; its messages wait until its account is set anew.
        Some(StoredProvider::Unreadable) => return None,
        Some(StoredProvider::Readable(provider)) => provider.gateway.map(|traits| traits.proves),
    };
    let proves = proves.unwrap_or(Goal::Handed);
    (step.goal > proves).then(|| {
        let pointer = format!("/steps/{number}/wait_for");
        let detail = format!("the App's account with this gateway proves no more than {proves}");
        FieldProblem::new(&pointer, FieldCode::NotAllowed, detail)
    })
}
