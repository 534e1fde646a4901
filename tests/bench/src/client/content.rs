//! Notifications whose words are spread as those of a language are: few are frequent, most are rare.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rust_stemmers::{Algorithm, Stemmer};
use serde_json::{Value, json};
use uuid::Uuid;
use vestnik_model::{Notification, NotificationId};

use crate::random::Random;

/// A word of half of all notifications, and its stem.
pub(super) const COMMON: &str = "заказ";
/// A word of which one in this many notifications is found.
pub(super) const RARE: &str = "рекламация";
pub(super) const RARE_EVERY: u64 = 50_000;

/// A longer frequent word: as the last word of a search it is also a beginning.
pub(super) const LONG: &str = "доставлен";

const ROOTS: [&str; 24] = [
    "курьер",
    "посылк",
    "магазин",
    "оплат",
    "скидк",
    "пункт",
    "выдач",
    "клиент",
    "сервис",
    "встреч",
    "документ",
    "отчёт",
    "проект",
    "сообщен",
    "order",
    "parcel",
    "payment",
    "meeting",
    "report",
    "update",
    "ticket",
    "service",
    "review",
    "release",
];

/// The moment of the first notification, by the server's clock.
pub(super) fn begin() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 56)
}

pub(super) fn id(number: u64) -> NotificationId {
    // As the server's: by time, with random bits, so that the index grows as it does on a device.
    let mixed = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    NotificationId::from_uuid(Uuid::from_u128(u128::from(number) << 80 | mixed >> 48))
}

/// The notification with a number.
pub(super) fn notification(number: u64) -> Result<Notification, serde_json::Error> {
    let mut random = Random::new(number);
    let accepted = begin() + SignedDuration::from_secs(i64::try_from(number).unwrap_or_default());
    let mut title = vec![
        if number.is_multiple_of(2) {
            COMMON
        } else {
            "событие"
        }
        .to_owned(),
    ];
    title.extend((0..3).map(|_| word(&mut random)));
    let mut body: Vec<String> = (0..12).map(|_| word(&mut random)).collect();
    if number.is_multiple_of(3) {
        body.push(LONG.to_owned());
    }
    if number.is_multiple_of(RARE_EVERY) {
        body.push(RARE.to_owned());
    }
    body.push(format!("№{number}"));
    let category = ["orders", "news", "work", "payments"][random.below(4)];
    let content: Value = json!({
        "id": id(number), "title": title.join(" "), "body": body.join(" "),
        "category": category, "acceptedAt": accepted,
        "expiresAt": accepted + SignedDuration::from_hours(24 * 7),
    });
    serde_json::from_value(content)
}

/// One of some ten thousand words, small numbers more often.
fn word(random: &mut Random) -> String {
    let rank = random.below(1 + random.clone().below(10_000));
    let root = ROOTS[rank % ROOTS.len()];
    let ending = rank / ROOTS.len();
    let letter = |number: usize| char::from_u32('а' as u32 + (number % 26) as u32).unwrap_or('а');
    match ending {
        0 => root.to_owned(),
        _ => format!("{root}{}{}", letter(ending), letter(ending / 26)),
    }
}

/// What a notification is found by: its words and their stems, as the inbox makes them, joined.
pub(super) fn terms(notification: &Notification) -> String {
    let (english, russian) = (
        Stemmer::create(Algorithm::English),
        Stemmer::create(Algorithm::Russian),
    );
    let text = format!(
        "{} {}",
        notification.title.as_str(),
        notification.body.as_str()
    );
    let mut terms = BTreeSet::new();
    for word in text
        .to_lowercase()
        .replace('ё', "е")
        .split(|c: char| !c.is_alphanumeric())
    {
        if word.is_empty() {
            continue;
        }
        let stem = if word.is_ascii() {
            english.stem(word)
        } else {
            russian.stem(word)
        };
        terms.insert(stem.into_owned());
        terms.insert(word.to_owned());
    }
    let terms: Vec<_> = terms.into_iter().collect();
    terms.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_repeat_and_their_words_are_spread() {
        let all: Result<Vec<_>, _> = (1..=1_000).map(notification).collect();
        let all = all.unwrap();
        assert_eq!(notification(7).unwrap(), all[6]);
        let having = |word: &str| {
            let has = |one: &&Notification| terms(one).split(' ').any(|term| term == word);
            all.iter().filter(has).count()
        };
        assert_eq!((having(COMMON), having(LONG), having(RARE)), (500, 333, 0));
        assert!(having("курьер") > having("рецензия"));
        assert_eq!(having("1000"), 1);
        let ids: BTreeSet<_> = all.iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), all.len());
    }
}
