//! Writes the page. Every text that came from outside goes through [`escape`].

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::words::{Language, kind};
use crate::{device::DeviceView, screen::ScreenLine};

/// A phone on the page.
#[derive(Debug)]
pub(super) struct Phone {
    pub(super) device: DeviceView,
    pub(super) is_dead: bool,
    pub(super) lines: Vec<ScreenLine>,
}

/// The whole page, whose list is filled already.
pub(super) fn page(language: Language, list: &str, change: u64) -> String {
    let words = language.words();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<link rel=\"stylesheet\" href=\"/page/style.css\">\n\
         <script src=\"/page/script.js\" defer></script>\n\
         <noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>\n</head>\n<body>\n\
         <header><h1>{title}</h1><p>{lead}</p><p id=\"stale\" role=\"status\" hidden>{stale}</p></header>\n\
         <main id=\"phones\" aria-label=\"{phones}\" aria-live=\"polite\" data-change=\"{change}\">\n\
         {list}</main>\n</body>\n</html>\n",
        tag = words.tag,
        title = words.title,
        lead = words.lead,
        stale = words.stale,
        phones = words.phones,
    )
}

/// The list of phones, and how many more there are.
pub(super) fn list(language: Language, phones: &[Phone], more: usize) -> String {
    let words = language.words();
    if phones.is_empty() {
        return format!("<p class=\"none\">{}</p>\n", words.none);
    }
    let mut html: String = phones.iter().map(|each| phone(language, each)).collect();
    if more > 0 {
        put(
            &mut html,
            format_args!("<p class=\"more\">{}{more}</p>\n", words.more),
        );
    }
    html
}

fn phone(language: Language, phone: &Phone) -> String {
    let (words, device) = (language.words(), &phone.device);
    let (class, state) = match (phone.is_dead, device.online) {
        (true, _) => ("dead", words.dead),
        (false, true) => ("online", words.online),
        (false, false) => ("offline", words.offline),
    };
    let mut html = String::new();
    put(
        &mut html,
        format_args!(
            "<article class=\"phone {class}\" aria-labelledby=\"{id}\"><h2 id=\"{id}\">{name}</h2>\
             <p class=\"state\">{kind} · {state}",
            id = escape(&device.id),
            name = escape(&device.name),
            kind = kind(device.kind),
        ),
    );
    if device.stored > 0 {
        put(
            &mut html,
            format_args!(" · {}{}", words.stored, device.stored),
        );
    }
    html.push_str("</p><ul>");
    if phone.lines.is_empty() {
        put(
            &mut html,
            format_args!("<li class=\"nothing\">{}</li>", words.nothing),
        );
    }
    html.extend(phone.lines.iter().map(|each| line(language, each)));
    html.push_str("</ul></article>\n");
    html
}

fn line(language: Language, line: &ScreenLine) -> String {
    let shown = &line.shown;
    let at = line.at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S");
    let mut html = format!("<li><time datetime=\"{}\">{at} UTC</time>", line.at);
    if let Some(mark) = language.mark(shown.form) {
        put(
            &mut html,
            format_args!(" <span class=\"mark\">{mark}</span>"),
        );
    }
    if let Some(title) = &shown.title {
        put(
            &mut html,
            format_args!("<strong>{}</strong>", escape(title)),
        );
    }
    match (&shown.title, &shown.body) {
        (_, Some(body)) => put(&mut html, format_args!("<span>{}</span>", escape(body))),
        (None, None) => {
            let generic = language.generic(shown.form);
            put(&mut html, format_args!("<em>{generic}</em>"));
        }
        (Some(_), None) => {}
    }
    html.push_str("</li>");
    html
}

/// Appends to a text, which does not fail.
fn put(html: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = html.write_fmt(what);
}

/// Makes a text safe between tags and within quoted attributes.
fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, character| {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
        escaped
    })
}
