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
    let path = route::with(route, &args.id.to_string());
    let view: Option<NotificationView> = Api::new(&args.server)?.act_and_show(&path).await?;
    match view {
        Some(view) => output.result(&view, status::words),
        None => output.note("done; what it says cannot be read by the server"),
    }
    Ok(())
}
