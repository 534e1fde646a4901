//! What must hold of the requests of a round and of what became of its deliveries; pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{DeliveryStatus, Reason};
use vestnik_sim::Service;

/// A request as a service saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) at: Timestamp,
    pub(super) service: Service,
    pub(super) device: String,
    pub(super) answer: Answer,
}

/// What a service answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It took the push.
    Taken,
    /// It cut the connection; it may have taken the push.
    Cut,
    /// It wants to be left alone.
    Busy {
        /// For how many seconds.
        seconds: Option<i64>,
        /// With everything, and not with this phone only.
        altogether: bool,
    },
    /// The address is dead.
    Gone,
    /// Anything else.
    Other,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) device: String,
    pub(super) status: DeliveryStatus,
    pub(super) reason: Option<Reason>,
    /// How many of its tries have no known outcome.
    pub(super) unproven: u32,
}

/// Checks round after round: a pause that a service asked for outlasts a round.
#[derive(Debug, Default)]
pub(super) struct Checker {
    /// Since when a service is to be left alone, and until when.
    services: BTreeMap<Service, (Timestamp, Timestamp)>,
    /// Until when a phone is to be left alone.
    devices: BTreeMap<String, Timestamp>,
}

impl Checker {
    /// What is wrong in a round, in words.
    pub(super) fn round(&mut self, requests: &[Request], ended: &[Ended]) -> Vec<String> {
        let mut wrong = Vec::new();
        for one in ended {
            let own: Vec<_> = requests
                .iter()
                .filter(|request| request.device == one.device)
                .collect();
            wrong.extend(ending(one, &own));
        }
        wrong.extend(self.pauses(requests, ended));
        wrong
    }

    /// Requests that came before a service allowed.
    fn pauses(&mut self, requests: &[Request], ended: &[Ended]) -> Vec<String> {
        let mut wrong = Vec::new();
        for request in requests {
            let Request {
                at,
                service,
                device,
                answer,
            } = request;
            let of_device = self.devices.get(device).filter(|until| *at < **until);
            // What was begun at the instant of the answer knew nothing of it.
            let of_service = self.services.get(service);
            let of_service = of_service.filter(|(from, until)| from < at && at < until);
            let of_service = of_service.map(|(_, until)| until);
            if let Some(until) = of_device.or(of_service) {
                wrong.push(format!("{device}: asked at {at}, allowed from {until}"));
            }
            let Answer::Busy {
                seconds: Some(seconds),
                altogether,
            } = *answer
            else {
                continue;
            };
            if !was_heard(device, requests, ended) {
                continue;
            }
            let until = *at + SignedDuration::from_secs(seconds);
            self.devices.insert(device.clone(), until);
            let known = self.services.get(service);
            if altogether && known.is_none_or(|(_, known)| *known < until) {
                self.services.insert(*service, (*at, until));
            }
        }
        wrong
    }
}

/// Whether the answers to a phone's pushes are known to have reached the server: a connection that is cut
/// takes the answers of others with it.
fn was_heard(device: &str, requests: &[Request], ended: &[Ended]) -> bool {
    let one = ended.iter().find(|one| one.device == device);
    let cut = requests
        .iter()
        .filter(|request| request.device == device && request.answer == Answer::Cut);
    one.is_some_and(|one| usize::try_from(one.unproven).is_ok_and(|count| count == cut.count()))
}

/// What is wrong with a delivery.
fn ending(one: &Ended, own: &[&Request]) -> Vec<String> {
    let Ended {
        device,
        status,
        reason,
        unproven,
    } = one;
    let count = |answer| own.iter().filter(|one| one.answer == answer).count();
    let taken = count(Answer::Taken);
    let unknown = usize::try_from(*unproven).unwrap_or(usize::MAX);
    let mut wrong = Vec::new();
    // A connection that is cut takes the answers of others with it: each is an unproven try.
    if taken > 1 + unknown.saturating_sub(count(Answer::Cut)) {
        wrong.push(format!("{device}: taken {taken} times, unproven {unknown}"));
    }
    if count(Answer::Cut) > unknown {
        wrong.push(format!("{device}: a cut that was not counted as unproven"));
    }
    let last = own.last().map(|request| request.answer);
    let is_explained = match status {
        DeliveryStatus::Sent => last == Some(Answer::Taken),
        DeliveryStatus::Undelivered => {
            *reason == Some(Reason::TokenDead) && last == Some(Answer::Gone)
        }
        DeliveryStatus::Scheduled
        | DeliveryStatus::Pending
        | DeliveryStatus::Delivered
        | DeliveryStatus::Read
        | DeliveryStatus::Suppressed
        | DeliveryStatus::Failed
        | DeliveryStatus::Expired
        | DeliveryStatus::Cancelled => false,
    };
    if !is_explained {
        let reason = reason.map_or("-", Reason::as_str);
        let status = status.as_str();
        wrong.push(format!("{device}: {status} {reason} after {last:?}"));
    }
    wrong
}

/// Requests to a service that is down beyond one at an instant, after the first one, which opens the
/// breaker.
pub(super) fn beside_probes(requests: &[Request], service: Service, until: Timestamp) -> usize {
    let of_service = requests.iter().filter(|one| one.service == service);
    let mut instants: BTreeMap<Timestamp, usize> = BTreeMap::new();
    for request in of_service.filter(|one| one.at < until) {
        *instants.entry(request.at).or_default() += 1;
    }
    let later = instants.into_values().skip(1);
    later.map(|count| count.saturating_sub(1)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn request(seconds: i64, device: &str, answer: Answer) -> Request {
        Request {
            at: at(seconds),
            service: Service::Fcm,
            device: device.to_owned(),
            answer,
        }
    }

    fn sent(device: &str, unproven: u32) -> Ended {
        Ended {
            device: device.to_owned(),
            status: DeliveryStatus::Sent,
            reason: None,
            unproven,
        }
    }

    fn busy(seconds: i64, altogether: bool) -> Answer {
        Answer::Busy {
            seconds: Some(seconds),
            altogether,
        }
    }

    fn wrong(requests: &[Request], ended: &[Ended]) -> usize {
        Checker::default().round(requests, ended).len()
    }

    #[test]
    fn a_push_is_taken_once_unless_nobody_can_know() {
        use Answer::{Cut, Taken};
        let once = [request(0, "a", Taken)];
        assert_eq!(wrong(&once, &[sent("a", 0)]), 0);
        let twice = [request(0, "a", Taken), request(1, "a", Taken)];
        assert_eq!(wrong(&twice, &[sent("a", 0)]), 1);
        assert_eq!(wrong(&twice, &[sent("a", 1)]), 0);
        let cut = [request(0, "a", Cut), request(1, "a", Taken)];
        assert_eq!(wrong(&cut, &[sent("a", 1)]), 0);
        assert_eq!(wrong(&cut, &[sent("a", 0)]), 1);
    }

    #[test]
    fn every_end_is_explained_by_the_last_answer() {
        let lost = |reason| Ended {
            status: DeliveryStatus::Undelivered,
            reason: Some(reason),
            ..sent("a", 0)
        };
        let gone = [request(0, "a", Answer::Gone)];
        assert_eq!(wrong(&gone, &[lost(Reason::TokenDead)]), 0);
        assert_eq!(wrong(&gone, &[lost(Reason::ProviderInternal)]), 1);
        assert_eq!(wrong(&gone, &[sent("a", 0)]), 1);
        assert_eq!(wrong(&[request(0, "a", Answer::Other)], &[sent("a", 0)]), 1);
        assert_eq!(wrong(&[], &[sent("a", 0)]), 1);
    }

    #[test]
    fn pauses_of_a_phone_and_of_a_service_are_kept() {
        use Answer::Taken;
        let early = [request(0, "a", busy(20, false)), request(19, "a", Taken)];
        let timely = [request(0, "a", busy(20, false)), request(20, "a", Taken)];
        assert_eq!(wrong(&early, &[sent("a", 0)]), 1);
        assert_eq!(wrong(&timely, &[sent("a", 0)]), 0);
        let both = [sent("a", 0), sent("b", 0)];
        let other = |altogether| {
            [
                request(0, "a", busy(20, altogether)),
                request(19, "b", Taken),
                request(20, "a", Taken),
            ]
        };
        assert_eq!(wrong(&other(false), &both), 0);
        assert_eq!(wrong(&other(true), &both), 1);
    }

    #[test]
    fn a_breaker_lets_one_through_at_a_time() {
        let requests = [0, 0, 0, 5, 5, 9].map(|at| request(at, "a", Answer::Other));
        assert_eq!(beside_probes(&requests, Service::Fcm, at(90)), 1);
        assert_eq!(beside_probes(&requests, Service::Apns, at(90)), 0);
    }
}
