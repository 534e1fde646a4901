//! A message centre over SMPP among the providers of an account.

use serde_json::{Value, json};
use vestnik_gateway::{Account, Carrier, Evidence, Message, RecipientKind, Smpp, smpp};

use crate::fixture::{Person, attempt, now, settings};

fn account(providers: &Value) -> Result<Account, String> {
    let account = json!({"providers": providers});
    Account::parse(&account.to_string()).map_err(|wrong| wrong.to_string())
}

fn centre(name: &str) -> Value {
    json!({"name": name, "gateway": "smpp", "settings": {
        "host": "smsc.example", "system_id": "shop", "password": "secret08", "source": "Shop"}})
}

#[test]
fn a_message_centre_stands_among_providers_over_http() {
    let sms = json!({"name": "second", "gateway": "sms", "origin": "https://sms.example", "settings": {"token": "t"}});
    let mut last = centre("third");
    last["settings"]["receipts"] = json!("none");
    let account = account(&json!([centre("first"), sms, last])).unwrap();
    let carriers: Vec<_> = account
        .carriers()
        .map(|carrier| {
            let is_http = matches!(carrier, Carrier::Http(_));
            (carrier.name().to_string(), is_http, carrier.evidence())
        })
        .collect();
    let wanted = [
        ("first", false, Evidence::Delivered),
        ("second", true, Evidence::Handed),
        ("third", false, Evidence::Handed),
    ];
    assert_eq!(
        carriers,
        wanted.map(|(name, is_http, evidence)| (name.to_owned(), is_http, evidence))
    );
    assert_eq!(account.providers().len(), 1);
    assert_eq!(account.recipient(), RecipientKind::Phone);
    assert!(!format!("{account:?}").contains("secret08"));
}

#[test]
fn a_fault_of_a_message_centre_has_its_place_and_tells_no_value() {
    let refused = |change: fn(&mut Value)| {
        let mut provider = centre("main");
        change(&mut provider);
        account(&json!([provider])).unwrap_err()
    };
    let missing = refused(|it| drop(it["settings"].as_object_mut().unwrap().remove("host")));
    assert_eq!(missing, "/providers/0/settings/host: is required");
    let long = refused(|it| it["settings"]["password"] = json!("secret-and-long"));
    assert!(long.starts_with("/providers/0/settings/password: must have at most 8"));
    let unknown = refused(|it| it["settings"]["secret-and-long"] = json!(1));
    assert!(unknown.starts_with("/providers/0/settings: a field is unknown"));
    assert!(!unknown.contains("secret-and-long"));
    let origin = refused(|it| it["origin"] = json!("https://smsc.example"));
    assert!(origin.starts_with("/providers/0"), "{origin}");
    let twice = account(&json!([centre("main"), centre("main")])).unwrap_err();
    assert!(twice.starts_with("/providers/1/name: "));
    let chats = account(&json!([centre("main"), {"name": "other", "gateway": "telegram", "settings": settings("telegram")}])).unwrap_err();
    assert!(chats.starts_with("/providers/1/gateway: "));
}

#[test]
fn every_setting_of_a_message_centre_is_told_of() {
    let Err(wrong) = account(&json!([{"name": "main", "gateway": "smpp", "settings": {"x": 1}}]))
    else {
        panic!("x is no setting");
    };
    let (_, known) = wrong.split_once("an account has ").unwrap();
    let settings: Vec<_> = known.split(", ").collect();
    for setting in &settings {
        assert!(smpp::ABOUT.contains(&format!("  {setting} ")), "{setting}");
    }
    let (required, optional) = settings.split_at(smpp::REQUIRED.len());
    assert_eq!((required, optional), (smpp::REQUIRED, smpp::OPTIONAL));
}

#[test]
fn what_is_cut_is_sent_in_no_more_parts_however_it_is_written() {
    let person = Person::new();
    let texts = [
        "Your order is here. ",
        "Заказ готов. ",
        "à été prêt ",
        "€[]{} ",
    ];
    for coding in ["gsm7", "latin1", "latin1_default", "ucs2"] {
        for joining in ["udh8", "udh16", "sar", "payload"] {
            let mut settings = centre("main")["settings"].clone();
            (settings["coding"], settings["joining"]) = (json!(coding), json!(joining));
            settings["max_parts"] = json!(3);
            let centre = Smpp::sample(Some(&settings.to_string())).unwrap();
            for text in texts {
                let body = text.repeat(400);
                let message = Message {
                    attempt: attempt(),
                    to: person.by(RecipientKind::Phone),
                    title: None,
                    body: &body,
                    link: None,
                    locale: None,
                    callback: None,
                    expires_at: now() + jiff::SignedDuration::from_hours(1),
                };
                let parts = centre.parts(&centre.text(&message));
                assert_eq!(parts, 3, "{coding} {joining} {text}");
            }
        }
    }
}

#[test]
fn a_message_that_is_longer_than_a_message_centre_sends_is_cut() {
    let person = Person::new();
    let mut settings = centre("main")["settings"].clone();
    settings["max_parts"] = json!(2);
    let centre = Smpp::sample(Some(&settings.to_string())).unwrap();
    let body = "Заказ готов. ".repeat(20);
    let message = Message {
        attempt: attempt(),
        to: person.by(RecipientKind::Phone),
        title: Some("Shop"),
        body: &body,
        link: Some("https://shop.example/8812"),
        locale: None,
        callback: None,
        expires_at: now() + jiff::SignedDuration::from_hours(1),
    };
    let text = centre.text(&message);
    assert_eq!(centre.parts(&text), 2);
    assert!(text.starts_with("Shop\nЗаказ готов."), "{text}");
    assert!(text.ends_with("...\nhttps://shop.example/8812"), "{text}");
}
