//! Readers of letters unsubscribe with one click.

use axum::{body::Body, http::Request};
use serde_json::json;
use vestnik_model::CategoryName;
use vestnik_store::recipients::Reader;

use super::{
    letter,
    world::{Answer, World, request},
};
use crate::credential::Unsubscription;

/// What Anna does not want, at last.
async fn opt_out(world: &World) -> serde_json::Value {
    let shown = world.admin("GET /v1/users/anna/preferences", None).await;
    shown.body["opt_out"].clone()
}

/// Anna, to whom a letter is sent.
async fn anna(world: &World) -> Reader {
    letter::reader(&letter::begin(world).await.1)
}

/// The path of the link in a letter to somebody.
fn path(world: &World, reader: &Reader, category: Option<&str>) -> String {
    let of = Unsubscription {
        reader: reader.clone(),
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
    let former = json!({"opt_out": {"categories": {"news": true}}});
    let changed = world
        .admin("PATCH /v1/users/anna/preferences", Some(former))
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let reader = anna(&world).await;
    let link = path(&world, &reader, Some("promotions"));
    for _ in 0..2 {
        let done = post(&world, &link, ONE_CLICK).await;
        assert_eq!(done.status, 200, "{done:?}");
        assert!(done.page.contains("promotions") && !done.page.contains("anna"));
        let both = json!({"all": false, "categories": ["news", "promotions"], "topics": []});
        assert_eq!(opt_out(&world).await, both);
    }
    // A letter without a category is one of anything.
    let done = post(&world, &path(&world, &reader, None), ONE_CLICK).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(opt_out(&world).await["all"], true);
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let link = path(&world, &anna(&world).await, Some("promotions"));
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
    let link = path(&world, &anna(&world).await, None);
    let cut = &link[..link.len() - 1];
    for odd in [cut, "/v1/unsubscribe/anna", "/v1/unsubscribe/AQ"] {
        let shown = world.call(&format!("GET {odd}"), "", None).await;
        assert_eq!(shown.status, 404, "{shown:?}");
        let done = post(&world, odd, ONE_CLICK).await;
        assert_eq!(done.status, 404, "{done:?}");
    }
    assert_eq!(opt_out(&world).await["all"], false);
}

/// Whoever gets the name of a user who was erased is another person. The page says the same: it does not tell
/// who is there.
#[tokio::test]
async fn the_link_of_who_was_erased_changes_nothing() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let former = anna(&world).await;
    let link = path(&world, &former, Some("promotions"));
    let erased = world.admin("DELETE /v1/users/anna", None).await;
    assert_eq!(erased.status, 204, "{erased:?}");
    let gone = post(&world, &link, ONE_CLICK).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    let nobody = world.admin("GET /v1/users/anna", None).await;
    assert_eq!(nobody.status, 404, "nobody is made by it: {nobody:?}");
    world.advance(60);
    let present = anna(&world).await;
    let everything = path(&world, &former, None);
    for link in [&link, &everything] {
        let done = post(&world, link, ONE_CLICK).await;
        assert_eq!(done.status, 200, "{done:?}");
    }
    let nothing = json!({"all": false, "categories": [], "topics": []});
    assert_eq!(opt_out(&world).await, nothing);
    let own = path(&world, &present, Some("promotions"));
    let done = post(&world, &own, ONE_CLICK).await;
    assert_eq!(done.page, gone.page);
    assert_eq!(opt_out(&world).await["categories"], json!(["promotions"]));
}
