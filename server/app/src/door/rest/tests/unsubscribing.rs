//! Readers of letters unsubscribe with one click.

use axum::{body::Body, http::Request};
use serde_json::json;
use vestnik_model::{AppId, CategoryName, UserId};

use super::world::{Answer, World, request};
use crate::credential::Unsubscription;

/// What Anna does not want, at last.
async fn opt_out(world: &World) -> serde_json::Value {
    let shown = world.admin("GET /v1/users/anna/preferences", None).await;
    shown.body["opt_out"].clone()
}

/// The path of the link in a letter to Anna.
fn path(world: &World, category: Option<&str>) -> String {
    let of = Unsubscription {
        app: AppId::parse("shop").unwrap(),
        user: UserId::parse("anna").unwrap(),
        category: category.map(|name| CategoryName::parse(name).unwrap()),
    };
    format!("/v1/unsubscribe/{}", world.state.letters.link(&of).unwrap())
}

/// Sends the form of RFC 8058, or another one.
async fn post(world: &World, path: &str, form: &'static str) -> Answer {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form));
    world.request(request.unwrap()).await
}

const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

#[tokio::test]
async fn a_reader_unsubscribes_with_one_click() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let former = json!({"opt_out": {"categories": ["news"]}});
    let put = world
        .admin("PUT /v1/users/anna/preferences", Some(former))
        .await;
    assert_eq!(put.status, 204, "{put:?}");
    let link = path(&world, Some("promotions"));
    for _ in 0..2 {
        let done = post(&world, &link, ONE_CLICK).await;
        assert_eq!(done.status, 200, "{done:?}");
        assert!(done.page.contains("promotions") && !done.page.contains("anna"));
        let both = json!({"all": false, "categories": ["news", "promotions"], "topics": []});
        assert_eq!(opt_out(&world).await, both);
    }
    // A letter without a category is one of anything.
    let done = post(&world, &path(&world, None), ONE_CLICK).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(opt_out(&world).await["all"], true);
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let link = path(&world, Some("promotions"));
    let shown = world.call(&format!("GET {link}"), "", None).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    assert!(shown.page.contains("<form method=\"post\">") && shown.page.contains("One-Click"));
    assert!(!shown.page.contains("anna") && !shown.page.contains("shop"));
    assert_eq!(shown.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(shown.headers["referrer-policy"], "no-referrer");
    let policy = shown.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let mut russian = request(&format!("GET {link}"), "", None);
    let language = "ru".parse().unwrap();
    russian.headers_mut().insert("accept-language", language);
    let russian = world.request(russian).await;
    assert!(russian.page.contains("Отписаться"), "{russian:?}");
    // Nor does what is not the form of RFC 8058.
    for form in ["", "List-Unsubscribe=", "unsubscribe=1"] {
        let other = post(&world, &link, form).await;
        assert_eq!(other.problem(), (400, "request.malformed"), "{form}");
    }
    assert_eq!(opt_out(&world).await["categories"], json!([]));
}

#[tokio::test]
async fn who_makes_up_a_link_unsubscribes_nobody() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let link = path(&world, None);
    let cut = &link[..link.len() - 1];
    for odd in [cut, "/v1/unsubscribe/anna", "/v1/unsubscribe/AQ"] {
        let shown = world.call(&format!("GET {odd}"), "", None).await;
        assert_eq!(shown.status, 404, "{shown:?}");
        let done = post(&world, odd, ONE_CLICK).await;
        assert_eq!(done.status, 404, "{done:?}");
    }
    assert_eq!(opt_out(&world).await["all"], false);
    // Nobody is made by the link of somebody who is gone.
    let of = Unsubscription {
        app: AppId::parse("shop").unwrap(),
        user: UserId::parse("nobody").unwrap(),
        category: None,
    };
    let gone = world.state.letters.link(&of).unwrap();
    let done = post(&world, &format!("/v1/unsubscribe/{gone}"), ONE_CLICK).await;
    assert_eq!(done.status, 200, "{done:?}");
    let nobody = world.admin("GET /v1/users/nobody", None).await;
    assert_eq!(nobody.status, 404, "{nobody:?}");
}
