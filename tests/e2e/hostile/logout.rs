//! Logging out: at once on the device, and at the server as soon as it is confirmed there.

use vestnik_core::{Event, Snapshot};
use vestnik_model::ProblemCode;
use vestnik_testkit::{
    hostile::{Answer, Gate, Journal, Route},
    name::user,
    wait::eventually,
};

use super::{Stage, history, log_out};

/// Waits until a logout has been answered so many times.
async fn told(stage: &Stage, count: usize) -> anyhow::Result<()> {
    let told = |journal: &Journal| journal.count(Route::Forget) >= count;
    stage.server.has("a logout", told).await
}

#[tokio::test]
async fn a_logout_that_is_answered_late_harms_no_later_login() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let gate = Gate::new();
    stage.server.next(Route::Forget, Answer::good().held(&gate));
    log_out(&phone.client).await?;
    gate.reached().await?;
    phone.stop().await?;
    let lena = user("lena");
    let phone = stage.start_as(&lena).await?;
    phone.online().await?;
    gate.open();
    let id = stage.server.publish(&lena, 1).await?;
    phone.has_shown(&[id]).await?;
    stage.cut(&phone).await?;
    let journal = stage.journal();
    let mut logouts = journal.of(Route::Forget);
    assert!(logouts.all(|logout| logout.user.as_ref() == Some(&stage.anna)));
    assert_eq!(journal.logins(), 2);
    Ok(())
}

/// Fault C6 of the review: the logout is told while another user logs in.
#[tokio::test]
async fn a_logout_that_is_told_later_harms_no_later_login() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    stage.server.always(Route::Forget, Answer::http(503));
    log_out(&phone.client).await?;
    told(&stage, 1).await?;
    phone.stop().await?;
    stage.server.behave(Route::Forget);
    let lena = user("lena");
    let phone = stage.start_as(&lena).await?;
    told(&stage, 2).await?;
    phone.online().await?;
    stage.cut(&phone).await?;
    let id = stage.server.publish(&lena, 1).await?;
    phone.has_shown(&[id]).await?;
    let journal = stage.journal();
    let mut logouts = journal.of(Route::Forget);
    assert!(logouts.all(|logout| logout.user.as_ref() == Some(&stage.anna)));
    assert_eq!(journal.logins(), 2, "each was vouched for once");
    Ok(())
}

/// Fault C8 of the review, its last sentence.
#[tokio::test]
async fn a_portals_answer_to_a_logout_is_no_confirmation() -> anyhow::Result<()> {
    let odd = [
        Answer::captive_portal(),
        Answer::html(404),
        Answer::html(401),
        Answer::http(500),
        Answer::cut(),
    ];
    for answer in odd {
        let (stage, phone) = Stage::online().await?;
        stage.server.next(Route::Forget, answer);
        log_out(&phone.client).await?;
        // It is asked again, by this process or the next.
        told(&stage, 1).await?;
        phone.stop().await?;
        let phone = stage.start().await?;
        told(&stage, 2).await?;
        phone.online().await?;
        phone.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_logout_that_the_server_has_no_session_for_is_over() -> anyhow::Result<()> {
    for code in [ProblemCode::NotFound, ProblemCode::AuthInvalid] {
        let (stage, phone) = Stage::online().await?;
        let answer = Answer::problem(code.status(), code.as_str());
        stage.server.next(Route::Forget, answer);
        log_out(&phone.client).await?;
        told(&stage, 1).await?;
        phone.stop().await?;
    }
    Ok(())
}

/// Fault H7 of the review.
#[tokio::test]
async fn a_logout_is_repeated_while_the_process_lives() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let phone = stage.start_impatient().await?;
    phone.online().await?;
    stage.registered().await?;
    for answer in [
        Answer::captive_portal(),
        Answer::http(503),
        Answer::silence(),
        Answer::cut(),
    ] {
        stage.server.next(Route::Forget, answer);
    }
    log_out(&phone.client).await?;
    told(&stage, 5).await?;
    phone.stop().await?;
    Ok(())
}

/// Fault H7 of the review.
#[tokio::test]
async fn facts_go_out_before_a_logout() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    stage.server.always(Route::Report, Answer::error("later"));
    stage.publish_shown(&phone, 1).await?;
    stage.server.behave(Route::Report);
    log_out(&phone.client).await?;
    told(&stage, 1).await?;
    let kinds: Vec<_> = stage.journal().facts;
    assert_eq!(kinds.len(), 2, "delivered and displayed");
    Ok(())
}

/// Fault C3 of the review.
#[tokio::test]
async fn a_logout_while_a_token_is_fetched_is_done_at_once() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    phone.stop().await?;
    let gate = Gate::new();
    stage.server.next(Route::Token, Answer::good().held(&gate));
    let phone = stage.start().await?;
    gate.reached().await?;
    let mut done = Box::pin(phone.client.logout());
    // The request for a token may run into its own end; the logout must not wait for it.
    tokio::select! {
        biased;
        done = &mut done => done?,
        () = async {
            let given_up = |journal: &Journal| journal.count(Route::Token) > 2;
            stage.server.has("another request for a token", given_up).await.ok();
        } => anyhow::bail!("the logout waits for a token"),
    }
    gate.open();
    drop(done);
    phone.stop().await?;
    // The answer that came after the logout has logged nobody in.
    let phone = stage.start_as(&user("lena")).await?;
    phone.online().await?;
    let journal = stage.journal();
    let last = journal.of(Route::Hello).last();
    assert_eq!(
        last.and_then(|hello| hello.user.clone()),
        Some(user("lena"))
    );
    Ok(())
}

/// Fault H8 of the review: a connection that is made when the user logs out is not left open.
#[tokio::test]
async fn a_connection_that_opens_after_a_logout_is_closed() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let gate = Gate::new();
    stage
        .server
        .next(Route::Handshake, Answer::good().held(&gate));
    stage.server.cut();
    gate.reached().await?;
    log_out(&phone.client).await?;
    gate.open();
    stage.ended(Route::Handshake).await?;
    assert_eq!(stage.journal().count(Route::Hello), 1);
    Ok(())
}

/// Fault H8 of the review: the shell was slow.
#[tokio::test]
async fn nothing_of_a_former_user_comes_out_after_a_logout() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let client = stage.start_undrawn().await?;
    stage.registered().await?;
    for number in 1..=5 {
        stage.server.publish(&stage.anna, number).await?;
    }
    let all = |snapshot: &Snapshot| (snapshot.unread == 5).then_some(());
    eventually("all five", &mut client.snapshot(), all).await?;
    let mut events = client.events();
    log_out(&client).await?;
    assert_eq!(events.recv().await, Some(Event::Forgotten));
    client.clone().stop().await;
    assert!(client.next_show().await.is_none());
    Ok(())
}

/// Fault H9 of the review.
#[tokio::test]
async fn a_user_who_comes_back_has_their_history() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    for number in 1..=5 {
        stage.publish_shown(&phone, number).await?;
    }
    log_out(&phone.client).await?;
    phone.stop().await?;
    let phone = stage.start().await?;
    phone.online().await?;
    assert_eq!(history(&phone.client).await?, [1, 2, 3, 4, 5]);
    stage.publish_shown(&phone, 6).await?;
    assert_eq!(phone.seen().order.len(), 1, "nothing is shown again");
    Ok(())
}
