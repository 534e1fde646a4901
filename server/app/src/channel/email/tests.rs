use super::*;

#[test]
fn each_app_has_a_key_of_its_own_that_stays() {
    let [shop, bank] = ["shop", "bank"].map(|name| AppId::parse(name).unwrap());
    assert_eq!(mark_key(&[1; 32], &shop), mark_key(&[1; 32], &shop));
    assert_ne!(mark_key(&[1; 32], &shop), mark_key(&[1; 32], &bank));
    assert_ne!(mark_key(&[1; 32], &shop), mark_key(&[2; 32], &shop));
}

#[test]
fn a_server_that_is_away_is_told_from_one_that_refuses_letters() {
    let code = |code| {
        let code = Some(code);
        Some(vestnik_mail::Said { code, status: None })
    };
    let away = Verdict::Retry {
        reason: Reason::ProviderUnavailable,
        after: None,
    };
    let failing = Some(Sign::Bad(Why::Failing));
    let queued = Verdict::Retry {
        reason: Reason::ProviderTimeout,
        after: None,
    };
    let refused = Verdict::Refused {
        reason: Reason::ConfigProviderAuth,
    };
    for (verdict, said, wanted) in [
        (away, None, failing),
        (away, code(421), failing),
        // It greylists this letter, and may take the next.
        (away, code(450), Some(Sign::Alive)),
        (Verdict::Accepted, code(250), Some(Sign::Alive)),
        (refused, code(535), Some(Sign::Bad(Why::Refusing))),
        // Its time was over before it went.
        (queued, None, None),
        // The server kept others so long that it never went.
        (Verdict::Busy, None, failing),
    ] {
        assert_eq!(
            sign(&Handed { verdict, said }),
            wanted,
            "{verdict:?} {said:?}"
        );
    }
}

const UNPROVEN: Verdict = Verdict::Unproven {
    reason: Reason::ProviderUnproven,
};

/// The registry, push-services 4.7: who helps, and when a letter is tried again.
#[test]
fn every_verdict_has_its_consequence() {
    let minute = Duration::from_secs(60);
    let retry = |reason, after| Outcome::Retry {
        reason,
        after: Some(SignedDuration::from_secs(after)),
    };
    for (verdict, wanted) in [
        (Verdict::Accepted, Outcome::Accepted),
        (
            Verdict::Retry {
                reason: Reason::ProviderUnavailable,
                after: Some(minute),
            },
            retry(Reason::ProviderUnavailable, 60),
        ),
        (
            Verdict::Busy,
            Outcome::Held {
                reason: Reason::ProviderUnavailable,
                after: Some(SignedDuration::from_secs(30)),
            },
        ),
        (
            Verdict::Throttled { after: minute },
            retry(Reason::ProviderThrottled, 60),
        ),
        (
            Verdict::Dead {
                reason: Reason::EmailBounced,
            },
            Outcome::Dead {
                reason: Reason::EmailBounced,
                since: None,
            },
        ),
        (
            Verdict::Rejected {
                reason: Reason::ProviderContentRejected,
            },
            rejected(Reason::ProviderContentRejected),
        ),
        // An operator renews a password; a sender that is not allowed stays so.
        (
            Verdict::Refused {
                reason: Reason::ConfigProviderAuth,
            },
            retry(Reason::ConfigProviderAuth, 300),
        ),
        (
            Verdict::Refused {
                reason: Reason::ConfigSenderNotAllowed,
            },
            rejected(Reason::ConfigSenderNotAllowed),
        ),
        (UNPROVEN, Outcome::Unproven),
    ] {
        assert_eq!(outcome(verdict), wanted, "{verdict:?}");
    }
}
