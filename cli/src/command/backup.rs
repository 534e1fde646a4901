//! `vestnik backup`: copies the database, also beside a running server.

use console::style;
use serde_json::json;

use crate::{args::BackupArgs, exit::Failure, output::Output, settings};

pub(crate) fn run(args: BackupArgs, output: &Output) -> Result<(), Failure> {
    let config = settings::load(args.settings, None)?;
    vestnik_server::backup(&config.database, &args.file).map_err(anyhow::Error::from)?;
    let file = args.file.display().to_string();
    output.result(&json!({"backup": file}), |_| {
        format!("{} {}", style("backed up to").green(), style(&file).bold())
    });
    Ok(())
}
