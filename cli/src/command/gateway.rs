//! `vestnik gateway`: lists and tries descriptors of gateways. Nothing is sent.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use anyhow::Context as _;
use http::{HeaderMap, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use vestnik_gateway::{
    Answer, ChatId, Descriptor, Evidence, Message, Outcome, Provider, RecipientKind, Scope, Smpp,
    To, Verdict, shipped,
    smpp::{self, SMPP},
};
use vestnik_model::{AttemptId, phone::PhoneNumber};

use crate::{
    args::{GatewayCheckArgs, GatewayCommand},
    clock,
    exit::Failure,
    output::Output,
};

/// The most bytes of a file that is read.
const MAX_BYTES: u64 = 256 * 1_024;
/// Whom the sample message is for.
const SAMPLE_NUMBER: &str = "+49301234567";

pub(crate) fn run(command: GatewayCommand, output: &Output) -> Result<(), Failure> {
    match command {
        GatewayCommand::List => {
            let listed = shipped::all().map(DescriptorView::of);
            let listed: Vec<_> = listed.chain([DescriptorView::smpp()]).collect();
            output.result(&listed, |listed| {
                let lines = listed.iter().map(DescriptorView::line);
                lines.collect::<Vec<_>>().join("\n")
            });
            Ok(())
        }
        GatewayCommand::Show { name } => {
            let about = (name == SMPP).then_some(smpp::ABOUT);
            let text = about.or_else(|| shipped::text(&name));
            let text = text.ok_or_else(|| unknown(&name))?;
            output.raw(text);
            Ok(())
        }
        GatewayCommand::Check(args) => check(&args, output),
    }
}

fn unknown(name: &str) -> Failure {
    let names: Vec<_> = shipped::all()
        .map(|known| known.name().to_string())
        .chain([SMPP.to_owned()])
        .collect();
    Failure::Usage(format!(
        "no descriptor {name} is shipped; there are {}",
        names.join(", ")
    ))
}

/// What a descriptor is.
#[derive(Debug, Serialize)]
struct DescriptorView {
    name: String,
    title: String,
    recipient: &'static str,
    /// The most that it can prove of a message.
    evidence: &'static str,
    /// Whether a repetition is the same message to it.
    collapses: bool,
    /// The settings that are required, and those that are not.
    required: Vec<String>,
    optional: Vec<String>,
}

impl DescriptorView {
    fn of(descriptor: &Descriptor) -> Self {
        let settings = |is_required: bool| {
            let settings = descriptor.settings().iter();
            let settings = settings.filter(|(_, rule)| rule.is_required == is_required);
            settings.map(|(name, _)| name.clone()).collect()
        };
        Self {
            name: descriptor.name().to_string(),
            title: descriptor.title().to_owned(),
            recipient: descriptor.recipient().as_str(),
            evidence: descriptor.evidence().as_str(),
            collapses: descriptor.collapses(),
            required: settings(true),
            optional: settings(false),
        }
    }

    /// What is spoken to by code, and has no descriptor.
    fn smpp() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            name: SMPP.to_owned(),
            title: "SMS (message centre over SMPP 3.4 and 5.0)".to_owned(),
            recipient: RecipientKind::Phone.as_str(),
            evidence: Evidence::Delivered.as_str(),
            collapses: false,
            required: names(smpp::REQUIRED),
            optional: names(smpp::OPTIONAL),
        }
    }

    fn line(&self) -> String {
        let Self {
            name,
            recipient,
            evidence,
            title,
            ..
        } = self;
        format!("{name:<12} {recipient:<6} {evidence:<10} {title}")
    }

    fn words(&self) -> String {
        let once = if self.collapses {
            "is one message"
        } else {
            "is a second message"
        };
        let list = |names: &[String]| {
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        };
        format!(
            "{} ({}): sends to a {}, proves up to {}; a repetition {once}\nsettings: {}; optional: {}",
            self.name,
            self.title,
            self.recipient,
            self.evidence,
            list(&self.required),
            list(&self.optional),
        )
    }
}

/// What a check found.
#[derive(Debug, Serialize)]
struct CheckView {
    descriptor: DescriptorView,
    request: RequestView,
    answers: Vec<AnswerView>,
}

/// A request, with secrets masked.
#[derive(Debug, Serialize)]
struct RequestView {
    method: String,
    address: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// What an answer means.
#[derive(Debug, Serialize)]
struct AnswerView {
    status: u16,
    verdict: &'static str,
    reason: Option<&'static str>,
    /// Whose messages are held up, if any are.
    scope: Option<&'static str>,
    /// For how many seconds.
    after: Option<u64>,
    id: Option<String>,
    said: Option<String>,
    cost: Option<String>,
}

fn check(args: &GatewayCheckArgs, output: &Output) -> Result<(), Failure> {
    let named = args.descriptor.display();
    if args.descriptor.as_os_str() == SMPP && !args.descriptor.exists() {
        return check_centre(args, output);
    }
    let text = descriptor_text(&args.descriptor)?;
    let descriptor = Descriptor::parse(&text);
    let descriptor = descriptor.map_err(|wrong| Failure::Outcome(format!("{named}: {wrong}")))?;
    let shown = DescriptorView::of(&descriptor);
    let settings = args.settings.as_deref().map(file).transpose()?;
    let provider = Provider::sample(descriptor, settings.as_deref(), args.origin.as_deref());
    let provider = provider.map_err(|wrong| Failure::Outcome(wrong.to_string()))?;
    let answers = args.answer.chunks(2).map(|pair| answer(&provider, pair));
    let view = CheckView {
        request: RequestView::of(&request(&provider, args)?),
        answers: answers.collect::<Result<_, _>>()?,
        descriptor: shown,
    };
    output.result(&view, CheckView::words);
    Ok(())
}

/// What the settings of a message centre make of a message.
#[derive(Debug, Serialize)]
struct CentreView {
    descriptor: DescriptorView,
    text: String,
    /// How many short messages it is sent as.
    parts: usize,
}

fn check_centre(args: &GatewayCheckArgs, output: &Output) -> Result<(), Failure> {
    if args.origin.is_some() || !args.answer.is_empty() {
        return Err(Failure::Usage(
            "smpp takes neither --origin nor --answer: it is no HTTP".to_owned(),
        ));
    }
    let settings = args.settings.as_deref().map(file).transpose()?;
    let centre = Smpp::sample(settings.as_deref());
    let centre = centre.map_err(|wrong| Failure::Outcome(wrong.to_string()))?;
    let phone = PhoneNumber::parse(args.to.as_deref().unwrap_or(SAMPLE_NUMBER));
    let phone = phone.map_err(|error| Failure::Usage(format!("--to {error}")))?;
    let text = centre.text(&message(args, To::Phone(&phone), clock::now())?);
    let view = CentreView {
        descriptor: DescriptorView::smpp(),
        parts: centre.parts(&text),
        text,
    };
    output.result(&view, CentreView::words);
    Ok(())
}

impl CentreView {
    fn words(&self) -> String {
        let parts = match self.parts {
            1 => "1 part".to_owned(),
            parts => format!("{parts} parts"),
        };
        format!("{}\n\n{parts}:\n{}", self.descriptor.words(), self.text)
    }
}

fn descriptor_text(path: &Path) -> Result<String, Failure> {
    match path.to_str().and_then(shipped::text) {
        Some(text) if !path.exists() => Ok(text.to_owned()),
        _ => file(path),
    }
}

/// A file, or the standard input.
fn file(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text)
    } else {
        fs::File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
    };
    read.with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(text)
}

/// The request of the sample message.
fn request(provider: &Provider, args: &GatewayCheckArgs) -> Result<Request<Vec<u8>>, Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::Usage(format!("--to {error}"));
    let (phone, chat);
    let to = match provider.descriptor().recipient() {
        RecipientKind::Phone => {
            phone = PhoneNumber::parse(args.to.as_deref().unwrap_or(SAMPLE_NUMBER))
                .map_err(|e| usage(&e))?;
            To::Phone(&phone)
        }
        RecipientKind::Chat => {
            chat = ChatId::parse(args.to.as_deref().unwrap_or("42")).map_err(|e| usage(&e))?;
            To::Chat(&chat)
        }
    };
    let now = clock::now();
    let built = provider.masked_request(&message(args, to, now)?, now);
    built.map_err(|error| Failure::Outcome(format!("the message makes no request: {error}")))
}

/// The sample message.
fn message<'a>(
    args: &'a GatewayCheckArgs,
    to: To<'a>,
    now: Timestamp,
) -> Result<Message<'a>, Failure> {
    Ok(Message {
        attempt: sample_attempt()?,
        to,
        title: args.title.as_deref(),
        body: &args.body,
        link: args.link.as_deref(),
        locale: Some("en"),
        callback: Some("https://vestnik.example/v1/gateways/APP/CHANNEL/PROVIDER"),
        expires_at: now
            .saturating_add(SignedDuration::from_hours(1))
            .unwrap_or(Timestamp::MAX),
    })
}

fn sample_attempt() -> Result<AttemptId, Failure> {
    let attempt: Result<AttemptId, _> = "att_0192f0c1000070008000000000000007".parse();
    attempt.map_err(|error| Failure::Other(error.into()))
}

fn answer(provider: &Provider, pair: &[String]) -> Result<AnswerView, Failure> {
    let [status, path] = pair else {
        return Err(Failure::Usage(
            "--answer takes a status and a file".to_owned(),
        ));
    };
    let status: Option<StatusCode> = status.parse().ok();
    let status = status
        .ok_or_else(|| Failure::Usage("--answer begins with a status such as 200".to_owned()))?;
    let body = if path == "-" {
        String::new()
    } else {
        file(Path::new(path))?
    };
    let outcome = provider.outcome(
        &Answer {
            status,
            headers: &HeaderMap::new(),
            body: body.as_bytes(),
        },
        clock::now(),
    );
    Ok(AnswerView::of(status, &outcome))
}

impl RequestView {
    fn of(request: &Request<Vec<u8>>) -> Self {
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        });
        Self {
            method: request.method().to_string(),
            address: request.uri().to_string(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(request.body()).into_owned(),
        }
    }

    fn words(&self) -> String {
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        let json: Result<serde_json::Value, _> = serde_json::from_str(&self.body);
        let body = json.and_then(|json| serde_json::to_string_pretty(&json));
        let body = body.unwrap_or_else(|_| self.body.clone());
        format!("{} {}\n{headers}\n{body}", self.method, self.address)
    }
}

impl AnswerView {
    fn of(status: StatusCode, outcome: &Outcome) -> Self {
        let mut view = Self {
            status: status.as_u16(),
            verdict: outcome.verdict.as_str(),
            reason: outcome.verdict.reason().map(|reason| reason.as_str()),
            scope: None,
            after: None,
            id: None,
            said: outcome.said.word.clone(),
            cost: outcome.cost.map(|cost| cost.to_string()),
        };
        match &outcome.verdict {
            Verdict::Accepted { id } => view.id = id.as_ref().map(|id| id.as_str().to_owned()),
            Verdict::Retry { after, .. } => view.after = after.map(|after| after.as_secs()),
            Verdict::Throttled { scope, after } => {
                view.after = after.map(|after| after.as_secs());
                view.scope = Some(match scope {
                    Scope::Recipient => "recipient",
                    Scope::Account => "account",
                });
            }
            Verdict::Dead { .. }
            | Verdict::Rejected { .. }
            | Verdict::Refused { .. }
            | Verdict::Unproven { .. } => {}
        }
        view
    }

    fn words(&self) -> String {
        let mut words = format!("{} → {}", self.status, self.verdict);
        let after = self.after.map(|seconds| format!("again in {seconds} s"));
        let id = self.id.as_ref().map(|id| format!("id {id}"));
        let scope = self.scope.map(|scope| format!("for this {scope}"));
        let said = self
            .said
            .as_ref()
            .map(|said| format!("the gateway said {said}"));
        let cost = self.cost.as_ref().map(|cost| format!("cost {cost}"));
        let reason = self.reason.map(str::to_owned);
        for more in [reason, scope, after, id, cost, said].into_iter().flatten() {
            words.push_str(", ");
            words.push_str(&more);
        }
        words
    }
}

impl CheckView {
    fn words(&self) -> String {
        let mut words = format!("{}\n\n{}", self.descriptor.words(), self.request.words());
        for answer in &self.answers {
            words.push_str(&format!("\n\n{}", answer.words()));
        }
        words
    }
}
