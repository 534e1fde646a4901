//! Sign-in, sign-out, switch of user.

use vestnik_core::{Login, LoginError, NeedsIdentity, Secret, Standing, Trouble};
use vestnik_model::{Open, ProblemCode};

use super::{core::user, *};
use crate::view::{CodeView, SessionEndView, SignInCode, TroubleView};

const NOBODY: Start = Start {
    problem: None,
    identity: None,
    standing: Some(Standing::Nobody),
    is_in_background: false,
};

fn pasted(text: &str) -> SignInSource {
    SignInSource::Code(Secret::new(text))
}

async fn sign_in(app: &App, text: &str, replaces: bool) -> Result<(), ErrorCode> {
    let source = pasted(text);
    app.ask(|reply| Intent::SignIn {
        source,
        replaces,
        reply,
    })
    .await
}

async fn ready(start: Start) -> App {
    let mut app = App::start_with(start);
    app.phase(&Phase::Ready).await;
    app
}

#[tokio::test(start_paused = true)]
async fn a_pasted_code_signs_its_subject_in() {
    let mut app = ready(NOBODY).await;
    let text = code("anna");
    assert_eq!(sign_in(&app, &text, false).await, Ok(()));
    app.core
        .expect(&format!("log_in anna {}", text.len()))
        .await;
    assert_eq!(
        sign_in(&app, "nonsense", false).await,
        Err(ErrorCode::CodeUnreadable)
    );
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_has_trouble_is_shown_with_it_and_is_no_failure() {
    let mut app = ready(NOBODY).await;
    let pending = Login::Pending(Trouble::Unreachable);
    app.core.next_login(Ok(pending));
    assert_eq!(sign_in(&app, &code("anna"), false).await, Ok(()));
    app.core.set(|state| {
        state.standing = Standing::LoggingIn { user: user("anna") };
        state.trouble = Some(Trouble::Unreachable);
        state.retry_at = Some(now());
    });
    app.account(&AccountView::SigningIn {
        user: "anna".to_owned(),
        trouble: Some(TroubleView::Unreachable),
        retry_at: Some("2026-11-21T10:01:00Z".to_owned()),
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_refusal_has_a_word_of_its_own() {
    let app = ready(NOBODY).await;
    let refused = |code| LoginError::Refused(Open::Known(code));
    for (error, expected) in [
        (refused(ProblemCode::AuthInvalid), ErrorCode::CodeRefused),
        (refused(ProblemCode::AuthExpired), ErrorCode::CodeExpired),
        (LoginError::OtherUser, ErrorCode::CodeOfOther),
        (LoginError::Overtaken, ErrorCode::Overtaken),
        (LoginError::Closed, ErrorCode::Closed),
    ] {
        app.core.next_login(Err(error));
        let outcome = sign_in(&app, &code("anna"), false).await;
        assert_eq!(outcome, Err(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn another_user_replaces_the_former_only_with_the_persons_consent() {
    let mut app = App::started().await;
    let text = code("boris");
    let source = pasted(&text);
    let read = app.ask(|reply| Intent::ReadCode { source, reply }).await;
    let expected = CodeView {
        user: "boris".to_owned(),
        replaces: Some("anna".to_owned()),
    };
    assert_eq!(read, Ok(expected));
    assert_eq!(
        sign_in(&app, &text, false).await,
        Err(ErrorCode::WouldReplace)
    );
    settle().await;
    let asked = app.core.asked();
    assert!(
        !asked.iter().any(|call| call.starts_with("log_in")),
        "{asked:?}"
    );
    assert_eq!(sign_in(&app, &text, true).await, Ok(()));
    app.core
        .expect(&format!("log_in boris {}", text.len()))
        .await;
}

#[tokio::test(start_paused = true)]
async fn the_configured_code_is_used_once_by_itself() {
    let text = code("anna");
    let mut app = ready(Start {
        identity: configured(&text),
        ..NOBODY
    })
    .await;
    let log_in = format!("log_in anna {}", text.len());
    app.core.expect(&log_in).await;
    // It is refused, and the same code is not tried again.
    for _ in 0..3 {
        app.core.stand(Standing::LoggingIn { user: user("anna") });
        settle().await;
        app.core.stand(Standing::Nobody);
        app.desk.send(Intent::ShowWindow).await;
        settle().await;
    }
    let asked = app.core.asked();
    assert!(!asked.contains(&log_in), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_configured_code_is_told() {
    let mut app = App::start_with(Start {
        identity: configured(&code("anna")),
        ..NOBODY
    });
    let refused = LoginError::Refused(Open::Known(ProblemCode::AuthExpired));
    app.core.next_login(Err(refused));
    let code = ErrorCode::CodeExpired;
    app.record
        .expect(Told::Event(UiEvent::SignInFailed { code }))
        .await;
    assert_eq!(app.snapshot().await.sign_in_problem, Some(code));
    app.core.stand(Standing::LoggedIn { user: user("anna") });
    let user = "anna".to_owned();
    app.account(&AccountView::SignedIn { user }).await;
    assert_eq!(app.snapshot().await.sign_in_problem, None);
}

#[tokio::test(start_paused = true)]
async fn a_renewed_code_file_is_read_when_the_session_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity.jwt");
    std::fs::write(&file, code("anna")).unwrap();
    let mut app = App::start_in(
        folder,
        Start {
            identity: Some(IdentityOrigin::File(file)),
            standing: Some(Standing::LoggedIn { user: user("anna") }),
            ..Start::default()
        },
    );
    app.phase(&Phase::Ready).await;
    app.core.stand(Standing::NeedsIdentity {
        user: Some(user("anna")),
        reason: NeedsIdentity::Ended,
    });
    app.account(&AccountView::NeedsIdentity {
        user: Some("anna".to_owned()),
        reason: SessionEndView::Ended,
    })
    .await;
    app.core
        .expect(&format!("log_in anna {}", code("anna").len()))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_configured_code_of_another_user_waits_for_the_person() {
    let text = code("boris");
    let mut app = ready(Start {
        identity: configured(&text),
        standing: Some(Standing::NeedsIdentity {
            user: Some(user("anna")),
            reason: NeedsIdentity::Ended,
        }),
        ..Start::default()
    })
    .await;
    settle().await;
    let asked = app.core.asked();
    assert!(
        !asked.iter().any(|call| call.starts_with("log_in")),
        "{asked:?}"
    );
    let source = SignInSource::Configured;
    let read = app.ask(|reply| Intent::ReadCode { source, reply }).await;
    assert_eq!(read.unwrap().replaces.as_deref(), Some("anna"));
    let configured = |replaces| {
        move |reply| Intent::SignIn {
            source: SignInSource::Configured,
            replaces,
            reply,
        }
    };
    let unasked = app.ask(configured(false)).await;
    assert_eq!(unasked, Err(ErrorCode::WouldReplace));
    assert_eq!(app.ask(configured(true)).await, Ok(()));
    app.core
        .expect(&format!("log_in boris {}", text.len()))
        .await;
}

#[tokio::test(start_paused = true)]
async fn who_signed_out_is_not_signed_in_again_by_the_configuration() {
    let text = code("anna");
    let mut app = App::started().await;
    app.ask(|reply| Intent::SignOut { reply }).await.unwrap();
    app.core.expect("log_out").await;
    settle().await;
    let folder = app.end().await;

    let identity = configured(&text);
    let mut app = App::start_in(folder, Start { identity, ..NOBODY });
    app.phase(&Phase::Ready).await;
    settle().await;
    let asked = app.core.asked();
    assert!(
        !asked.iter().any(|call| call.starts_with("log_in")),
        "{asked:?}"
    );

    // When they sign in again themselves, the configuration counts again.
    assert_eq!(sign_in(&app, &text, false).await, Ok(()));
    settle().await;
    let folder = app.end().await;
    let identity = configured(&text);
    let mut app = App::start_in(folder, Start { identity, ..NOBODY });
    app.core
        .expect(&format!("log_in anna {}", text.len()))
        .await;
    app.phase(&Phase::Ready).await;
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_ends_after_the_sign_out_does_not_undo_it() {
    let mut app = ready(NOBODY).await;
    let (text, permits) = (code("anna"), app.core.hold());
    let (desk, source) = (app.desk.clone(), pasted(&text));
    let signing_in = tokio::spawn(async move {
        let sign_in = |reply| Intent::SignIn {
            source,
            replaces: false,
            reply,
        };
        desk.ask(sign_in).await
    });
    let log_in = format!("log_in anna {}", text.len());
    app.core.expect(&log_in).await;
    app.ask(|reply| Intent::SignOut { reply }).await.unwrap();
    permits.add_permits(1);
    assert!(signing_in.await.unwrap().is_ok());
    let folder = app.end().await;

    let identity = configured(&text);
    let mut app = App::start_in(folder, Start { identity, ..NOBODY });
    app.phase(&Phase::Ready).await;
    settle().await;
    let asked = app.core.asked();
    assert!(!asked.contains(&log_in), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_configured_code_that_is_being_read_signs_nobody_in_after_the_sign_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity.jwt");
    let identity = Some(IdentityOrigin::File(file.clone()));
    let mut app = App::start_in(folder, Start { identity, ..NOBODY });
    app.phase(&Phase::Ready).await;
    let code_missing = ErrorCode::CodeMissing;
    app.record
        .expect(Told::Event(UiEvent::SignInFailed { code: code_missing }))
        .await;
    std::fs::write(&file, code("anna")).unwrap();
    app.desk.tell(Intent::ShowWindow);
    let signed_out = app.ask(|reply| Intent::SignOut { reply }).await;
    assert_eq!(signed_out, Ok(()));
    app.core.expect("log_out").await;
    settle().await;
    let asked = app.core.asked();
    assert!(
        !asked.iter().any(|call| call.starts_with("log_in")),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_that_the_server_does_not_know_yet_is_told() {
    let mut app = App::started().await;
    app.core.stand(Standing::LoggingOut);
    app.account(&AccountView::SigningOut).await;
    app.core.set(|state| {
        state.standing = Standing::Nobody;
        state.is_logout_pending = true;
    });
    let pending = |is_sign_out_pending| AccountView::Nobody {
        is_sign_out_pending,
    };
    app.account(&pending(true)).await;
    app.core.set(|state| state.is_logout_pending = false);
    app.account(&pending(false)).await;
}

#[tokio::test(start_paused = true)]
async fn a_link_offers_its_code_and_signs_nobody_in() {
    let mut app = ready(NOBODY).await;
    let text = code("anna");
    let link = format!("vestnik://sign-in?token={text}");
    let offered = SignInCode(text.clone());
    app.desk.send(Intent::Link(link.clone())).await;
    let code = offered.clone();
    app.record
        .expect(Told::Event(UiEvent::CodeOffered { code }))
        .await;
    app.record.expect(Told::Window).await;
    assert_eq!(app.snapshot().await.offered, None);

    // Without a window it is the first thing of the next.
    app.shell.has_window.store(false, Ordering::SeqCst);
    app.desk.send(Intent::Link(link)).await;
    app.desk.send(Intent::Link("--background".to_owned())).await;
    settle().await;
    app.shell.has_window.store(true, Ordering::SeqCst);
    assert_eq!(app.snapshot().await.offered, Some(offered));
    let asked = app.core.asked();
    assert!(
        !asked.iter().any(|call| call.starts_with("log_in")),
        "{asked:?}"
    );
}
