//! What a user relies on: one is logged in as oneself, stays so, and a logout is a logout.

mod awkward;
mod logout;
mod table;

use std::time::Duration;

use jiff::SignedDuration;
use vestnik_model::{InstallationId, Open, ProblemCode, UserId};

use super::{
    Grant, Input, LoginOutcome, LogoutNote, NeedsIdentity, Output, PendingLogout, Seed,
    SeedStanding, Session, Standing,
};
use crate::machine::{
    CallFailure, ForeignBody, Generation, Pace, Secret, TokenNumber, Trouble, fixture::now,
};
use table::Table;

pub(super) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(super) fn grant(name: &str, number: u32) -> Grant {
    Grant {
        access: Secret::new(format!("acc-{name}-{number}")),
        expires_in: Duration::from_secs(900),
        refresh: Secret::new(format!("ref-{name}-{number}")),
        user: user(name),
        installation: None,
    }
}

pub(super) fn auth() -> CallFailure {
    problem(ProblemCode::AuthRevoked)
}

fn problem(code: ProblemCode) -> CallFailure {
    CallFailure::Problem {
        code: code.into(),
        status: 401,
        retry_after: None,
    }
}

fn portal() -> CallFailure {
    CallFailure::Foreign {
        status: 302,
        body: ForeignBody::Redirect { leaves_host: true },
        retry_after: None,
    }
}

pub(super) fn seed(standing: SeedStanding) -> Seed {
    Seed {
        generation: Generation::new(7),
        standing,
        logouts: Vec::new(),
    }
}

pub(super) fn logged_in(name: &str) -> SeedStanding {
    SeedStanding::LoggedIn {
        user: user(name),
        refresh: Secret::new(format!("ref-{name}-0")),
    }
}

#[test]
fn a_login_is_durable_before_its_token_is_used() {
    let mut table = Table::new(seed(SeedStanding::Nobody));
    assert_eq!(table.login("anna"), ["exchange jwt-anna"]);
    assert_eq!(table.granted("anna", 1), ["store login anna"]);
    assert_eq!(table.want(), [""; 0]);
    assert_eq!(table.stored(true), ["anna", "in", "token acc-anna-1"]);
    assert_eq!(table.want(), ["token acc-anna-1"]);
}

#[test]
fn a_logout_while_a_token_is_fetched_ends_at_once_and_stays() {
    let mut table = Table::logged_in("anna");
    assert_eq!(table.want(), ["exchange ref-anna-0"]);
    assert_eq!(
        table.on(Input::Logout),
        ["pending ref-anna-0", "leaving", "flush"]
    );
    assert_eq!(
        table.on(Input::Flushed),
        ["ended", "store logout, pending ref-anna-0"]
    );
    assert_eq!(table.stored(true), ["out"]);
    assert_eq!(table.machine.standing(), Standing::Nobody);
    // The answer comes after all: the former user is not back, and the server is told.
    assert_eq!(table.granted("anna", 1), ["exchange ref-anna-0"]);
    assert_eq!(table.machine.standing(), Standing::Nobody);
}

#[test]
fn a_logout_waits_for_reports_no_longer_than_a_moment() {
    let mut table = Table::logged_in("anna");
    table.on(Input::Logout);
    assert_eq!(table.step()[0], "ended");
    assert!(table.now.monotonic - now().monotonic <= Duration::from_secs(3));
}

#[test]
fn a_captive_portal_does_not_log_out() {
    for failure in [portal(), CallFailure::NoAnswer] {
        let mut table = Table::logged_in("anna");
        table.want();
        assert_eq!(table.exchanged(Err(failure.clone())), [""; 0]);
        let (trouble, retry_at) = table.machine.trouble().unwrap();
        assert_eq!(trouble, failure.trouble());
        assert!(retry_at.is_some());
        assert_eq!(table.step(), ["exchange ref-anna-0"]);
        assert_eq!(table.granted("anna", 1), ["store ref-anna-1"]);
        assert_eq!(table.stored(true), ["token acc-anna-1"]);
        assert_eq!(table.machine.trouble(), None);
    }
}

#[test]
fn only_the_servers_own_word_ends_a_session() {
    let mut table = Table::logged_in("anna");
    table.want();
    assert_eq!(table.exchanged(Err(auth())), ["ended", "store end"]);
    let reason = NeedsIdentity::Refused(Open::from(ProblemCode::AuthRevoked));
    let user = Some(user("anna"));
    assert_eq!(
        table.machine.standing(),
        Standing::NeedsIdentity { user, reason }
    );
}

#[test]
fn a_device_that_needs_identity_says_so_and_does_nothing() {
    let mut table = Table::new(seed(SeedStanding::Ended { user: user("anna") }));
    assert_eq!(table.machine.deadline(), None);
    for input in [Input::Nudge, Input::Tick, Input::Resume] {
        assert_eq!(table.on(input), [""; 0]);
    }
    assert_eq!(table.want(), [""; 0]);
    assert_eq!(table.login("anna"), ["exchange jwt-anna"]);
}

#[test]
fn an_identity_token_survives_a_flaky_network() {
    let mut table = Table::new(seed(SeedStanding::Nobody));
    table.login("anna");
    for failure in [CallFailure::NoAnswer, portal(), CallFailure::NoAnswer] {
        let delayed = format!("delayed {:?}", failure.trouble());
        assert_eq!(table.exchanged(Err(failure)), [delayed]);
        assert_eq!(table.step(), ["exchange jwt-anna"]);
    }
    table.granted("anna", 1);
    assert_eq!(table.stored(true)[0], "anna");
}

#[test]
fn a_refused_identity_token_is_told_and_not_repeated() {
    let mut table = Table::new(seed(SeedStanding::Nobody));
    table.login("anna");
    assert_eq!(table.exchanged(Err(auth())), ["refused auth.revoked"]);
    assert_eq!(table.machine.deadline(), None);
}

#[test]
fn a_newer_identity_token_is_used_when_the_first_is_refused() {
    let mut table = Table::new(seed(SeedStanding::Nobody));
    table.login("anna");
    let newer = Input::Login {
        user: user("anna"),
        identity: Secret::new("jwt-2"),
    };
    assert_eq!(table.on(newer), [""; 0]);
    assert_eq!(table.exchanged(Err(auth())), ["exchange jwt-2"]);
}

#[test]
fn an_identity_token_given_in_time_saves_the_person_a_login() {
    let mut table = Table::logged_in("anna");
    assert_eq!(table.login("anna"), ["in"]);
    table.want();
    assert_eq!(table.exchanged(Err(auth())), ["ended", "store end"]);
    assert_eq!(table.stored(true), ["exchange jwt-anna"]);
}

#[test]
fn another_users_login_ends_the_former_session_first() {
    let mut table = Table::logged_in("anna");
    assert_eq!(
        table.login("bella"),
        ["pending ref-anna-0", "leaving", "flush"]
    );
    assert_eq!(
        table.on(Input::Flushed),
        [
            "ended",
            "store logout, pending ref-anna-0",
            "exchange ref-anna-0"
        ]
    );
    // Bella waits until the server was asked to end Anna's session.
    assert_eq!(table.stored(true), ["out"]);
    assert_eq!(
        table.granted("anna", 1),
        ["pending ref-anna-1", "delete by acc-anna-1"]
    );
    assert_eq!(table.deleted(Ok(())), ["told", "exchange jwt-bella"]);
    assert_eq!(table.granted("bella", 1), ["store login bella"]);
    assert_eq!(table.stored(true)[0], "bella");
}

#[test]
fn another_users_login_after_a_lost_session_replaces_the_history() {
    let mut table = Table::new(seed(SeedStanding::Ended { user: user("anna") }));
    table.login("bella");
    table.granted("bella", 1);
    assert_eq!(table.stored(true)[0], "bella after anna");
}

#[test]
fn a_token_that_vouches_for_somebody_else_logs_nobody_in() {
    let mut table = Table::new(seed(SeedStanding::Nobody));
    table.login("anna");
    assert_eq!(
        table.granted("bella", 1),
        ["pending ref-bella-1", "other user", "exchange ref-bella-1"]
    );
    assert!(matches!(
        table.machine.standing(),
        Standing::NeedsIdentity { user: None, .. }
    ));
}

#[test]
fn a_second_login_overtakes_the_first() {
    let mut table = Table::new(seed(SeedStanding::Nobody));
    table.login("anna");
    assert_eq!(table.login("bella"), ["overtaken"]);
    assert_eq!(table.exchanged(Err(auth())), ["exchange jwt-bella"]);
}

#[test]
fn a_refused_token_is_exchanged_once_for_all_who_wait() {
    let mut table = Table::logged_in("anna");
    table.want();
    table.granted("anna", 1);
    table.stored(true);
    let refused = || Input::WantToken {
        refused: Some(TokenNumber::new(1)),
    };
    assert_eq!(table.on(refused()), ["exchange ref-anna-1"]);
    assert_eq!(table.on(refused()), [""; 0]);
    table.granted("anna", 2);
    assert_eq!(table.stored(true), ["token acc-anna-2"]);
    // One who was refused with the former token is given the new one.
    assert_eq!(table.on(refused()), ["token acc-anna-2"]);
}

#[test]
fn a_token_is_renewed_early_on_either_clock() {
    let mut table = Table::logged_in("anna");
    table.want();
    table.granted("anna", 1);
    table.stored(true);
    table.pass(Duration::from_secs(719));
    assert_eq!(table.want(), ["token acc-anna-1"]);
    // The machine slept on a system whose monotonic clock stands still meanwhile.
    table.now.wall = table
        .now
        .wall
        .saturating_add(SignedDuration::from_secs(3_600))
        .unwrap();
    assert_eq!(table.want(), ["exchange ref-anna-1"]);
}

#[test]
fn a_server_that_grants_no_time_is_not_asked_without_end() {
    let mut table = Table::logged_in("anna");
    table.want();
    let short = Grant {
        expires_in: Duration::ZERO,
        ..grant("anna", 1)
    };
    table.exchanged(Ok(short));
    assert_eq!(table.stored(true), ["token acc-anna-1"]);
    assert_eq!(table.machine.deadline(), None);
}

#[test]
fn nothing_is_asked_while_the_machine_sleeps() {
    let mut table = Table::logged_in("anna");
    table.on(Input::Suspend);
    assert_eq!(table.want(), [""; 0]);
    assert_eq!(table.machine.deadline(), None);
    assert_eq!(table.on(Input::Resume), ["exchange ref-anna-0"]);
}

#[test]
fn a_nudge_counts_while_a_token_is_fetched() {
    let mut table = Table::logged_in("anna");
    table.want();
    assert_eq!(table.on(Input::Nudge), [""; 0]);
    assert_eq!(
        table.exchanged(Err(CallFailure::NoAnswer)),
        ["exchange ref-anna-0"]
    );
    assert_eq!(table.exchanged(Err(CallFailure::NoAnswer)), [""; 0]);
}

#[test]
fn answers_that_come_twice_are_dropped() {
    let mut table = Table::new(seed(SeedStanding::Nobody));
    table.login("anna");
    table.granted("anna", 1);
    table.stored(true);
    assert_eq!(table.granted("anna", 9), [""; 0]);
    assert_eq!(table.exchanged(Err(auth())), [""; 0]);
    assert_eq!(table.stored(true), [""; 0]);
    assert_eq!(table.want(), ["token acc-anna-1"]);
}

#[test]
fn each_login_is_answered_by_its_user() {
    let mut table = Table::new(seed(SeedStanding::Nobody));
    let mut login = |name: &str| {
        let identity = Secret::new(name);
        let user = user(name);
        table.machine.handle(now(), Input::Login { user, identity });
        std::iter::from_fn(|| table.machine.poll())
            .filter(|output| matches!(output, Output::Login { .. }))
            .collect::<Vec<_>>()
    };
    assert_eq!(login("anna"), []);
    let overtaken = Output::Login {
        user: user("anna"),
        outcome: LoginOutcome::Overtaken,
    };
    assert_eq!(login("bella"), [overtaken]);
}
