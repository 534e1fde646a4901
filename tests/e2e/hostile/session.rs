//! Logging in and staying logged in: only a problem of the class `auth` ends a session.

use serde_json::json;
use vestnik_testkit::hostile::{
    Answer, Journal, Route,
    kinds::{BODIES, STATUSES, SUCCESSES, with_body},
};

use super::Stage;

/// Asserts that the session was kept: nobody was logged in anew, and one refresh token was presented as
/// long as there was no other.
fn assert_kept(journal: &Journal) {
    assert_eq!(journal.logins(), 1, "the backend vouched once");
}

#[tokio::test]
async fn a_captive_portal_costs_no_login() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    for route in [
        Route::Token,
        Route::Negotiate,
        Route::Upgrade,
        Route::Register,
    ] {
        stage.server.next(route, Answer::captive_portal());
        stage.server.next(route, Answer::html(200));
    }
    let phone = stage.start().await?;
    phone.online().await?;
    stage.publish_shown(&phone, 1).await?;
    phone.stop().await?;
    let journal = stage.journal();
    assert_eq!(
        journal.logins(),
        3,
        "the identity token is kept until it is taken"
    );
    Ok(())
}

/// Fault C8 of the review.
#[tokio::test]
async fn no_status_and_no_body_without_a_problem_of_credentials_ends_a_session()
-> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    phone.stop().await?;
    for status in STATUSES.into_iter().chain(SUCCESSES) {
        for body in BODIES {
            stage.server.next(Route::Token, with_body(status, body));
        }
    }
    let phone = stage.start().await?;
    phone.online().await?;
    assert_eq!(stage.server.outstanding(Route::Token), 0);
    let journal = stage.journal();
    assert_kept(&journal);
    assert!(journal.refreshes().all(|token| token == "vr_1"));
    phone.stop().await?;
    Ok(())
}

#[tokio::test]
async fn bodies_that_break_or_never_end_end_no_session() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    phone.stop().await?;
    for answer in [
        Answer::html(200).cut_in_body(),
        Answer::html(200).endless(),
        Answer::html(503).endless(),
        Answer::problem(401, "auth.invalid").cut_in_body(),
        Answer::html(200).stalled_in_body(),
        Answer::silence(),
        Answer::cut(),
        Answer::good().trickled(),
    ] {
        stage.server.next(Route::Token, answer);
    }
    let phone = stage.start_impatient().await?;
    phone.online().await?;
    assert_kept(&stage.journal());
    phone.stop().await?;
    Ok(())
}

#[tokio::test]
async fn tokens_whose_life_is_absurd_are_used_or_asked_for_again() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    phone.stop().await?;
    for life in [
        json!(null),
        json!(-1),
        json!("soon"),
        json!(u64::MAX),
        json!(u32::MAX),
    ] {
        let odd = Answer::good().edited(move |tokens| tokens["expires_in"] = life.clone());
        stage.server.next(Route::Token, odd);
        let phone = stage.start().await?;
        phone.online().await?;
        phone.stop().await?;
    }
    // Tokens that hold for no time at all, as they are for a device whose clock runs wild.
    let short = Answer::good().edited(|tokens| tokens["expires_in"] = 0.into());
    stage.server.always(Route::Token, short);
    let phone = stage.start().await?;
    phone.online().await?;
    stage.publish_shown(&phone, 1).await?;
    assert_kept(&stage.journal());
    Ok(())
}

#[tokio::test]
async fn a_refresh_whose_answer_is_lost_is_repeated() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    phone.stop().await?;
    stage.server.next(Route::Token, Answer::cut().after_doing());
    stage
        .server
        .next(Route::Token, Answer::captive_portal().after_doing());
    let phone = stage.start().await?;
    phone.online().await?;
    assert_kept(&stage.journal());
    phone.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_problem_of_credentials_ends_the_session_and_the_backend_vouches_anew()
-> anyhow::Result<()> {
    let (stage, mut phone) = Stage::online().await?;
    for (logins, code) in (2..).zip(["auth.reused", "auth.revoked", "auth.paused"]) {
        phone.stop().await?;
        stage.server.next(Route::Token, Answer::problem(401, code));
        phone = stage.start().await?;
        phone.online().await?;
        assert_eq!(stage.journal().logins(), logins, "{code}");
    }
    phone.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_token_that_is_refused_at_the_start_is_renewed() -> anyhow::Result<()> {
    for route in [Route::Negotiate, Route::Upgrade] {
        let stage = Stage::new().await?;
        stage
            .server
            .next(route, Answer::problem(401, "auth.expired"));
        let phone = stage.start().await?;
        phone.online().await?;
        let journal = stage.journal();
        assert_eq!(
            (journal.logins(), journal.refreshes().count()),
            (1, 1),
            "{route:?}"
        );
        phone.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_greeting_that_is_refused_at_the_start_is_repeated_with_another_token()
-> anyhow::Result<()> {
    let stage = Stage::new().await?;
    stage
        .server
        .next(Route::Hello, Answer::refusal("auth.invalid"));
    let phone = stage.start().await?;
    phone.online().await?;
    let journal = stage.journal();
    assert_eq!((journal.logins(), journal.refreshes().count()), (1, 1));
    phone.stop().await?;
    Ok(())
}

/// Fault C4 of the review.
#[tokio::test]
async fn a_token_that_is_refused_after_a_cut_is_renewed() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    for number in 1..=3 {
        stage.server.refuse_access_tokens();
        stage.cut(&phone).await?;
        stage.publish_shown(&phone, number).await?;
    }
    assert_kept(&stage.journal());
    Ok(())
}

/// Fault C4 of the review: the token is refused by the greeting only.
#[tokio::test]
async fn a_greeting_that_is_refused_after_a_cut_is_repeated_with_another_token()
-> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    stage
        .server
        .next(Route::Hello, Answer::refusal("auth.expired"));
    stage.server.cut();
    stage.greeted(3).await?;
    phone.online().await?;
    let journal = stage.journal();
    let hellos: Vec<_> = journal.of(Route::Hello).map(|hello| &hello.token).collect();
    assert_eq!(hellos[0], hellos[1]);
    assert_ne!(hellos[1], hellos[2], "the refused token is not used again");
    Ok(())
}

#[tokio::test]
async fn a_registration_that_fails_harms_nothing_and_is_repeated() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let odd = [
        Answer::captive_portal(),
        Answer::html(403),
        Answer::http(500),
        Answer::result(json!([])).trickled(),
    ];
    let phone = {
        for answer in odd {
            stage.server.next(Route::Register, answer);
        }
        stage.start().await?
    };
    phone.online().await?;
    for count in 1..=4 {
        let registered = |journal: &Journal| journal.count(Route::Register) == count;
        stage.server.has("a registration", registered).await?;
        stage.publish_shown(&phone, count as u128).await?;
        if count < 4 {
            stage.cut(&phone).await?;
        }
    }
    assert_kept(&stage.journal());
    Ok(())
}
