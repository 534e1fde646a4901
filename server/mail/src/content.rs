//! What a letter says, as plain text and as HTML: the same words and addresses in both.
//!
//! Content is text: HTML has it escaped, and nothing is fetched from anywhere when a letter is opened.
//! An image is an address to follow.

use vestnik_model::{ClickKind, Notification};

/// The text of a letter, without its title unless there is nothing else.
pub(crate) fn plain(notification: &Notification) -> String {
    let body = lines(notification.body.as_str());
    let text = if body.trim().is_empty() {
        notification.title.as_str()
    } else {
        &body
    };
    let mut parts = vec![text];
    parts.extend(links(notification));
    parts.join("\n\n") + "\n"
}

/// The same as a page of HTML.
pub(crate) fn html(notification: &Notification) -> String {
    let title = escaped(notification.title.as_str());
    let mut page = format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n</head>\n\
         <body>\n<h1 dir=\"auto\">{title}</h1>\n"
    );
    let body = lines(notification.body.as_str());
    if !body.trim().is_empty() {
        let lines: Vec<_> = body.lines().map(escaped).collect();
        page += &format!("<p dir=\"auto\">{}</p>\n", lines.join("<br>\n"));
    }
    for link in links(notification).map(escaped) {
        page += &format!("<p><a href=\"{link}\">{link}</a></p>\n");
    }
    page + "</body>\n</html>\n"
}

/// A text whose line breaks, of whatever kind, are line feeds. SMTP servers do not agree on what a carriage
/// return alone is, and one that takes it for the end of a line may see the letter end there.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let is_break = ['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    text.replace(is_break, "\n")
}

/// The addresses that a mail program can open: a deep link of an app is none.
fn links(notification: &Notification) -> impl Iterator<Item = &str> {
    let click = notification
        .click
        .as_ref()
        .and_then(|click| click.checked());
    let link = click.and_then(|(kind, url)| match kind {
        ClickKind::Link | ClickKind::Webview => Some(url),
        ClickKind::App => None,
    });
    let image = notification.image.as_ref().map(|image| image.as_str());
    link.into_iter().chain(image)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::notification;

    #[test]
    fn both_forms_say_the_same_and_html_is_escaped() {
        let said = notification(json!({
            "title": "A & <b>", "body": "1 < 2\n\"quoted\" 'too'",
            "click": {"type": "link", "url": "https://shop.example/?a=1&b='<x>"},
            "image": "https://cdn.example/x.png",
        }));
        let text = "1 < 2\n\"quoted\" 'too'\n\nhttps://shop.example/?a=1&b='<x>\n\nhttps://cdn.example/x.png\n";
        assert_eq!(plain(&said), text);
        let page = html(&said);
        for part in [
            "<title>A &amp; &lt;b&gt;</title>",
            "<p dir=\"auto\">1 &lt; 2<br>\n&quot;quoted&quot; &#39;too&#39;</p>",
            "<a href=\"https://shop.example/?a=1&amp;b=&#39;&lt;x&gt;\">",
            "<a href=\"https://cdn.example/x.png\">https://cdn.example/x.png</a>",
        ] {
            assert!(page.contains(part), "{page}");
        }
    }

    #[test]
    fn every_kind_of_line_break_is_one() {
        let body = "a\rb\r\nc\u{2028}d\n\re";
        let said = notification(json!({ "body": body }));
        assert_eq!(plain(&said), "a\nb\nc\nd\n\ne\n");
        assert!(html(&said).contains("<p dir=\"auto\">a<br>\nb<br>\nc<br>\nd<br>\n<br>\ne</p>"));
    }

    #[test]
    fn without_a_body_the_title_is_the_text_and_app_links_stay_in_the_app() {
        let said = notification(json!({
            "title": "T", "click": {"type": "app", "url": "shop://orders/1"},
        }));
        assert_eq!(plain(&said), "T\n");
        assert!(!html(&said).contains("shop:"));
    }
}
