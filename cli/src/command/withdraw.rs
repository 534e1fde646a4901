//! `vestnik cancel`, `recall`, `pause` and `resume`: stop a notification, for good or for a while, and show what had
//! become of it.

use vestnik_model::{route, view::NotificationView};

use super::status;
use crate::{
    api::Api,
    args::{CancelArgs, OneArgs, PauseArgs, RecallArgs, ResumeArgs},
    exit::Failure,
    output::Output,
};

pub(crate) async fn cancel(args: CancelArgs, output: &Output) -> Result<(), Failure> {
    withdraw(&args.of, route::CANCEL, output).await
}

pub(crate) async fn recall(args: RecallArgs, output: &Output) -> Result<(), Failure> {
    withdraw(&args.of, route::RECALL, output).await
}

pub(crate) async fn pause(args: PauseArgs, output: &Output) -> Result<(), Failure> {
    withdraw(&args.of, route::PAUSE, output).await
}

pub(crate) async fn resume(args: ResumeArgs, output: &Output) -> Result<(), Failure> {
    withdraw(&args.of, route::RESUME, output).await
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
