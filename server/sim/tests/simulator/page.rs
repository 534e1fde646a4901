//! The page of the phones.

use http::Request;
use http_body_util::Full;
use serde_json::json;
use vestnik_sim::{Kind, Options, Registration, Simulator};

use crate::{
    client::{Answer, options, send_plain},
    fcm::Google,
};

async fn look(simulator: &Simulator, path: &str, language: &str) -> Answer {
    let to = simulator.addresses().admin;
    let request = Request::get(path)
        .header("host", to.to_string())
        .header("accept-language", language);
    let request = request.body(Full::from("")).unwrap();
    send_plain(to, request).await.unwrap()
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_phone_shows_alerts_escaped_and_generic_words_for_what_is_sealed() {
    let google = Google::start().await;
    let (_, token) = google.phone();
    let alert = json!({"title": "<script>alert(1)</script>", "body": "Tom & \"Jerry\""});
    google
        .send(&json!({"message": {"token": token, "notification": alert}}))
        .await;
    let page = text(&look(&google.simulator, "/", "en").await);
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{page}"
    );
    assert!(page.contains("Tom &amp; &quot;Jerry&quot;") && !page.contains("<script>alert"));

    let sealed = json!({"id": "att_1", "envelope": "c2VhbGVk"});
    google
        .send(&json!({"message": {"token": token, "data": sealed}}))
        .await;
    let page = text(&look(&google.simulator, "/", "ru-RU,ru;q=0.9").await);
    assert!(page.contains("<html lang=\"ru\">"), "{page}");
    assert!(page.contains("Запечатанное сообщение") && !page.contains("c2VhbGVk"));
}

#[tokio::test]
async fn names_of_devices_are_escaped() {
    let clock = vestnik_clock::ManualClock::new("2026-11-29T12:00:00Z".parse().unwrap(), 1);
    let simulator = Simulator::start(options(&clock)).await.unwrap();
    let name = Some("\"><img src=x onerror=alert(1)>".to_owned());
    let registration = Registration {
        name,
        ..Registration::new(Kind::Apns)
    };
    simulator.register(registration).unwrap();
    let answer = look(&simulator, "/", "en").await;
    assert!(!text(&answer).contains("<img"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"));
    let script = look(&simulator, "/page/script.js", "en").await;
    assert!(text(&script).contains("/page/phones"));
    assert!(text(&look(&simulator, "/page/style.css", "en").await).contains(".phone"));
}

#[tokio::test]
async fn the_list_follows_what_happens() {
    let google = Google::start().await;
    let (_, token) = google.phone();
    let shown = *google.simulator.changes().borrow();
    let path = format!("/page/phones?after={shown}");
    let body = json!({"message": {"token": token, "notification": {"title": "later"}}});
    let (list, _) = tokio::join!(look(&google.simulator, &path, "en"), google.send(&body));
    assert!(text(&list).contains("later"));
    assert_ne!(list.header("x-change"), Some(shown.to_string().as_str()));
    // A page that waits does not keep the simulator from stopping.
    let change = *google.simulator.changes().borrow();
    let path = format!("/page/phones?after={change}");
    let to = google.simulator.addresses().admin;
    let waiting = tokio::spawn(async move {
        let request = Request::get(path).header("host", to.to_string());
        send_plain(to, request.body(Full::from("")).unwrap()).await
    });
    google.simulator.shutdown().await;
    assert!(waiting.await.is_ok());
}

#[tokio::test]
async fn a_newer_notification_with_the_same_tag_takes_the_place() {
    let google = Google::start().await;
    let (phone, token) = google.phone();
    for (title, tag) in [("old", "order"), ("other", "news"), ("new", "order")] {
        let android = json!({"notification": {"title": title, "tag": tag}});
        google
            .send(&json!({"message": {"token": token, "android": android}}))
            .await;
    }
    let screen = google.simulator.screen(&phone, 10);
    let titles: Vec<_> = screen
        .iter()
        .filter_map(|line| line.shown.title.as_deref())
        .collect();
    assert_eq!(titles, ["new", "other"]);
}

#[tokio::test]
async fn without_the_page_there_is_only_the_api() {
    let clock = vestnik_clock::ManualClock::new("2026-11-29T12:00:00Z".parse().unwrap(), 1);
    let options = Options {
        page: false,
        ..options(&clock)
    };
    let simulator = Simulator::start(options).await.unwrap();
    assert_eq!(look(&simulator, "/", "en").await.status.as_u16(), 404);
}
