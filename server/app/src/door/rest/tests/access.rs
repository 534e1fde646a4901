//! Logins, tokens, logouts, keys.

use serde_json::json;

use super::world::{Answer, INSTALLATION, World, text};

#[tokio::test]
async fn a_login_gives_tokens_that_no_cache_keeps() {
    let world = World::new().await;
    let answer = world.log_in("anna", 1).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.body["user"], "anna");
    assert_eq!(
        world.code_of(text(&answer.body["access_token"])).await,
        "ok"
    );
    world.advance(15 * 60);
    assert_eq!(
        world.code_of(text(&answer.body["access_token"])).await,
        "auth.expired"
    );
}

#[tokio::test]
async fn knowing_an_installations_id_is_not_enough_to_take_it() {
    let world = World::new().await;
    let anna = world.log_in("anna", 1).await;
    let mallory = world.log_in("mallory", 2).await;
    assert_eq!(mallory.problem(), (401, "auth.secret_mismatch"));
    assert_eq!(world.code_of(text(&anna.body["access_token"])).await, "ok");
}

/// Row 4 of the reports: a request that was queued by the user before, with their token.
#[tokio::test]
async fn the_tokens_of_a_replaced_session_reach_nothing() {
    let world = World::new().await;
    let anna = world.log_in("anna", 1).await;
    let boris = world.log_in("boris", 1).await;
    let (anna, boris) = (
        text(&anna.body["access_token"]),
        text(&boris.body["access_token"]),
    );
    let line = format!("DELETE /v1/installations/{INSTALLATION}");
    let logout = world.call(&line, anna, None).await;
    assert_eq!(logout.problem(), (401, "auth.revoked"));
    assert_eq!(world.code_of(anna).await, "auth.revoked");
    assert_eq!(world.code_of(boris).await, "ok");
    assert_eq!(world.call(&line, boris, None).await.status, 204);
    assert_eq!(world.code_of(boris).await, "auth.revoked");
}

#[tokio::test]
async fn an_identity_token_with_an_id_is_used_once() {
    let world = World::new().await;
    let token = world.identity_token("anna", Some("a"));
    assert_eq!(world.log_in_with(&token, 1).await.status, 200);
    let again = world.log_in_with(&token, 1).await;
    assert_eq!(again.problem(), (401, "auth.invalid"));
    assert!(text(&again.body["detail"]).contains("`jti`"));
}

#[tokio::test]
async fn a_lost_answer_of_an_exchange_does_no_harm() {
    let world = World::new().await;
    let first = world.log_in("anna", 1).await;
    let refresh = text(&first.body["refresh_token"]);
    world.advance(3_600);
    let lost = world.exchange(refresh).await;
    world.advance(24 * 3_600);
    let again = world.exchange(refresh).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(again.body["refresh_token"], lost.body["refresh_token"]);
}

#[tokio::test]
async fn a_reuse_revokes_the_session() {
    let world = World::new().await;
    let first = world.log_in("anna", 1).await;
    let stolen = text(&first.body["refresh_token"]);
    world.advance(3_600);
    let second = world.exchange(stolen).await;
    let access = text(&second.body["access_token"]);
    // Only the access token of the new pair is used, and noted as seen.
    assert_eq!(world.code_of(access).await, "ok");
    world
        .state
        .live
        .notes
        .write(&*world.state.store, &*world.state.clock)
        .await
        .unwrap();
    world.advance(61);
    assert_eq!(world.exchange(stolen).await.problem(), (401, "auth.reused"));
    assert_eq!(world.code_of(access).await, "auth.revoked");
    let refresh = text(&second.body["refresh_token"]);
    assert_eq!(
        world.exchange(refresh).await.problem(),
        (401, "auth.invalid")
    );
}

#[tokio::test]
async fn a_text_that_is_no_token_is_refused() {
    let world = World::new().await;
    for garbage in ["", "vr_", "vr_AAAA", "x"] {
        assert_eq!(
            world.exchange(garbage).await.problem(),
            (401, "auth.invalid")
        );
    }
}

#[tokio::test]
async fn the_end_of_a_user_is_the_end_of_their_sessions() {
    let world = World::new().await;
    for line in ["POST /v1/users/anna:log_out", "DELETE /v1/users/anna"] {
        let anna = world.log_in("anna", 1).await;
        assert_eq!(world.admin(line, None).await.status, 204, "{line}");
        let access = text(&anna.body["access_token"]);
        assert_eq!(world.code_of(access).await, "auth.revoked", "{line}");
        // An unknown user is answered like a known one.
        let unknown = line.replace("anna", "nobody");
        assert_eq!(world.admin(&unknown, None).await.status, 204);
    }
    let other = world.admin("POST /v1/users/anna:dance", None).await;
    assert_eq!(other.problem(), (404, "not_found"));
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_the_next_request() {
    let world = World::new().await;
    let body = json!({"name": "courier", "scopes": ["publish", "read"]});
    let made = world.admin("POST /v1/keys", Some(body)).await;
    let key = text(&made.body["key"]);
    assert_eq!(
        world.call("GET /v1/notifications", key, None).await.status,
        200
    );
    assert_eq!(
        world.call("GET /v1/keys", key, None).await.problem(),
        (403, "auth.forbidden")
    );
    let line = format!("DELETE /v1/keys/{}", text(&made.body["id"]));
    assert_eq!(world.admin(&line, None).await.status, 204);
    let refused = world.call("GET /v1/notifications", key, None).await;
    assert_eq!(refused.problem(), (401, "auth.invalid"));
}

#[tokio::test]
async fn keys_are_listed_page_by_page() {
    let world = World::new().await;
    for _ in 0..3 {
        let body = json!({"name": "k", "scopes": ["read"]});
        assert_eq!(world.admin("POST /v1/keys", Some(body)).await.status, 201);
    }
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world
            .admin(&format!("GET /v1/keys?limit=2{cursor}"), None)
            .await;
        let data = page.body["data"].as_array().unwrap().clone();
        ids.extend(data.iter().map(|key| text(&key["id"]).to_owned()));
        let Some(next) = page.body["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn an_identity_keys_id_can_stand_in_a_log_line() {
    let world = World::new().await;
    let body = json!({"algorithm": "HS256", "key": "A".repeat(43)});
    let put = async |kid: &str| {
        let line = format!("PUT /v1/identity-keys/{kid}");
        world.admin(&line, Some(body.clone())).await.status
    };
    assert_eq!(put("k-1._x").await, 204);
    for bad in ["a%0Ab", "a%20b", "%D0%BA", &"x".repeat(65)] {
        assert_eq!(put(bad).await, 422, "{bad}");
    }
}

#[tokio::test]
async fn an_installations_state_is_stored_for_its_present_session_only() {
    let world = World::new().await;
    let anna = world.log_in("anna", 1).await;
    let line = format!("PUT /v1/installations/{INSTALLATION}");
    let state = json!({"platform": "linux", "locale": "de", "time_zone": "Europe/Berlin"});
    let access = text(&anna.body["access_token"]).to_owned();
    let put = world.call(&line, &access, Some(state.clone())).await;
    assert_eq!(put.status, 204, "{put:?}");
    // The App's backend, too, for whoever is logged in.
    assert_eq!(world.admin(&line, Some(state.clone())).await.status, 204);
    assert_eq!(world.log_in("boris", 1).await.status, 200);
    let late = world.call(&line, &access, Some(state)).await;
    assert_eq!(late.problem(), (401, "auth.revoked"));
}

/// Few enough tokens that a test can spend them.
async fn frugal() -> World {
    World::with(|config| {
        config.rates.token_per_minute = 1;
        config.rates.token_burst = 3;
    })
    .await
}

#[track_caller]
fn is_limited(answer: &Answer, name: &str) {
    assert_eq!(answer.problem(), (429, "request.rate_limited"));
    assert_eq!(answer.headers["retry-after"], "60");
    assert_eq!(
        answer.headers["ratelimit-policy"],
        format!("\"{name}\";q=3;w=180")
    );
    assert_eq!(answer.headers["ratelimit"], format!("\"{name}\";r=0;t=60"));
}

#[tokio::test]
async fn logins_of_one_user_are_limited_and_delay_no_other() {
    let world = frugal().await;
    for left in ["2", "1", "0"] {
        let answer = world.log_in("anna", 1).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let state = answer.headers["ratelimit"].to_str().unwrap();
        assert!(state.starts_with(&format!("\"user\";r={left};")), "{state}");
    }
    let last = world.log_in("boris", 1).await;
    let access = text(&last.body["access_token"]);
    is_limited(&world.log_in("anna", 1).await, "user");
    // Nothing was changed: the present session is that of the last login.
    assert_eq!(world.code_of(access).await, "ok");
    world.advance(60);
    assert_eq!(world.log_in("anna", 1).await.status, 200);
}

#[tokio::test]
async fn a_login_that_nobody_vouched_for_spends_no_budget_of_the_user() {
    let world = frugal().await;
    let mut forged = world.identity_token("anna", None);
    forged.truncate(forged.len() - 2);
    for _ in 0..10 {
        let answer = world.log_in_with(&forged, 1).await;
        assert_eq!(answer.problem().0, 401);
    }
    assert_eq!(world.log_in("anna", 1).await.status, 200);
}

#[tokio::test]
async fn exchanges_of_one_login_are_limited_and_the_session_goes_on() {
    let world = frugal().await;
    let mut token = text(&world.log_in("anna", 1).await.body["refresh_token"]).to_owned();
    for _ in 0..3 {
        let answer = world.exchange(&token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        text(&answer.body["refresh_token"]).clone_into(&mut token);
    }
    is_limited(&world.exchange(&token).await, "session");
    world.advance(60);
    let answer = world.exchange(&token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// RFC 6749, section 5.1: an error can tell as much as a token.
#[tokio::test]
async fn no_cache_keeps_what_is_said_about_tokens() {
    let world = frugal().await;
    let mut answers = vec![
        world.call("GET /v1/token", "", None).await,
        world.call("POST /v1/token", "", None).await,
        world
            .call("POST /v1/token", "", Some(json!({"grant_type": "other"})))
            .await,
        world.exchange("vr_garbage").await,
        world.log_in_with("a.b.c", 1).await,
    ];
    for _ in 0..4 {
        answers.push(world.log_in("anna", 1).await);
    }
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [405, 415, 422, 401, 401, 200, 200, 200, 429]);
    for answer in answers {
        assert_eq!(answer.headers["cache-control"], "no-store", "{answer:?}");
    }
}
