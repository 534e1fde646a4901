//! Logouts that the server has not confirmed.

use super::*;

pub(super) fn pending(generation: u64, tries: u32) -> PendingLogout {
    PendingLogout {
        generation: Generation::new(generation),
        refresh: Secret::new(format!("ref-{generation}")),
        tries,
    }
}

/// The first logouts of a device, none of which was tried.
fn all_pending(count: u64) -> Vec<PendingLogout> {
    (1..=count)
        .map(|generation| pending(generation, 0))
        .collect()
}

/// Nobody is logged in, and the server was told so often in vain that Anna is not.
fn nobody_after_anna(tries: u32) -> Table {
    Table::new(Seed {
        logouts: vec![PendingLogout {
            refresh: Secret::new("ref-anna-0"),
            ..pending(3, tries)
        }],
        ..seed(SeedStanding::Nobody)
    })
}

#[test]
fn an_offline_logout_is_told_while_the_app_runs() {
    let mut table = Table::logged_in("anna");
    table.on(Input::Logout);
    table.on(Input::Flushed);
    assert_eq!(table.stored(true), ["out"]);
    for _ in 0..20 {
        assert_eq!(table.exchanged(Err(CallFailure::NoAnswer)), ["tried"]);
        assert_eq!(table.step(), ["exchange ref-anna-0"]);
    }
    table.granted("anna", 1);
    // A portal's answer confirms nothing, and the next token is needed then.
    assert_eq!(table.deleted(Err(portal())), ["tried"]);
    assert_eq!(table.on(Input::Nudge), ["exchange ref-anna-1"]);
    table.granted("anna", 2);
    assert_eq!(table.deleted(Ok(())), ["told"]);
    assert_eq!(table.machine.deadline(), None);
}

/// The app was installed anew: the session belongs to the installation that was removed with it.
#[test]
fn a_session_of_an_installation_that_is_gone_is_ended_without_its_secret() {
    let mut table = nobody_after_anna(0);
    assert_eq!(table.step(), ["exchange ref-anna-0"]);
    assert_eq!(
        table.exchanged(Err(problem(ProblemCode::AuthSecretMismatch))),
        ["tried", "exchange former ref-anna-0"]
    );
    let former = Grant {
        installation: Some(InstallationId::from_uuid(uuid::Uuid::from_u128(7))),
        ..grant("anna", 1)
    };
    assert_eq!(
        table.exchanged(Ok(former)),
        [
            "pending ref-anna-1",
            "delete ins_00000000000000000000000000000007 by acc-anna-1"
        ]
    );
    assert_eq!(table.deleted(Err(CallFailure::NoAnswer)), ["tried"]);
    assert_eq!(table.step(), ["exchange former ref-anna-1"]);
    // Refused once more, there is nothing that could be tried.
    assert_eq!(
        table.exchanged(Err(problem(ProblemCode::AuthSecretMismatch))),
        ["told"]
    );
    assert_eq!(table.machine.deadline(), None);
}

#[test]
fn a_logout_told_late_never_harms_the_next_login() {
    let mut table = nobody_after_anna(4);
    assert_eq!(table.step(), ["exchange ref-anna-0"]);
    assert_eq!(table.login("bella"), [""; 0]);
    let told = table.granted("anna", 1);
    assert_eq!(told, ["pending ref-anna-1", "delete by acc-anna-1"]);
    assert_eq!(
        table.deleted(Err(CallFailure::NoAnswer))[1],
        "exchange jwt-bella"
    );
    table.granted("bella", 1);
    assert_eq!(table.stored(true)[1], "in");
    // The logout is told later, by its own token, and its refusal confirms it.
    assert_eq!(table.step(), ["exchange ref-anna-1"]);
    assert_eq!(table.exchanged(Err(auth())), ["told"]);
    let user = user("bella");
    assert_eq!(table.machine.standing(), Standing::LoggedIn { user });
}

#[test]
fn a_login_that_was_given_up_and_granted_is_logged_out() {
    let mut table = Table::new(seed(SeedStanding::Nobody));
    table.login("anna");
    assert_eq!(
        table.on(Input::Logout),
        ["overtaken", "ended", "store logout"]
    );
    assert_eq!(table.stored(true), ["out"]);
    assert_eq!(
        table.granted("anna", 1),
        ["pending ref-anna-1", "exchange ref-anna-1"]
    );
}

#[test]
fn a_full_disk_delays_a_logout_and_brings_nobody_back() {
    let mut table = Table::logged_in("anna");
    table.on(Input::Logout);
    table.on(Input::Flushed);
    assert_eq!(table.stored(false), ["not out Storage"]);
    assert_eq!(table.machine.standing(), Standing::LoggingOut);
    assert_eq!(
        table.machine.trouble().map(|(trouble, _)| trouble),
        Some(Trouble::Storage)
    );
    assert_eq!(table.step(), ["store logout, pending ref-anna-0"]);
    assert_eq!(table.stored(true), ["out"]);
}

#[test]
fn logouts_that_are_too_many_are_dropped_from_the_store_too() {
    let seed = Seed {
        logouts: all_pending(40),
        ..seed(SeedStanding::Nobody)
    };
    let mut machine = Session::new(seed, Pace::default());
    let done = |generation| {
        Output::Note(LogoutNote::Done {
            generation: Generation::new(generation),
        })
    };
    let dropped: Vec<_> = std::iter::from_fn(|| machine.poll()).collect();
    assert_eq!(dropped, (1..=8).map(done).collect::<Vec<_>>());
}

#[test]
fn a_logout_that_is_dropped_on_its_way_does_not_come_back() {
    let mut table = Table::new(Seed {
        generation: Generation::new(99),
        logouts: all_pending(32),
        ..seed(logged_in("anna"))
    });
    assert_eq!(table.on(Input::Tick), ["exchange ref-1"]);
    table.on(Input::Logout);
    let outputs = table.on(Input::Flushed);
    assert_eq!(
        outputs,
        ["told", "ended", "store logout, pending ref-anna-0"]
    );
    // The server is told all the same, but the store is left alone.
    assert_eq!(table.granted("anna", 1), ["delete by acc-anna-1"]);
    assert_eq!(
        table.deleted(Err(CallFailure::NoAnswer)),
        ["exchange ref-2"]
    );
}
