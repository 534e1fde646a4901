use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    fixture::{address as parsed, delivery, letter, notification, sender},
    letter::{From, UnsubscribeUrl},
    mime::Entity,
};

fn now() -> Timestamp {
    "2026-11-28T09:00:00Z".parse().unwrap()
}

fn written(title: &str, body: &str) -> String {
    let (to, said) = (
        parsed("anna@почта.рф"),
        notification(json!({"title": title, "body": body})),
    );
    let bytes = message(&letter(&to, &said), &sender(), now()).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_letter_has_the_headers_of_an_automatic_message() {
    let text = written("Order", "It is on its way");
    let entity = Entity::read(text.as_bytes());
    let tag = sender().key.tag(delivery());
    for (name, value) in [
        ("From", "=?utf-8?b?0JvQsNCy0LrQsA==?= <news@shop.example>"),
        ("To", "anna@xn--80a1acny.xn--p1ai"),
        ("Subject", "Order"),
        ("Date", "Sat, 28 Nov 2026 09:00:00 +0000"),
        ("Message-ID", &format!("<{}@shop.example>", tag.as_str())),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(entity.header(name).as_deref(), Some(value), "{text}");
    }
    assert!(text.contains("\r\nIt is on its way\r\n"));
    assert!(text.contains("<h1 dir=\"auto\">Order</h1>"));
}

#[test]
fn a_repetition_is_the_same_letter() {
    assert_eq!(written("a", "b"), written("a", "b"));
}

#[test]
fn cyrillic_and_emoji_pass_every_relay() {
    let text = written("Заказ 8812 готов 🎉", "Ждём вас 🙂");
    assert!(text.is_ascii());
    assert!(text.lines().all(|line| line.len() < 998));
    let subject = "=?utf-8?b?0JfQsNC60LDQtw==?= 8812 =?utf-8?b?";
    assert!(text.contains(&format!("Subject: {subject}")), "{text}");
}

#[test]
fn a_title_that_looks_encoded_is_read_as_it_is() {
    let title = format!("=?utf-8?q?a=0D=0AX:_y?= {}", "ы".repeat(60));
    let text = written(&title, "");
    let subject = Entity::read(text.as_bytes()).header("Subject").unwrap();
    let words = subject.split(' ').map(|word| {
        assert!(word.len() <= 75, "{word}");
        let word = word
            .strip_prefix("=?utf-8?b?")
            .unwrap()
            .strip_suffix("?=")
            .unwrap();
        String::from_utf8(STANDARD.decode(word).unwrap()).unwrap()
    });
    assert_eq!(words.collect::<String>(), title);
}

#[test]
fn a_refusal_by_one_click_is_offered_on_one_line() {
    let (to, said) = (parsed("a@b.c"), notification(json!({})));
    let url = format!("https://shop.example/u/{}", "x".repeat(500));
    let unsubscribe = UnsubscribeUrl::parse(&url).unwrap();
    let letter = Letter {
        unsubscribe: Some(&unsubscribe),
        ..letter(&to, &said)
    };
    let text = String::from_utf8(message(&letter, &sender(), now()).unwrap()).unwrap();
    assert!(text.contains(&format!("\r\nList-Unsubscribe: <{url}>\r\n")));
    assert!(text.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    for odd in [
        "https://a.b/>\r\nX: y",
        "https://a.b/,c",
        "http://a.b",
        "https://ы.b",
    ] {
        assert!(UnsubscribeUrl::parse(odd).is_err(), "{odd}");
    }
}

#[test]
fn the_longest_address_to_unsubscribe_fits_its_line() {
    let base = "https://shop.example/u/";
    let url = |bytes: usize| format!("{base}{}", "x".repeat(bytes - base.len()));
    let longest = UnsubscribeUrl::parse(&url(UnsubscribeUrl::MAX_BYTES)).unwrap();
    assert!(UnsubscribeUrl::parse(&url(UnsubscribeUrl::MAX_BYTES + 1)).is_err());
    let (to, said) = (parsed("a@b.c"), notification(json!({})));
    let letter = Letter {
        unsubscribe: Some(&longest),
        ..letter(&to, &said)
    };
    assert!(message(&letter, &sender(), now()).is_ok());
}

#[test]
fn the_longest_texts_and_links_are_broken_into_lines() {
    let image = format!("https://cdn.example/{}", "x".repeat(2_028));
    let (title, body) = ("t".repeat(256), "b".repeat(4_000));
    let said = notification(json!({"title": title, "body": body, "image": image}));
    let to = parsed("a@b.c");
    let text = message(&letter(&to, &said), &sender(), now()).unwrap();
    assert!(is_of_lines(&text));
}

/// A server that takes a CR or an LF alone for the end of a line could be shown the end of the letter in
/// the middle of a body, and commands after it.
#[test]
fn no_body_brings_the_end_of_a_letter() {
    for end in ["\r.\r", "\n.\n", "\r\n.\r\n", "\n.\r\n", "\r.\n", "\0\r.\r"] {
        let said = notification(json!({"title": end, "body": format!("a{end}MAIL FROM:<x@y.z>")}));
        let (to, sender) = (parsed("a@b.c"), sender());
        let envelope = crate::smtp::Envelope::of(&letter(&to, &said), &sender, now()).unwrap();
        let data = String::from_utf8(envelope.data()).unwrap();
        for line in data.split("\r\n") {
            assert!(
                line != "." && !line.contains(['\r', '\n', '\0']),
                "{data:?}"
            );
        }
    }
}

#[test]
fn a_letter_with_odd_lines_is_not_sent() {
    let long = "x".repeat(998);
    assert!(is_of_lines(format!("a\r\n{long}\r\n\r\nb").as_bytes()));
    for odd in ["a\rb", "a\nb", "a\r\r\nb", "a\0", "ы", &format!("{long}x")] {
        assert!(!is_of_lines(odd.as_bytes()), "{odd:?}");
    }
    assert!(!is_of_lines(b"\xff"));
}

#[test]
fn names_and_addresses_stay_in_their_headers() {
    for name in ["A\r\nBcc: x@y.z", "A\rB", "A\nB", "A\0B", "A\u{2028}B"] {
        assert!(From::new(Some(name), parsed("a@b.c")).is_err(), "{name:?}");
    }
    let (to, said) = (parsed("a@b.c"), notification(json!({})));
    for name in [
        "A \"B\" <x@y.z>, C\\",
        &"\"".repeat(100),
        &"ы".repeat(100),
        &"x".repeat(100),
    ] {
        let sender = Sender {
            from: From::new(Some(name), parsed("a@b.c")).unwrap(),
            reply_to: Some(parsed("help@b.c")),
            ..sender()
        };
        let text = message(&letter(&to, &said), &sender, now()).unwrap();
        let entity = Entity::read(&text);
        assert_eq!(entity.headers.len(), 9);
        let from = entity.header("From").unwrap();
        assert!(from.ends_with("<a@b.c>"), "{from}");
        assert_eq!(entity.header("Reply-To").as_deref(), Some("help@b.c"));
    }
}

#[test]
fn debug_shows_neither_content_nor_addresses() {
    let (to, said) = (
        parsed("anna@shop.example"),
        notification(json!({"title": "secret"})),
    );
    let shown = format!("{:?} {:?}", letter(&to, &said), sender());
    for part in [
        "anna",
        "secret",
        "news",
        "Лавка",
        sender().key.tag(delivery()).as_str(),
    ] {
        assert!(!shown.contains(part), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_content_makes_a_header_or_ends_a_part(
        title in "(\\PC|\r|\n|\0){1,60}", body in "(\\PC|\n|\r|\0|\r\n|--=_|\\.\n){0,200}",
    ) {
        let read: vestnik_model::Notification = notification(json!({"title": title, "body": body}));
        let to = parsed("a@b.c");
        let text = message(&letter(&to, &read), &sender(), now()).unwrap();
        prop_assert!(text.is_ascii());
        let entity = Entity::read(&text);
        prop_assert_eq!(entity.headers.len(), 8);
        prop_assert_eq!(entity.parts().len(), 2);
        prop_assert!(is_of_lines(&text));
    }
}
