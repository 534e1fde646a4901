//! `vestnik retry`: tries anew what was lost of a notification.

use vestnik_model::{publish::RetryAccepted, route};

use crate::{api::Api, args::RetryArgs, exit::Failure, output::Output};

pub(crate) async fn run(args: RetryArgs, output: &Output) -> Result<(), Failure> {
    let api = Api::new(&args.of.server)?;
    let path = route::with(route::RETRY, &args.of.id.to_string());
    let accepted: RetryAccepted = api.act(&path).await?;
    output.result(&accepted, words);
    Ok(())
}

fn words(accepted: &RetryAccepted) -> String {
    let RetryAccepted {
        retried,
        is_complete,
    } = accepted;
    let noun = if *retried == 1 {
        "delivery is"
    } else {
        "deliveries are"
    };
    let rest = if *is_complete {
        ""
    } else {
        "; the rest is looked at now"
    };
    format!("{retried} {noun} tried anew{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_way_is_said() {
        let said = |retried, is_complete| {
            words(&RetryAccepted {
                retried,
                is_complete,
            })
        };
        assert_eq!(said(1, true), "1 delivery is tried anew");
        assert_eq!(
            said(500, false),
            "500 deliveries are tried anew; the rest is looked at now"
        );
    }
}
