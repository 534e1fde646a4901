//! Sleep, lost answers and stores that fail at the worst moment.

use super::{logout::pending, *};

#[test]
fn a_logout_is_not_told_while_the_machine_sleeps() {
    let mut table = Table::logged_in("anna");
    table.on(Input::Logout);
    table.on(Input::Flushed);
    table.stored(true);
    table.on(Input::Suspend);
    // The answer to a call from before comes late; what follows it waits.
    assert_eq!(table.granted("anna", 1), ["pending ref-anna-1"]);
    assert_eq!(table.machine.deadline(), None);
    assert_eq!(table.on(Input::Resume), ["exchange ref-anna-1"]);
}

#[test]
fn a_call_whose_answer_is_lost_is_repeated() {
    let mut table = Table::logged_in("anna");
    table.want();
    for _ in 0..3 {
        // The call is given up, and is repeated after a pause.
        assert_eq!(table.step(), [""; 0]);
        assert_eq!(table.step(), ["exchange ref-anna-0"]);
    }
    table.granted("anna", 1);
    assert_eq!(table.stored(true), ["token acc-anna-1"]);
}

#[test]
fn no_number_of_old_logouts_keeps_a_user_from_their_session() {
    let mut table = Table::new(Seed {
        logouts: (1..=9).map(|generation| pending(generation, 3)).collect(),
        generation: Generation::new(10),
        standing: logged_in("anna"),
    });
    assert_eq!(table.want(), ["exchange ref-anna-0"]);
    // One that was never told goes first, once.
    let mut table = Table::new(Seed {
        logouts: vec![pending(1, 0)],
        generation: Generation::new(10),
        standing: logged_in("anna"),
    });
    assert_eq!(table.want(), ["exchange ref-1"]);
    let failed = table.exchanged(Err(CallFailure::NoAnswer));
    assert_eq!(failed, ["tried", "exchange ref-anna-0"]);
    assert_eq!(table.on(Input::Nudge), [""; 0]);
    let failed = table.exchanged(Err(CallFailure::NoAnswer));
    assert_eq!(failed, ["exchange ref-anna-0"]);
}

#[test]
fn a_token_that_nobody_needs_any_more_is_not_asked_for_again() {
    let mut table = Table::logged_in("anna");
    table.want();
    assert_eq!(table.on(Input::DropToken), [""; 0]);
    assert_eq!(table.exchanged(Err(CallFailure::NoAnswer)), [""; 0]);
    assert_eq!(table.machine.deadline(), None);
    assert_eq!(table.machine.trouble(), None);
}

#[test]
fn no_two_sessions_have_the_number_of_one_logout() {
    let seed = |standing| Seed {
        generation: Generation::new(3),
        logouts: vec![pending(5, 0)],
        standing,
    };
    let mut table = Table::new(seed(SeedStanding::Nobody));
    table.login("anna");
    assert!(table.machine.generation() > Generation::new(5));
    // A session that goes on keeps its number, by which the storage knows it.
    let mut table = Table::new(seed(logged_in("anna")));
    assert_eq!(table.machine.generation(), Generation::new(3));
    table.login("bella");
    table.on(Input::Flushed);
    assert!(table.machine.generation() > Generation::new(5));
}

#[test]
fn a_program_that_ended_in_the_middle_of_a_logout_finishes_it() {
    let mut table = Table::new(Seed {
        generation: Generation::new(5),
        logouts: vec![pending(5, 1)],
        standing: logged_in("anna"),
    });
    assert_eq!(table.machine.standing(), Standing::LoggingOut);
    assert_eq!(
        table.step(),
        ["store logout, pending ref-5", "exchange ref-5"]
    );
    assert_eq!(table.stored(true), ["out"]);
    table.granted("anna", 1);
    assert_eq!(table.deleted(Ok(())), ["told"]);
    assert_eq!(table.machine.deadline(), None);
}

#[test]
fn a_login_said_twice_while_the_former_user_leaves_is_one_login() {
    let mut table = Table::logged_in("anna");
    assert_eq!(
        table.login("bella"),
        ["pending ref-anna-0", "leaving", "flush"]
    );
    assert_eq!(table.login("bella"), [""; 0]);
    assert_eq!(table.login("anna"), ["overtaken"]);
    assert_eq!(table.on(Input::Logout), ["overtaken"]);
}

#[test]
fn what_nobody_asked_for_is_not_answered() {
    let mut table = Table::logged_in("anna");
    table.login("anna");
    table.want();
    table.exchanged(Err(auth()));
    assert_eq!(table.stored(true), ["exchange jwt-anna"]);
    // The login by the token in reserve is refused, and no call of the app waits for it.
    assert_eq!(table.exchanged(Err(auth())), [""; 0]);
    assert!(matches!(
        table.machine.standing(),
        Standing::NeedsIdentity { .. }
    ));
}

#[test]
fn a_logout_that_was_told_before_it_was_durable_is_not_kept_as_pending() {
    let mut table = Table::logged_in("anna");
    table.on(Input::Logout);
    table.on(Input::Flushed);
    table.granted("anna", 1);
    assert_eq!(table.stored(false), ["not out Storage"]);
    assert_eq!(table.step(), ["store logout, pending ref-anna-1"]);
    assert_eq!(table.deleted(Ok(())), ["told"]);
    assert_eq!(table.stored(false), ["not out Storage"]);
    assert_eq!(table.step(), ["store logout"]);
}

#[test]
fn a_token_that_expires_while_it_is_made_durable_is_replaced() {
    let mut table = Table::logged_in("anna");
    table.want();
    table.granted("anna", 1);
    table.pass(Duration::from_secs(3_600));
    assert_eq!(table.want(), [""; 0]);
    assert_eq!(table.stored(true), ["exchange ref-anna-1"]);
}

#[test]
fn a_late_answer_of_the_storage_never_makes_another_token_durable() {
    let mut table = Table::logged_in("anna");
    table.want();
    table.granted("anna", 1);
    // The storage stalls: it is asked once more, and then it answers both.
    assert_eq!(table.step(), [""; 0]);
    assert_eq!(table.step(), ["store ref-anna-1"]);
    assert_eq!(table.stored(true), ["token acc-anna-1"]);
    let refused = Some(TokenNumber::new(1));
    table.on(Input::WantToken { refused });
    assert_eq!(table.granted("anna", 2), ["store ref-anna-2"]);
    assert_eq!(table.stored(true), [""; 0]);
    assert_eq!(table.stored(true), ["token acc-anna-2"]);
}

/// After a sleep, for example: the deadline is past, and then the answer is read.
#[test]
fn an_answer_of_the_storage_that_was_given_up_counts_when_it_comes() {
    for is_first_durable in [true, false] {
        let mut table = Table::logged_in("anna");
        table.want();
        table.granted("anna", 1);
        assert_eq!(table.step(), [""; 0]);
        if is_first_durable {
            assert_eq!(table.stored(true), ["token acc-anna-1"]);
        } else {
            assert_eq!(table.stored(false), [""; 0]);
            assert_eq!(table.step(), ["store ref-anna-1"]);
            assert_eq!(table.stored(true), ["token acc-anna-1"]);
        }
        let refused = Some(TokenNumber::new(1));
        table.on(Input::WantToken { refused });
        assert_eq!(table.granted("anna", 2), ["store ref-anna-2"]);
        assert_eq!(table.stored(true), ["token acc-anna-2"]);
    }
}

#[test]
fn a_storage_that_loses_an_answer_is_asked_until_it_gives_one() {
    let mut table = Table::logged_in("anna");
    table.want();
    table.granted("anna", 1);
    table.step();
    table.step();
    assert_eq!(table.stored(true), ["token acc-anna-1"]);
    let refused = Some(TokenNumber::new(1));
    table.on(Input::WantToken { refused });
    table.granted("anna", 2);
    // It is taken for the answer that was lost.
    assert_eq!(table.stored(true), [""; 0]);
    table.step();
    assert_eq!(table.step(), ["store ref-anna-2"]);
    assert_eq!(table.stored(true), ["token acc-anna-2"]);
}
