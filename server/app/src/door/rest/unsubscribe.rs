//! `/v1/unsubscribe/{link}`: where the reader of a letter unsubscribes with one click (RFC 8058).
//!
//! Mail programs and scanners open links to see what is there: a `GET` shows a page with a button and changes
//! nothing. A `POST` with the form of RFC 8058, by a mail program or by the button, unsubscribes. The link alone
//! says for whom; neither the page nor an answer shows it.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use vestnik_model::{CategoryName, Language, Problem};

use super::{
    explain::accepted,
    path::Segments,
    submission::{BY_REPEAT, Submission},
};
use crate::{credential::Unsubscription, operation, refusal::Refusal, state::ServerState};

/// What a mail program sends, and the button (RFC 8058, section 3.2).
const FIELD: &str = "List-Unsubscribe";
const VALUE: &str = "One-Click";
/// The longest form: it has one field.
const MAX_FORM_BYTES: usize = 4_096;
/// Nothing is loaded, framed or told to others.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";

/// Shows a page with a button, and changes nothing.
#[utoipa::path(
    get, path = "/v1/unsubscribe/{link}", tag = "users", security(()),
    params(
        ("link" = String, Path, description = "As it is in a letter"),
        ("Accept-Language" = Option<String>, Header, description = "The language of the page"),
    ),
    responses(
        (status = 200, description = "A page with a button", body = String, content_type = "text/html"),
        (status = 404, description = "A page that says that there is no such link", body = String, content_type = "text/html"),
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Segments(link): Segments<String>,
    headers: HeaderMap,
) -> Response {
    let words = Words::of(accepted(&headers));
    match state.letters.unsubscription(&link) {
        Some(of) => page(
            StatusCode::OK,
            &words,
            &words.question(of.category.as_ref()),
        ),
        None => unknown(&words),
    }
}

/// Records that the reader does not want the category of the letter any more, or anything if it had none. The
/// same once or twice.
#[utoipa::path(
    post, path = "/v1/unsubscribe/{link}", tag = "users", security(()),
    params(("link" = String, Path, description = "As it is in a letter")),
    request_body(
        content = String, content_type = "application/x-www-form-urlencoded",
        description = "`List-Unsubscribe=One-Click`, also as multipart/form-data"
    ),
    responses(
        (status = 200, description = "A page that says that it is done", body = String, content_type = "text/html"),
        (status = 400, description = "It is not the form of RFC 8058", body = Problem),
        (status = 404, description = "A page that says that there is no such link", body = String, content_type = "text/html"),
    )
)]
pub(crate) async fn leave(
    State(state): State<ServerState>,
    submission: Submission,
    Segments(link): Segments<String>,
    headers: HeaderMap,
    form: Bytes,
) -> Result<Response, Refusal> {
    let words = Words::of(accepted(&headers));
    if !is_one_click(&form) {
        let detail = "the form must have the field List-Unsubscribe with the value One-Click";
        return Err(Refusal::new(
            vestnik_model::ProblemCode::RequestMalformed,
            detail,
        ));
    }
    let Some(of) = state.letters.unsubscription(&link) else {
        return Ok(unknown(&words));
    };
    let done = words.done(of.category.as_ref());
    submission.begin(BY_REPEAT);
    let Unsubscription { reader, category } = of;
    operation::unsubscribe_by_letter(&*state.store, reader, category, state.clock.now()).await?;
    Ok(page(StatusCode::OK, &words, &done))
}

/// Whether a form says so, urlencoded or as multipart.
fn is_one_click(form: &[u8]) -> bool {
    let Ok(form) = std::str::from_utf8(form) else {
        return false;
    };
    form.len() <= MAX_FORM_BYTES && form.contains(FIELD) && form.contains(VALUE)
}

fn unknown(words: &Words) -> Response {
    page(StatusCode::NOT_FOUND, words, words.unknown)
}

/// What the pages say. A category has letters, digits, `_` and `-` only: it needs no escapes.
struct Words {
    language: Language,
    title: &'static str,
    button: &'static str,
    unknown: &'static str,
}

impl Words {
    const fn of(language: Language) -> Self {
        match language {
            Language::English => Self {
                language,
                title: "Unsubscribe?",
                button: "Yes, unsubscribe",
                unknown: "<p>There is no such link. It may have been cut off on its way.</p>",
            },
            Language::Russian => Self {
                language,
                title: "Отписаться?",
                button: "Да, отписаться",
                unknown: "<p>Такой ссылки нет. Возможно, она пришла не целиком.</p>",
            },
        }
    }

    /// The question with its button.
    fn question(&self, category: Option<&CategoryName>) -> String {
        let question = match (category, self.language) {
            (Some(category), Language::English) => {
                format!("You will not be notified of <b>{category}</b> any more.")
            }
            (None, Language::English) => {
                "You will not be notified of anything any more.".to_owned()
            }
            (Some(category), Language::Russian) => {
                format!("Уведомления категории <b>{category}</b> больше не будут приходить.")
            }
            (None, Language::Russian) => "Уведомления больше не будут приходить.".to_owned(),
        };
        let button = self.button;
        format!(
            "<p>{question}</p>\n<form method=\"post\">\
             <button name=\"{FIELD}\" value=\"{VALUE}\">{button}</button></form>"
        )
    }

    fn done(&self, category: Option<&CategoryName>) -> String {
        match (category, self.language) {
            (Some(category), Language::English) => {
                format!("<p>Done: you will not be notified of <b>{category}</b> any more.</p>")
            }
            (None, Language::English) => {
                "<p>Done: you will not be notified any more.</p>".to_owned()
            }
            (Some(category), Language::Russian) => format!(
                "<p>Готово: уведомления категории <b>{category}</b> больше не будут приходить.</p>"
            ),
            (None, Language::Russian) => {
                "<p>Готово: уведомления больше не будут приходить.</p>".to_owned()
            }
        }
    }
}

fn page(status: StatusCode, words: &Words, body: &str) -> Response {
    let (language, title) = (words.language.as_str(), words.title);
    let html = format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n\
         <style>:root{{color-scheme:light dark}}body{{font:1.1rem/1.5 system-ui,sans-serif;\
         max-width:32rem;margin:3rem auto;padding:0 1rem}}button{{font:inherit;padding:.5rem 1.25rem}}\
         </style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    );
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let fixed: [(HeaderName, HeaderValue); 4] =
        fixed.map(|(name, value)| (name, HeaderValue::from_static(value)));
    (status, fixed, Html(html)).into_response()
}
