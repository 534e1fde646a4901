//! `docs/gateways.md` is true: the gateway that it adds, and its table of what is shipped.

use std::collections::BTreeMap;

use vestnik_gateway::{Descriptor, Health, Message, Provider, To, Verdict, shipped};

use crate::{
    fixture::{attempt, now, outcome, secs},
    request::shown,
};

const PAGE: &str = include_str!("../../../../docs/gateways.md");

/// The fenced blocks of the page: their language and their text, in order.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let mut rest = PAGE;
    let mut blocks = Vec::new();
    while let Some((_, after)) = rest.split_once("\n```") {
        let (language, after) = after.split_once('\n').unwrap();
        let (text, after) = after.split_once("\n```").unwrap();
        blocks.push((language, text));
        rest = after;
    }
    blocks
}

fn of(language: &str) -> Vec<&'static str> {
    let blocks = blocks().into_iter().filter(|(known, _)| *known == language);
    blocks.map(|(_, text)| text).collect()
}

fn pushover() -> Provider {
    let descriptor = Descriptor::parse(of("toml")[0]).unwrap();
    Provider::sample(descriptor, None, None).unwrap()
}

#[test]
fn the_accounts_of_the_page_are_some() {
    let account = vestnik_gateway::Account::parse(of("json")[0]).unwrap();
    assert_eq!(account.providers().len(), 2);
    let account = vestnik_gateway::Account::parse(of("json")[1]).unwrap();
    assert_eq!(account.carriers().count(), 2);
}

#[test]
fn the_gateway_of_the_page_makes_the_request_that_the_page_shows() {
    let provider = pushover();
    let chat = vestnik_gateway::ChatId::parse("uQiRzpo4DXghDmr9QzzgQuU27cmVRs").unwrap();
    let message = Message {
        attempt: attempt(),
        to: To::Chat(&chat),
        title: Some("Parcel"),
        body: "Your parcel is \"here\".",
        link: Some("https://shop.example/o?id=7"),
        locale: None,
        callback: None,
        expires_at: now() + jiff::SignedDuration::from_hours(1),
    };
    let request = shown(&provider.masked_request(&message, now()).unwrap());
    assert!(of("text")[0].contains(&request), "{request}");
}

#[test]
fn the_answers_of_the_page_mean_what_the_page_says() {
    let provider = pushover();
    let json = of("json");
    let bodies: BTreeMap<_, _> = [
        ("taken", json[2]),
        ("gone", json[3]),
        ("token", json[4]),
        ("-", ""),
    ]
    .into();
    let said: Vec<_> = of("text")[0]
        .lines()
        .filter(|line| line.contains(" → "))
        .collect();
    let asked = [
        (200, "taken"),
        (400, "gone"),
        (400, "token"),
        (429, "-"),
        (500, "-"),
    ];
    assert_eq!(said.len(), asked.len());
    for ((status, body), said) in asked.into_iter().zip(said) {
        let verdict = outcome(&provider, status, bodies[body]).verdict;
        let mut wanted = format!("{status} → {}", verdict.as_str());
        if let Some(reason) = verdict.reason() {
            wanted.push_str(&format!(", {}", vestnik_model::Word::as_str(&reason)));
        }
        assert!(said.starts_with(&wanted), "{said} is {wanted}");
    }
    let Verdict::Retry { after, .. } = outcome(&provider, 500, "").verdict else {
        panic!("a 5xx is repeated");
    };
    assert_eq!(after, Some(secs(5)));
}

#[test]
fn the_check_of_the_page_knows_a_bad_token() {
    let provider = pushover();
    let request = provider.check().unwrap().unwrap();
    assert_eq!(request.uri().path(), "/1/apps/limits.json");
    let health = |status, body: &str| {
        let answer = vestnik_gateway::Answer {
            status: http::StatusCode::from_u16(status).unwrap(),
            headers: &http::HeaderMap::new(),
            body: body.as_bytes(),
        };
        provider.health(&answer).unwrap()
    };
    assert_eq!(health(200, "{}"), Health::Good);
    assert!(matches!(
        health(400, r#"{"token":"invalid","status":0}"#),
        Health::Refused(_)
    ));
}

#[test]
fn the_table_of_the_page_is_what_is_shipped() {
    for descriptor in shipped::all() {
        let row = PAGE
            .lines()
            .find(|line| line.starts_with(&format!("| `{}` |", descriptor.name())));
        let cells: Vec<_> = row.unwrap().split('|').map(str::trim).collect();
        assert_eq!(
            cells[3],
            descriptor.recipient().as_str(),
            "{}",
            descriptor.name()
        );
        assert_eq!(
            cells[4],
            descriptor.evidence().as_str(),
            "{}",
            descriptor.name()
        );
        let is_one = cells[5] == "is one message";
        assert_eq!(is_one, descriptor.collapses(), "{}", descriptor.name());
    }
}
