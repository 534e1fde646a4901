//! The upload of a file, in parts that are repeated when they are lost.

use std::{
    fs::File,
    io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use indicatif::ProgressBar;
use vestnik_model::{
    AudienceFile, AudienceFileRequest, AudienceFileState, AudienceId, LineProblem, ProblemCode,
    audience_file::{CsvRequest, FileFormat, LineProblemPage},
    route,
};

use super::{path, problem_words, problems_path, words};
use crate::{
    api::Api,
    args::{FormArgs, UploadArgs},
    exit::Failure,
    output::Output,
};

/// The most bytes of a part: it must arrive and be read within the time of one request.
const PART: u64 = 256 * 1_024;
/// How often in a row a part is tried before the command gives up.
const TRIES: u32 = 12;
/// The longest pause between two tries.
const MAX_PAUSE: Duration = Duration::from_secs(10);
/// How many wrong lines are shown in a terminal.
const SHOWN: usize = 20;

pub(super) async fn run(args: UploadArgs, output: &Output) -> Result<(), Failure> {
    let UploadArgs {
        server,
        file,
        form,
        name,
        resume,
    } = args;
    let api = Api::new(&server)?;
    let id = match resume {
        Some(id) => id,
        None => create(&api, &file, (&form, name)).await?,
    };
    let audience = fill(&api, &file, id, output).await?;
    tell_problems(&api, &audience, form.problems.as_deref(), output).await?;
    output.result(&audience, words);
    somebody_is_named(&audience)
}

/// Uploads a file for a notification, and gives the audience to send to.
pub(crate) async fn upload_file(
    api: &Api,
    file: &Path,
    form: &FormArgs,
    output: &Output,
) -> Result<AudienceId, Failure> {
    let id = create(api, file, (form, None)).await?;
    let audience = fill(api, file, id, output).await?;
    tell_problems(api, &audience, form.problems.as_deref(), output).await?;
    output.note(&words(&audience));
    somebody_is_named(&audience)?;
    Ok(id)
}

fn somebody_is_named(audience: &AudienceFile) -> Result<(), Failure> {
    if audience.good == 0 {
        let text = "no line of the file names a recipient";
        return Err(Failure::Outcome(text.to_owned()));
    }
    Ok(())
}

async fn create(
    api: &Api,
    file: &Path,
    (form, name): (&FormArgs, Option<String>),
) -> Result<AudienceId, Failure> {
    let format = form.format.or_else(|| format_of(file));
    let format = format.ok_or_else(|| {
        let text = "the name of the file does not tell its form: give --format csv or ndjson";
        Failure::Usage(text.to_owned())
    })?;
    let own = file.file_name().unwrap_or(file.as_os_str());
    let own: String = own.to_string_lossy().chars().take(128).collect();
    let request = AudienceFileRequest {
        name: name.unwrap_or(own),
        format,
        csv: csv(form, format)?,
    };
    // A file that cannot be read is found before anything is made.
    length(file)?;
    let created: AudienceFile = api.post(route::AUDIENCES, &request).await?;
    Ok(created.id)
}

fn format_of(file: &Path) -> Option<FileFormat> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" | "tsv" => Some(FileFormat::Csv),
        "ndjson" | "jsonl" => Some(FileFormat::Ndjson),
        _ => None,
    }
}

fn csv(form: &FormArgs, format: FileFormat) -> Result<Option<CsvRequest>, Failure> {
    let is_plain = form.delimiter.is_none() && !form.no_header && form.columns.is_empty();
    match format {
        FileFormat::Ndjson if is_plain => Ok(None),
        FileFormat::Ndjson => {
            let text = "--delimiter, --no-header and --column are for a CSV file";
            Err(Failure::Usage(text.to_owned()))
        }
        FileFormat::Csv => {
            let default = CsvRequest::default();
            Ok(Some(CsvRequest {
                delimiter: form.delimiter.clone().unwrap_or(default.delimiter),
                has_header: !form.no_header,
                columns: form.columns.iter().cloned().collect(),
            }))
        }
    }
}

/// Uploads what is left of a file. A part that is lost is sent again from where the server is.
async fn fill(
    api: &Api,
    file: &Path,
    id: AudienceId,
    output: &Output,
) -> Result<AudienceFile, Failure> {
    let length = length(file)?;
    let bar = output.progress(length, "uploaded");
    let (mut stands, mut failures) = (None::<AudienceFile>, 0);
    loop {
        let step = match stands.take() {
            None => api.get(&path(id)).await,
            Some(known) => part(api, file, &known, length).await,
        };
        match step {
            Ok(audience) => {
                (stands, failures) = match done(audience, length, &bar)? {
                    Progress::Done(audience) => return Ok(audience),
                    Progress::More(audience) => (Some(audience), 0),
                };
            }
            // Where the file goes on is asked for next.
            Err(Failure::Unreachable(_)) if failures < TRIES => {
                failures += 1;
                tokio::time::sleep(pause(failures)).await;
            }
            Err(Failure::Rejected(problem)) if problem.code == ProblemCode::AudienceOffset => {}
            Err(failure @ Failure::Unreachable(_)) => {
                bar.abandon();
                let file = file.display();
                let how = format!("go on with: vestnik audience upload {file} --resume {id}");
                output.note(&how);
                return Err(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// How far an upload is.
enum Progress {
    Done(AudienceFile),
    More(AudienceFile),
}

fn done(audience: AudienceFile, length: u64, bar: &ProgressBar) -> Result<Progress, Failure> {
    bar.set_position(audience.bytes);
    match audience.state.known() {
        Some(AudienceFileState::Ready) => {
            bar.finish_and_clear();
            Ok(Progress::Done(audience))
        }
        Some(AudienceFileState::Uploading) if audience.bytes <= length => {
            Ok(Progress::More(audience))
        }
        Some(AudienceFileState::Uploading) => {
            let text = "more was uploaded before than the file has: it is another file";
            Err(Failure::Usage(text.to_owned()))
        }
        Some(AudienceFileState::Failed) | None => {
            let failure = audience.failure.as_ref().map(|failure| failure.as_str());
            let failure = failure.unwrap_or_default();
            let text = format!("the file of the audience cannot be used: {failure}");
            Err(Failure::Outcome(text))
        }
    }
}

async fn part(
    api: &Api,
    file: &Path,
    stands: &AudienceFile,
    length: u64,
) -> Result<AudienceFile, Failure> {
    let (file, from) = (file.to_owned(), stands.bytes);
    let is_last = length.saturating_sub(from) <= PART;
    let count = length.saturating_sub(from).min(PART);
    let read = tokio::task::spawn_blocking(move || read(&file, (from, count))).await;
    let bytes = read.map_err(|error| Failure::Other(error.into()))??;
    // An audience of the beginning of a file must not be taken for that of the file.
    if bytes.len() as u64 != count {
        let text = "the file became shorter while it was uploaded: upload it anew";
        return Err(Failure::Usage(text.to_owned()));
    }
    api.append(&path(stands.id), (from, is_last), bytes).await
}

fn read(file: &PathBuf, (from, count): (u64, u64)) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut opened = File::open(file)?;
        opened.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        opened.take(count).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error| unreadable(file, &error))
}

fn length(file: &Path) -> Result<u64, Failure> {
    match std::fs::metadata(file) {
        Ok(about) if about.is_file() => Ok(about.len()),
        Ok(_) => {
            let name = file.display();
            Err(Failure::Usage(format!(
                "{name}: must be a file, which an upload that is cut off can go on with"
            )))
        }
        Err(error) => Err(unreadable(file, &error)),
    }
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("{}: {error}", file.display()))
}

/// Doubling from a quarter of a second.
fn pause(failures: u32) -> Duration {
    let pause = Duration::from_millis(250) * 2_u32.pow(failures.saturating_sub(1).min(8));
    pause.min(MAX_PAUSE)
}

/// Writes the lines that name nobody to a file, or shows the first of them.
async fn tell_problems(
    api: &Api,
    audience: &AudienceFile,
    to: Option<&Path>,
    output: &Output,
) -> Result<(), Failure> {
    let mut file = to.map(create_file).transpose()?;
    if audience.bad == 0 {
        return Ok(());
    }
    let (mut cursor, mut shown) = (None::<String>, 0);
    loop {
        let page = page(api, audience.id, cursor.as_deref()).await?;
        match &mut file {
            Some(file) => write(file, &page.data)?,
            None => {
                let lines = page.data.iter().take(SHOWN);
                lines.for_each(|problem| output.note(&problem_words(problem)));
                shown = page.data.len().min(SHOWN);
            }
        }
        cursor = page.next_cursor;
        if file.is_none() || cursor.is_none() {
            break;
        }
    }
    let left = audience.bad.saturating_sub(shown as u64);
    match (to, left) {
        (Some(to), _) => {
            let name = to.display();
            output.note(&format!("{} lines name nobody; see {name}", audience.bad));
        }
        (None, 0) => {}
        (None, left) => {
            let id = audience.id;
            output.note(&format!("and {left} more: vestnik audience problems {id}"));
        }
    }
    Ok(())
}

async fn page(api: &Api, id: AudienceId, cursor: Option<&str>) -> Result<LineProblemPage, Failure> {
    let query = cursor.map(|cursor| ("cursor", cursor));
    let query: Vec<_> = query.into_iter().chain([("limit", "200")]).collect();
    api.get_by(&problems_path(id), &query).await
}

fn create_file(to: &Path) -> Result<BufWriter<File>, Failure> {
    let created = File::create(to).map_err(|error| unreadable(to, &error))?;
    Ok(BufWriter::new(created))
}

fn write(file: &mut BufWriter<File>, problems: &[LineProblem]) -> Result<(), Failure> {
    for problem in problems {
        serde_json::to_writer(&mut *file, problem).map_err(|error| Failure::Other(error.into()))?;
        file.write_all(b"\n")?;
    }
    file.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_tells_the_form() {
        let of = |name: &str| format_of(Path::new(name));
        assert_eq!(of("march.CSV"), Some(FileFormat::Csv));
        assert_eq!(of("a/march.ndjson"), Some(FileFormat::Ndjson));
        assert_eq!(of("march.xlsx"), None);
        assert_eq!(of("march"), None);
    }

    #[test]
    fn columns_are_of_a_csv_file() {
        let form = FormArgs {
            no_header: true,
            ..FormArgs::default()
        };
        assert!(csv(&form, FileFormat::Ndjson).is_err());
        let request = csv(&form, FileFormat::Csv).unwrap().unwrap();
        assert!(!request.has_header && request.delimiter == ",");
        assert_eq!(csv(&FormArgs::default(), FileFormat::Ndjson).unwrap(), None);
    }

    #[test]
    fn pauses_grow_up_to_a_bound() {
        assert_eq!(pause(1), Duration::from_millis(250));
        assert!(pause(1) < pause(2));
        assert_eq!(pause(TRIES), MAX_PAUSE);
    }
}
