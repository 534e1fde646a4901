//! E-mail addresses of users, and the accounts at SMTP servers.

use serde_json::json;

use super::world::World;

const EMAIL: &str = "/v1/users/anna/email";

#[tokio::test]
async fn a_backend_sets_shows_and_removes_an_address() {
    let world = World::new().await;
    let get = || world.admin("GET /v1/users/anna/email", None);
    assert_eq!(get().await.problem(), (404, "not_found"));
    let body = json!({"address": "Anna@Почта.РФ"});
    let put = world.admin(&format!("PUT {EMAIL}"), Some(body)).await;
    assert_eq!(put.status, 204, "{put:?}");
    let shown = get().await.body;
    let expected =
        json!({"address": "Anna@xn--80a1acny.xn--p1ai", "set_at": "2026-11-28T09:00:00Z"});
    assert_eq!(shown, expected);
    for _ in 0..2 {
        let deleted = world.admin(&format!("DELETE {EMAIL}"), None).await;
        assert_eq!(deleted.status, 204);
    }
    assert_eq!(get().await.status, 404);
}

#[tokio::test]
async fn what_is_no_address_is_refused_by_its_place_and_not_repeated() {
    let world = World::new().await;
    for address in ["anna", "anna@", "a b@c.d", "a@b.c\r\nBcc: x@y.z"] {
        let body = json!({"address": address});
        let refused = world.admin(&format!("PUT {EMAIL}"), Some(body)).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        assert_eq!(refused.body["errors"][0]["pointer"], "/address");
    }
    let body = json!({"address": "a@b.cd", "phone": "1"});
    let refused = world.admin(&format!("PUT {EMAIL}"), Some(body)).await;
    assert_eq!(refused.status, 422, "{refused:?}");
}

#[tokio::test]
async fn addresses_are_for_keys_of_the_audience_only() {
    let world = World::new().await;
    let made = json!({"name": "courier", "scopes": ["publish", "read"]});
    let made = world.admin("POST /v1/keys", Some(made)).await;
    let key = made.body["key"].as_str().unwrap();
    for (method, body) in [
        ("PUT", Some(json!({"address": "a@b.cd"}))),
        ("GET", None),
        ("DELETE", None),
    ] {
        let refused = world.call(&format!("{method} {EMAIL}"), key, body).await;
        assert_eq!(refused.status, 403, "{method}");
    }
}

#[tokio::test]
async fn the_account_at_an_smtp_server_is_set_checked_and_never_shown() {
    // A server that takes every login, once.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let greeted = tokio::spawn(async move {
        use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
        let (socket, _) = listener.accept().await.unwrap();
        let mut wire = BufReader::new(socket);
        wire.write_all(b"220 mx\r\n").await.unwrap();
        let mut heard = String::new();
        wire.read_line(&mut heard).await.unwrap();
        wire.write_all(b"250 mx\r\n").await.unwrap();
        heard
    });
    let world = World::with(|config| config.outbound.listed = vec!["127.0.0.1".to_owned()]).await;
    let account = json!({
        "host": "127.0.0.1", "port": place.port(), "security": "none", "from": "news@shop.example",
        "user": "PLANTED", "password": "PLANTED",
    });
    let wrong = json!({"host": "smtp.example", "from": "PLANTED", "password": 7});
    let refused = world.admin("PUT /v1/providers/email", Some(wrong)).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.body["errors"][0]["pointer"], "/from");
    assert!(!refused.body.to_string().contains("PLANTED"));
    let check = || world.admin("POST /v1/providers/email:check", None);
    assert_eq!(check().await.problem(), (404, "not_found"));
    let mut plain = account.clone();
    plain["user"] = json!(null);
    plain["password"] = json!(null);
    let put = world.admin("PUT /v1/providers/email", Some(plain)).await;
    assert_eq!(put.status, 204, "{put:?}");
    let found = check().await.body;
    let expected = json!({"place": place.to_string(), "is_good": true});
    assert_eq!(found, json!({"is_good": true, "findings": [expected]}));
    assert_eq!(greeted.await.unwrap(), "EHLO shop.example\r\n");
    let put = world.admin("PUT /v1/providers/email", Some(account)).await;
    assert_eq!(put.status, 204);
    // Nobody listens there any more.
    let found = check().await.body;
    assert_eq!(found["is_good"], false);
    assert_eq!(found["findings"][0]["reason"], "provider.unavailable");
    let listed = world.admin("GET /v1/providers", None).await.body;
    assert_eq!(listed["data"][0]["channel"], "email");
    assert!(!listed.to_string().contains("PLANTED"));
    let deleted = world.admin("DELETE /v1/providers/email", None).await;
    assert_eq!(deleted.status, 204);
}

#[tokio::test]
async fn a_telephone_number_is_kept_and_shown_by_its_last_digits() {
    let world = World::new().await;
    let said = json!({"time_zone": "Europe/Berlin", "phone": "+49 30 123456"});
    let put = world.admin("PUT /v1/users/anna", Some(said)).await;
    assert_eq!(put.status, 204, "{put:?}");
    let shown = world.admin("GET /v1/users/anna", None).await.body;
    assert_eq!(
        shown,
        json!({"time_zone": "Europe/Berlin", "phone": "+…56"})
    );
    // What is shown is not taken back for the number.
    for phone in ["+…56", "030 123456", "PLANTED"] {
        let refused = world
            .admin("PUT /v1/users/anna", Some(json!({"phone": phone})))
            .await;
        assert_eq!(refused.status, 422, "{refused:?}");
        assert_eq!(refused.body["errors"][0]["pointer"], "/phone");
        assert!(!refused.body.to_string().contains(phone), "{refused:?}");
    }
    let to = |phone: &str| json!({"to": {"phones": [phone]}, "notification": {"title": "t"}});
    let mut answers = Vec::new();
    for phone in ["+4930123456", "+4930999999"] {
        let accepted = world.admin("POST /v1/notifications", Some(to(phone))).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        let line = format!(
            "GET /v1/notifications/{}/deliveries",
            super::world::text(&accepted.body["id"])
        );
        let deliveries = world.admin(&line, None).await.body;
        answers.push(deliveries["data"].as_array().map(Vec::len));
    }
    assert_eq!(answers, [Some(1), Some(0)]);
    let put = world.admin("PUT /v1/users/anna", Some(json!({}))).await;
    assert_eq!(put.status, 204);
    let shown = world.admin("GET /v1/users/anna", None).await.body;
    assert_eq!(shown, json!({}));
}
