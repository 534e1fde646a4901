use http::{HeaderMap, HeaderValue, Method};

use super::{
    mark::mark,
    route::Route,
    tally::{Request, Tally},
};

const FCM: &str = "/v1/projects/shop/messages:send";

fn fcm(token: &str, topic: &str) -> String {
    format!(
        r#"{{"message":{{"token":"{token}","data":{{"a":"b"}},"webpush":{{"headers":{{"Topic":"{topic}"}}}}}}}}"#
    )
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pairs = pairs.iter();
    let of = |(name, value): &(&'static str, &'static str)| {
        (
            http::HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    pairs.map(of).collect()
}

#[test]
fn services_are_told_apart_by_their_paths() {
    let (none, ttl) = (headers(&[]), headers(&[("ttl", "60")]));
    for (method, path, with, wanted) in [
        (Method::POST, FCM, &none, Route::Fcm),
        (Method::POST, "/3/device/0a0b", &none, Route::Apns),
        (Method::POST, "/token", &none, Route::Token),
        (Method::POST, "/oauth2/v3/token", &none, Route::Token),
        (Method::POST, "/send/abc", &ttl, Route::WebPush),
        (Method::POST, "/send/abc", &none, Route::Other),
        (Method::GET, FCM, &none, Route::Other),
    ] {
        assert_eq!(Route::of(&method, path, with), wanted, "{method} {path}");
    }
}

#[test]
fn a_push_is_the_same_by_its_device_and_what_it_collapses_with() {
    let none = headers(&[]);
    let of = |token: &str, topic: &str| mark(Route::Fcm, FCM, &none, fcm(token, topic).as_bytes());
    assert_eq!(of("anna", "n1"), of("anna", "n1"));
    assert_ne!(of("anna", "n1"), of("anna", "n2"));
    assert_ne!(of("anna", "n1"), of("bert", "n1"));
    // Where the one ends and the other begins counts.
    assert_ne!(of("anna", "n1"), of("annan", "1"));
    let (n1, n2) = (
        headers(&[("apns-collapse-id", "n1")]),
        headers(&[("apns-collapse-id", "n2")]),
    );
    let of = |path: &str, headers: &HeaderMap| mark(Route::Apns, path, headers, b"{}");
    assert_ne!(of("/3/device/0a", &n1), of("/3/device/0a", &n2));
    assert_ne!(of("/3/device/0a", &n1), of("/3/device/0b", &n1));
}

#[test]
fn requests_are_counted_and_repetitions_seen() {
    let tally = Tally::new(true);
    let none = headers(&[]);
    let count = |path: &str, body: &str| {
        tally.count(Request {
            method: &Method::POST,
            path,
            headers: &none,
            body: body.as_bytes(),
        })
    };
    count("/token", "grant");
    count("/elsewhere", "");
    for token in ["anna", "bert", "anna"] {
        assert_eq!(count(FCM, &fcm(token, "n1")).0, Route::Fcm);
    }
    let seen = tally.view();
    assert_eq!((seen.token, seen.other, seen.fcm, seen.apns), (1, 1, 3, 0));
    assert_eq!((seen.pushes(), seen.distinct), (3, Some(2)));
    assert_eq!(seen.bytes as usize, 3 * fcm("anna", "n1").len());
    assert_eq!(tally.sample().unwrap().path, FCM);
    tally.reset();
    let seen = tally.view();
    assert_eq!(
        (seen.fcm, seen.distinct, tally.sample()),
        (0, Some(0), None)
    );
    assert_eq!(Tally::new(false).view().distinct, None);
}

#[test]
fn answers_are_what_senders_read() {
    let (answer, body) = Route::Token.answer(1, &headers(&[]));
    assert_eq!(answer.status(), 200);
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert!(body["access_token"].as_str().unwrap().len() > 150);
    assert_eq!(body["expires_in"], 3_599);
    let (answer, body) = Route::Fcm.answer(7, &headers(&[]));
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert!(body["name"].as_str().unwrap().starts_with("projects/"));
    let id = headers(&[("apns-id", "0b1c")]);
    let (answer, body) = Route::Apns.answer(7, &id);
    assert_eq!(
        (answer.headers()["apns-id"].as_bytes(), body.len()),
        (&b"0b1c"[..], 0)
    );
    let (answer, _) = Route::WebPush.answer(7, &headers(&[]));
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["location"], "/message/7");
    assert_eq!(Route::Other.answer(7, &headers(&[])).0.status(), 404);
}
