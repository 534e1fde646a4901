//! `vestnik audience`: files of recipients.

mod upload;

use console::style;
use serde_json::json;
use vestnik_model::{
    AudienceFile, AudienceFileState, AudienceId, LineProblem, Open, route, view::List,
};

pub(crate) use upload::upload_file;

use crate::{
    api::Api,
    args::{AudienceArgs, AudienceCommand},
    exit::Failure,
    output::Output,
};

pub(crate) async fn run(command: AudienceCommand, output: &Output) -> Result<(), Failure> {
    match command {
        AudienceCommand::Upload(args) => upload::run(args, output).await,
        AudienceCommand::List { server } => {
            let listed: List<AudienceFile> = Api::new(&server)?.get(route::AUDIENCES).await?;
            output.result(&listed, |listed| {
                let lines: Vec<_> = listed.data.iter().map(words).collect();
                lines.join("\n")
            });
            Ok(())
        }
        AudienceCommand::Show(args) => {
            let found: AudienceFile = Api::new(&args.server)?.get(&path(args.id)).await?;
            output.result(&found, words);
            Ok(())
        }
        AudienceCommand::Problems(args) => problems(&args, output).await,
        AudienceCommand::Delete(args) => {
            Api::new(&args.server)?.delete(&path(args.id)).await?;
            output.result(&json!({"deleted": args.id}), |_| "deleted".to_owned());
            Ok(())
        }
    }
}

fn path(id: AudienceId) -> String {
    route::AUDIENCE.replace("{id}", &id.to_string())
}

fn problems_path(id: AudienceId) -> String {
    route::AUDIENCE_PROBLEMS.replace("{id}", &id.to_string())
}

async fn problems(args: &AudienceArgs, output: &Output) -> Result<(), Failure> {
    let path = problems_path(args.id);
    let listed: List<LineProblem> = Api::new(&args.server)?.list(&path).await?;
    output.result(&listed, |listed| {
        let lines: Vec<_> = listed.data.iter().map(problem_words).collect();
        lines.join("\n")
    });
    Ok(())
}

fn problem_words(problem: &LineProblem) -> String {
    let LineProblem {
        line,
        field,
        code: _,
        detail,
    } = problem;
    let field = field.as_ref().map(|field| format!("{} ", field.as_str()));
    format!("line {line}: {}{detail}", field.unwrap_or_default())
}

fn words(audience: &AudienceFile) -> String {
    let state = match audience.state.known() {
        Some(AudienceFileState::Ready) => style("ready").green(),
        Some(AudienceFileState::Failed) => style("failed").red(),
        Some(AudienceFileState::Uploading) | None => style(audience.state.as_str()).yellow(),
    };
    let failure = audience.failure.as_ref().map(Open::as_str);
    let failure = failure.map(|failure| format!(" ({failure})"));
    let counts = [
        (audience.bad, "naming nobody"),
        (audience.duplicates, "named before"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: String = counts
        .map(|(count, words)| format!(", {count} {words}"))
        .collect();
    format!(
        "{state}{} {}  {} recipients{counts}  {}",
        failure.unwrap_or_default(),
        style(audience.id).bold(),
        audience.good,
        audience.name,
    )
}
