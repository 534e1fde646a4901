//! `vestnik cancel` and `vestnik recall`: stop a notification, and show what had become of it.

use vestnik_model::{route, view::NotificationView};

use super::status;
use crate::{
    api::Api,
    args::{CancelArgs, OneArgs, RecallArgs},
    exit::Failure,
    output::Output,
};

pub(crate) async fn cancel(args: CancelArgs, output: &Output) -> Result<(), Failure> {
    withdraw(&args.of, route::CANCEL, output).await
}

pub(crate) async fn recall(args: RecallArgs, output: &Output) -> Result<(), Failure> {
    withdraw(&args.of, route::RECALL, output).await
}

async fn withdraw(args: &OneArgs, route: &str, output: &Output) -> Result<(), Failure> {
    let api = Api::new(&args.server)?;
    let id = args.id.to_string();
    api.act_silently(&route::with(route, &id)).await?;
    // A key that may publish need not be one that may read.
    match api.get(&route::with(route::NOTIFICATION, &id)).await {
        Ok(view) => output.result::<NotificationView>(&view, status::words),
        Err(Failure::Unauthorized(_)) => output.result(&args.id, ToString::to_string),
        Err(failure) => return Err(failure),
    }
    Ok(())
}
