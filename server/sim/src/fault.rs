//! Faults by rule: which requests are throttled, refused, cut off or slowed down.
//!
//! A rule matches requests by service and device, and picks of them by count or by chance. Chance is
//! decided by the seed, the device and how many requests for the device the rule has seen, so a run has
//! the same faults whichever requests of other devices come between.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{device::Ending, service::Service};

/// The most rules at a time.
pub(crate) const MOST_RULES: usize = 100;

/// For how many devices a rule counts their requests.
const MOST_DEVICES: usize = 100_000;

/// A rule. The first rule that picks a request decides about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which requests.
    #[serde(rename = "match", default)]
    pub matching: Match,
    /// What happens to them.
    pub fault: Fault,
}

/// Which requests a rule picks. What is absent is no condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// Requests to this service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// Requests for this device, `dev_1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Requests from this time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Requests before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Of those: only this one, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Of those: each one whose number is a multiple.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// Of those: so many of a hundred, by chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// The seed of chance.
    #[serde(default)]
    pub seed: u64,
    /// No more than this many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 429 in the service's words.
    Throttle {
        /// `Retry-After`, in seconds; absent, the header is absent.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// An error in the service's shape.
    Status {
        /// The HTTP status, from 400 to 599, or 200 for an error of Huawei's that comes with it.
        code: u16,
        /// The service's word for it, Huawei's code; absent, the usual one for the status. A word that FCM's
        /// own registry does not have is one of Google's front end, without an FCM error code.
        #[serde(default)]
        reason: Option<String>,
        /// FCM: the field that the answer names, `message.token`. Huawei, version 3: the word for what is
        /// wrong with the token, `noRight`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// `Retry-After`, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The connection is cut after the request was read.
    Reset {
        /// Whether the service has accepted the message before.
        when: When,
    },
    /// The request is answered, and the connection takes no further ones (HTTP/2: `GOAWAY`).
    Goaway,
    /// The answer comes late, after the request was worked on.
    Slow {
        /// By how many milliseconds, at most 600,000.
        ms: u64,
    },
    /// The address of the device is dead from a time on.
    DeadAt {
        /// From when.
        time: Timestamp,
        /// How it ended.
        #[serde(default)]
        ending: Ending,
    },
    /// The device gets the message twice.
    Duplicate,
}

/// What a rule says of the answer beside its status.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked<'a> {
    pub(crate) reason: Option<&'a str>,
    pub(crate) field: Option<&'a str>,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
}

/// When a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// The message is lost.
    BeforeAcceptance,
    /// The message is delivered, and the sender cannot know.
    AfterAcceptance,
}

/// Why rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// There are too many.
    #[error("there may be at most {MOST_RULES} rules")]
    TooMany,
    /// A number is out of its range.
    #[error("rule {index}: {what}")]
    Number {
        /// Which rule, counted from 0.
        index: usize,
        /// What must hold.
        what: &'static str,
    },
}

/// A rule and how often it has applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleView {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// How many requests its conditions were true of.
    pub matched: u64,
    /// How many of those it picked.
    pub applied: u64,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Active>,
}

#[derive(Debug)]
struct Active {
    rule: Rule,
    matched: u64,
    applied: u64,
    /// How many requests matched, by device.
    by_device: BTreeMap<String, u64>,
}

impl Faults {
    /// Puts rules in the place of those in force; the counts begin anew.
    pub(crate) fn set(&mut self, rules: Vec<Rule>) -> Result<(), RuleError> {
        if rules.len() > MOST_RULES {
            return Err(RuleError::TooMany);
        }
        for (index, rule) in rules.iter().enumerate() {
            check(rule).map_err(|what| RuleError::Number { index, what })?;
        }
        let active = |rule| Active {
            rule,
            matched: 0,
            applied: 0,
            by_device: BTreeMap::new(),
        };
        self.rules = rules.into_iter().map(active).collect();
        Ok(())
    }

    pub(crate) fn view(&self) -> Vec<RuleView> {
        let view = |active: &Active| RuleView {
            rule: active.rule.clone(),
            matched: active.matched,
            applied: active.applied,
        };
        self.rules.iter().map(view).collect()
    }

    /// What happens to a request, if a rule picks it. The number of the rule comes with it.
    pub(crate) fn decide(
        &mut self,
        service: Service,
        device: Option<&str>,
        now: Timestamp,
    ) -> Option<(usize, Fault)> {
        let mut rules = self.rules.iter_mut().enumerate();
        rules.find_map(|(index, active)| {
            let picked = active.picks(service, device, now);
            picked.then(|| (index, active.rule.fault.clone()))
        })
    }
}

impl Active {
    fn picks(&mut self, service: Service, device: Option<&str>, now: Timestamp) -> bool {
        let when = &self.rule.matching;
        let is_of = when.service.is_none_or(|only| only == service)
            && when
                .device
                .as_deref()
                .is_none_or(|only| device == Some(only))
            && when.from.is_none_or(|from| from <= now)
            && when.until.is_none_or(|until| now < until);
        if !is_of {
            return false;
        }
        self.matched += 1;
        let number = self.matched;
        let chosen = when.nth.is_none_or(|nth| nth == number)
            && when.every.is_none_or(|every| number.is_multiple_of(every))
            && when.times.is_none_or(|times| self.applied < times);
        let percent = when.percent;
        let seed = when.seed;
        let picked = chosen && percent.is_none_or(|percent| self.by_chance(percent, seed, device));
        self.applied += u64::from(picked);
        picked
    }

    fn by_chance(&mut self, percent: u8, seed: u64, device: Option<&str>) -> bool {
        let device = device.unwrap_or_default();
        if self.by_device.len() >= MOST_DEVICES {
            // More devices than a simulator holds: most of them are gone, and chance begins anew.
            self.by_device.clear();
        }
        let count = self.by_device.entry(device.to_owned()).or_default();
        *count += 1;
        let start = mix(seed ^ mix(*count));
        let drawn = device
            .bytes()
            .fold(start, |state, byte| mix(state ^ u64::from(byte)));
        drawn % 100 < u64::from(percent)
    }
}

fn check(rule: &Rule) -> Result<(), &'static str> {
    let when = &rule.matching;
    if when.nth == Some(0) || when.every == Some(0) {
        return Err("nth and every are at least 1");
    }
    if when.percent.is_some_and(|percent| percent > 100) {
        return Err("percent is at most 100");
    }
    match &rule.fault {
        // Huawei answers that a part was taken with 200.
        Fault::Status { code, .. } if *code != 200 && !(400..600).contains(code) => {
            Err("code is 200 or from 400 to 599")
        }
        Fault::Status { reason, field, .. } if [reason, field].into_iter().any(is_long) => {
            Err("reason and field have at most 100 bytes")
        }
        Fault::Slow { ms } if *ms > 600_000 => Err("ms is at most 600000"),
        Fault::Throttle { .. }
        | Fault::Status { .. }
        | Fault::Reset { .. }
        | Fault::Goaway
        | Fault::Slow { .. }
        | Fault::DeadAt { .. }
        | Fault::Duplicate => Ok(()),
    }
}

fn is_long(text: &Option<String>) -> bool {
    text.as_ref().is_some_and(|text| text.len() > 100)
}

/// One step of `SplitMix64` (Steele, Lea, Flood 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn faults(rules: &str) -> Faults {
        let mut faults = Faults::default();
        faults.set(serde_json::from_str(rules).unwrap()).unwrap();
        faults
    }

    /// Which of the first requests for a device a rule picks.
    fn picked(faults: &mut Faults, device: &str, requests: u64) -> Vec<u64> {
        let is_picked = |_: &u64| faults.decide(Service::Fcm, Some(device), NOW).is_some();
        (1..=requests).filter(is_picked).collect()
    }

    #[test]
    fn requests_are_picked_by_count() {
        let mut nth = faults(r#"[{"match": {"nth": 3}, "fault": "goaway"}]"#);
        assert_eq!(picked(&mut nth, "dev_1", 9), [3]);
        let mut every = faults(r#"[{"match": {"every": 3, "times": 2}, "fault": "goaway"}]"#);
        assert_eq!(picked(&mut every, "dev_1", 12), [3, 6]);
        let view = every.view();
        assert_eq!((view[0].matched, view[0].applied), (12, 2));
    }

    #[test]
    fn requests_are_matched_by_service_device_and_time() {
        let rules = r#"[{"match": {"service": "apns", "device": "dev_2",
            "from": "1970-01-01T00:01:00Z", "until": "1970-01-01T00:02:00Z"},
            "fault": {"reset": {"when": "after_acceptance"}}}]"#;
        let mut faults = faults(rules);
        let at = |seconds| NOW + SignedDuration::from_secs(seconds);
        let expected = Fault::Reset {
            when: When::AfterAcceptance,
        };
        let decided = faults.decide(Service::Apns, Some("dev_2"), at(60));
        assert_eq!(decided, Some((0, expected)));
        for (service, device, seconds) in [
            (Service::Fcm, Some("dev_2"), 60),
            (Service::Apns, Some("dev_1"), 60),
            (Service::Apns, None, 60),
            (Service::Apns, Some("dev_2"), 59),
            (Service::Apns, Some("dev_2"), 120),
        ] {
            assert_eq!(faults.decide(service, device, at(seconds)), None);
        }
    }

    #[test]
    fn chance_follows_from_the_seed_and_the_device_alone() {
        let rules = r#"[{"match": {"percent": 30, "seed": 7}, "fault": "duplicate"}]"#;
        let (mut alone, mut mixed) = (faults(rules), faults(rules));
        let expected = picked(&mut alone, "dev_1", 1_000);
        assert!((250..350).contains(&expected.len()), "{}", expected.len());
        let mut found = Vec::new();
        for request in 1..=1_000 {
            picked(&mut mixed, "dev_2", request % 3);
            found.extend(picked(&mut mixed, "dev_1", 1).iter().map(|_| request));
        }
        assert_eq!(found, expected);
        let mut other = faults(&rules.replace('7', "8"));
        assert_ne!(picked(&mut other, "dev_1", 1_000), expected);
        let mut none = faults(&rules.replace("30", "0"));
        assert!(picked(&mut none, "dev_1", 1_000).is_empty());
        let mut all = faults(&rules.replace("30", "100"));
        assert_eq!(picked(&mut all, "dev_1", 1_000).len(), 1_000);
    }

    #[test]
    fn the_first_rule_that_picks_decides() {
        let mut faults = faults(
            r#"[{"match": {"every": 2}, "fault": {"throttle": {"retry_after": 3}}},
                {"fault": {"status": {"code": 503}}}]"#,
        );
        let mut decide = || faults.decide(Service::Fcm, None, NOW).map(|(rule, _)| rule);
        assert_eq!([decide(), decide(), decide()], [Some(1), Some(0), Some(1)]);
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        for bad in [
            r#"[{"match": {"nth": 0}, "fault": "goaway"}]"#,
            r#"[{"match": {"percent": 101}, "fault": "goaway"}]"#,
            r#"[{"fault": {"status": {"code": 201}}}]"#,
            r#"[{"fault": {"slow": {"ms": 600001}}}]"#,
        ] {
            let rules = serde_json::from_str(bad).unwrap();
            assert!(Faults::default().set(rules).is_err(), "{bad}");
        }
        for bad in [
            r#"[{"fault": "flood"}]"#,
            r#"[{"match": {"nht": 1}, "fault": "goaway"}]"#,
        ] {
            assert!(serde_json::from_str::<Vec<Rule>>(bad).is_err(), "{bad}");
        }
    }
}
