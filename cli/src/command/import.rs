//! `vestnik user import`: push addresses that an App had collected before, as JSON lines.
//!
//! Everything is checked before anything is imported, by this side and by the server: a file with a wrong
//! line imports nothing. A run that was cut off is repeated as it is.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use console::style;
use serde::Serialize;
use serde_json::{Map, Value};
use vestnik_model::{
    ImportAnswer, ImportOutcome, ImportRequest, ImportedAddress, Open, Problem, UserId,
    import::MAX_IMPORTED, route,
};

use crate::{api::Api, args::ImportArgs, exit::Failure, output::Output};

/// The most bytes of a file.
const MAX_BYTES: u64 = 256 * 1_024 * 1_024;
/// The most bytes of addresses in one request; every server takes more.
const BATCH_BYTES: usize = 48 * 1_024;
/// The most wrong lines that are named.
const MAX_NAMED: usize = 20;

/// The fields of a line.
const KNOWN: [&str; 4] = ["user", "kind", "value", "environment"];

/// An address and the line that it stands in, from 1.
type Line = (usize, ImportedAddress);

pub(crate) async fn run(args: ImportArgs, output: &Output) -> Result<(), Failure> {
    let ImportArgs { server, file } = args;
    let api = Api::new(&server)?;
    let read = tokio::task::spawn_blocking(move || text(&file));
    let text = read.await.map_err(|error| Failure::Other(error.into()))?;
    let lines = lines(&text?)?;
    let batches = batches(&lines);
    let length = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    let checking = output.progress(length, "checked");
    let mut wrong = Vec::new();
    for batch in &batches {
        match post(&api, batch, true).await {
            Ok(_) => {}
            Err(Failure::Rejected(problem)) if !problem.errors.is_empty() => {
                wrong.extend(named(&problem, batch));
            }
            Err(failure) => return Err(failure),
        }
        checking.inc(u64::try_from(batch.len()).unwrap_or_default());
    }
    checking.finish_and_clear();
    refuse(&wrong)?;
    let importing = output.progress(length, "imported");
    let mut tally = Tally::default();
    for batch in &batches {
        tally.count(&post(&api, batch, false).await?);
        importing.inc(u64::try_from(batch.len()).unwrap_or_default());
    }
    importing.finish_and_clear();
    output.result(&tally, Tally::words);
    Ok(())
}

fn text(file: &Path) -> Result<String, Failure> {
    let refuse = |error: io::Error| Failure::Usage(format!("{}: {error}", file.display()));
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text)
    } else {
        let opened = File::open(file).map_err(refuse)?;
        opened.take(MAX_BYTES).read_to_string(&mut text)
    };
    if read.map_err(refuse)? as u64 >= MAX_BYTES {
        let name = file.display();
        return Err(Failure::Usage(format!(
            "{name}: must have fewer than {MAX_BYTES} bytes: import it in parts"
        )));
    }
    Ok(text)
}

fn lines(text: &str) -> Result<Vec<Line>, Failure> {
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match address(line) {
            Ok(address) => lines.push((index + 1, address)),
            Err(detail) => wrong.push(format!("line {}: {detail}", index + 1)),
        }
    }
    refuse(&wrong)?;
    Ok(lines)
}

/// Reads a line. What is wrong is told without what stands there: it may be an address.
fn address(line: &str) -> Result<ImportedAddress, String> {
    let value: Value = serde_json::from_str(line)
        .map_err(|error| format!("not JSON at column {}", error.column()))?;
    let Value::Object(fields) = value else {
        return Err("must be a JSON object".to_owned());
    };
    if fields.keys().any(|field| !KNOWN.contains(&field.as_str())) {
        return Err(format!(
            "a field is unknown; there are {}",
            KNOWN.join(", ")
        ));
    }
    let user = required(&fields, "user")?;
    Ok(ImportedAddress {
        user: UserId::parse(user).map_err(|error| format!("user {error}"))?,
        kind: word(&fields, "kind")?.ok_or("kind is required")?,
        value: required(&fields, "value")?.to_owned(),
        environment: word(&fields, "environment")?,
    })
}

fn required<'a>(fields: &'a Map<String, Value>, field: &str) -> Result<&'a str, String> {
    let value = fields
        .get(field)
        .ok_or_else(|| format!("{field} is required"))?;
    value
        .as_str()
        .ok_or_else(|| format!("{field} must be a text"))
}

fn word<T: vestnik_model::Word>(
    fields: &Map<String, Value>,
    field: &str,
) -> Result<Option<T>, String> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let word = value.as_str().and_then(T::from_word);
            let words = T::WORDS.iter().map(|word| word.as_str());
            let words: Vec<_> = words.collect();
            let known = words.join(", ");
            word.map(Some)
                .ok_or_else(|| format!("{field} must be one of {known}"))
        }
    }
}

fn batches(lines: &[Line]) -> Vec<&[Line]> {
    let (mut batches, mut rest) = (Vec::new(), lines);
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take(MAX_IMPORTED).take_while(|(_, address)| {
            // The names of the fields, and what JSON escapes.
            bytes += 100 + 2 * (address.value.len() + address.user.as_str().len());
            bytes <= BATCH_BYTES
        });
        let (batch, left) = rest.split_at(fits.count().max(1));
        batches.push(batch);
        rest = left;
    }
    batches
}

async fn post(api: &Api, batch: &[Line], validate_only: bool) -> Result<ImportAnswer, Failure> {
    let addresses = batch.iter().map(|(_, address)| address.clone());
    let request = ImportRequest {
        push_addresses: addresses.collect(),
        validate_only,
    };
    api.post(route::IMPORT_ADDRESSES, &request).await
}

/// What the server found wrong, by the lines of the file.
fn named(problem: &Problem, batch: &[Line]) -> Vec<String> {
    let errors = problem.errors.iter().map(|error| {
        let mut place = error.pointer.split('/').skip(2);
        let index = place.next().and_then(|index| index.parse::<usize>().ok());
        let line = index.and_then(|index| batch.get(index));
        let field = place.next().unwrap_or_default();
        match line {
            Some((line, _)) => format!("line {line}: {field} {}", error.detail),
            None => format!("{} {}", error.pointer, error.detail),
        }
    });
    errors.collect()
}

fn refuse(wrong: &[String]) -> Result<(), Failure> {
    if wrong.is_empty() {
        return Ok(());
    }
    let mut text = wrong[..wrong.len().min(MAX_NAMED)].join("\n");
    if wrong.len() > MAX_NAMED {
        let _ = write!(text, "\nand {} more", wrong.len() - MAX_NAMED);
    }
    text.push_str("\nnothing was imported");
    Err(Failure::Usage(text))
}

/// How many addresses came to what.
#[derive(Debug, Default, Serialize)]
struct Tally {
    imported: u64,
    unchanged: u64,
    reported: u64,
    dead: u64,
    too_many: u64,
}

impl Tally {
    fn count(&mut self, answer: &ImportAnswer) {
        for outcome in answer.results.iter().filter_map(Open::known) {
            let count = match outcome {
                ImportOutcome::Imported => &mut self.imported,
                ImportOutcome::Unchanged => &mut self.unchanged,
                ImportOutcome::Reported => &mut self.reported,
                ImportOutcome::Dead => &mut self.dead,
                ImportOutcome::TooMany => &mut self.too_many,
            };
            *count += 1;
        }
    }

    fn words(&self) -> String {
        let Self {
            imported,
            unchanged,
            reported,
            dead,
            too_many,
        } = self;
        let rest = [
            (unchanged, "imported before"),
            (reported, "reported by a device"),
            (dead, "dead"),
            (too_many, "of users with too many devices"),
        ];
        let rest = rest.iter().filter(|(count, _)| **count > 0);
        let rest: String = rest
            .map(|(count, words)| format!(", {count} {words}"))
            .collect();
        format!("{} {imported}{rest}", style("imported").green())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_lines_are_named_without_what_stands_there() {
        let text = "{\"user\": \"anna\", \"kind\": \"apns\", \"value\": \"x\"}\n\n\
            {\"user\": \"bert\", \"kind\": \"PLANTED\", \"value\": \"x\"}\n\
            {\"user\": \"bert\", \"kind\": \"apns\", \"token\": \"PLANTED\"}\n\
            {\"user\": \"bert\", \"kind\": \"apns\", \"value\": PLANTED}\n\
            [\"PLANTED\"]\n{\"user\": \"\", \"kind\": \"apns\", \"value\": \"x\"}\n";
        let Err(Failure::Usage(refused)) = lines(text) else {
            panic!("five lines are wrong");
        };
        for place in [
            "line 3: kind",
            "line 4: a field",
            "line 5: not JSON",
            "line 6:",
            "line 7: user",
        ] {
            assert!(refused.contains(place), "{place} in {refused}");
        }
        assert!(!refused.contains("PLANTED"), "{refused}");
        let Ok(read) = lines(text.lines().next().unwrap_or_default()) else {
            panic!("the first line is an address");
        };
        assert_eq!(read.len(), 1);
    }

    #[test]
    fn batches_are_small_and_have_every_line_once() {
        let line = |number: usize, length: usize| {
            let value = "x".repeat(length);
            let json = serde_json::json!({"user": "anna", "kind": "fcm_token", "value": value});
            (
                number,
                serde_json::from_value::<ImportedAddress>(json).unwrap(),
            )
        };
        let mut all: Vec<Line> = (1..=450).map(|number| line(number, 20)).collect();
        all.extend((451..=470).map(|number| line(number, 4_000)));
        let batches = batches(&all);
        let numbers = batches
            .iter()
            .flat_map(|batch| batch.iter().map(|(number, _)| *number));
        assert!(numbers.eq(1..=470));
        for batch in batches {
            let bytes: usize = batch.iter().map(|(_, address)| address.value.len()).sum();
            assert!(batch.len() <= MAX_IMPORTED && bytes <= BATCH_BYTES);
        }
    }

    #[test]
    fn what_the_server_refuses_is_named_by_its_line() {
        let Ok(lines) = lines("\n{\"user\": \"anna\", \"kind\": \"apns\", \"value\": \"x\"}")
        else {
            panic!("it is an address");
        };
        let error = vestnik_model::FieldProblem::new(
            "/push_addresses/0/value",
            vestnik_model::FieldCode::Malformed,
            "must be hex",
        );
        let named = named(&Problem::invalid(vec![error]), &lines);
        assert_eq!(named, ["line 2: value must be hex"]);
    }
}
