//! Mailings to phones that FCM and `RuStore` reach, while FCM is down and after its addresses died: all are
//! reached by one of the two, and none by both.

use std::{collections::BTreeMap, fmt, time::Duration};

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, json};
use vestnik_clock::{Clock as _, ManualClock};
use vestnik_model::{DeliveryId, NotificationId, UserId, route};
use vestnik_sim::{
    Death, DeviceView, Ending, Fault, Kind, Match, Options, Registration, Rule, Service, When,
};
use vestnik_testkit::{PushStage, clock::instant, name::user, push_stage::address};

use super::{Run, check::Checker, figures::Figures, plan::Plan};
use crate::play::{ENVELOPE_KEY, now};

/// For how long FCM is down.
const OUTAGE: Duration = Duration::from_mins(1);
/// Of so many requests to FCM one is cut after it was taken, before the outage is seen.
const CUT: u64 = 50;

/// What came of the two mailings.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Failover {
    /// While FCM was down.
    down: Mailing,
    /// After its addresses had died.
    dead: Mailing,
    /// How many seconds it took.
    seconds: f64,
    /// Promises that were not kept.
    broken: Vec<String>,
}

/// What came of a mailing.
#[derive(Debug, Clone, Default, Serialize)]
struct Mailing {
    deliveries: usize,
    by_fcm: usize,
    by_rustore: usize,
    /// Those that FCM may have had: nothing else was tried.
    unproven: usize,
    /// Those that FCM got though it had refused each of their tries before.
    waited: usize,
}

impl Failover {
    pub(crate) const fn holds(&self) -> bool {
        self.broken.is_empty()
    }
}

/// Sends to so many phones twice.
///
/// # Errors
/// When something could not be carried out; a promise that is broken stands in the figures.
pub(crate) async fn run(sends: usize, seed: u64) -> anyhow::Result<Failover> {
    let began = instant();
    let clock = ManualClock::new(now()?, seed);
    let run = Run {
        stage: PushStage::start(clock, Options::default()).await?,
        plan: Plan::new(sends, seed),
        phones: BTreeMap::new(),
        registered: 0,
        checker: Checker::default(),
        figures: Figures::new(seed),
        seen: 0,
    };
    let mut people = People {
        run,
        fcm: BTreeMap::new(),
        broken: Vec::new(),
    };
    people.come(sends).await?;
    let down = people.while_fcm_is_down().await?;
    let dead = people.after_fcm_addresses_died().await?;
    people.run.stage.stop().await?;
    Ok(Failover {
        down,
        dead,
        seconds: began.elapsed().as_secs_f64(),
        broken: people.broken,
    })
}

/// Everyone has a phone with two addresses; the run has the second one.
struct People {
    run: Run,
    fcm: BTreeMap<UserId, DeviceView>,
    broken: Vec<String>,
}

impl People {
    async fn come(&mut self, count: usize) -> anyhow::Result<()> {
        for number in 0..count {
            let name = user(&format!("user-{number}"));
            let stage = &self.run.stage;
            let fcm = stage
                .simulator
                .register(Registration::new(Kind::FcmToken))?;
            let rustore = stage.simulator.register(Registration::new(Kind::Rustore))?;
            let addresses = json!([address(&rustore)?, address(&fcm)?]);
            let said = json!({"push_addresses": addresses, "envelope_key": ENVELOPE_KEY});
            stage.reports(&name, &said).await?;
            self.fcm.insert(name.clone(), fcm);
            self.run.phones.insert(name, rustore);
        }
        self.run.stage.clock.advance(Duration::from_secs(1));
        Ok(())
    }

    async fn while_fcm_is_down(&mut self) -> anyhow::Result<Mailing> {
        let until = self.run.stage.clock.now().checked_add(OUTAGE)?;
        let of_fcm = Match {
            service: Some(Service::Fcm),
            until: Some(until),
            ..Match::default()
        };
        let cut = Rule {
            matching: Match {
                every: Some(CUT),
                ..of_fcm.clone()
            },
            fault: Fault::Reset {
                when: When::AfterAcceptance,
            },
        };
        let down = Rule {
            matching: of_fcm,
            fault: Fault::Status {
                code: 503,
                reason: None,
                field: None,
                retry_after: None,
            },
        };
        self.run.stage.simulator.set_faults(vec![cut, down])?;
        let mailing = self.mail().await?;
        // A connection that is cut makes all unproven that are on it, however many a machine sends at a time.
        if mailing.waited > 0 {
            let waited = format!("{} waited for the service that is down", mailing.waited);
            self.broken.push(waited);
        }
        Ok(mailing)
    }

    async fn after_fcm_addresses_died(&mut self) -> anyhow::Result<Mailing> {
        // Until nothing that the outage left behind holds any more.
        self.run.stage.clock.advance(Duration::from_hours(1));
        let simulator = &self.run.stage.simulator;
        simulator.set_faults(Vec::new())?;
        let death = Death {
            at: self.run.stage.clock.now(),
            ending: Ending::Unregistered,
        };
        for phone in self.fcm.values() {
            simulator.kill(&phone.id, death)?;
        }
        self.run.stage.clock.advance(Duration::from_secs(1));
        let mailing = self.mail().await?;
        if mailing.by_rustore < mailing.deliveries {
            let few = format!("{} went by a service that is dead", mailing.by_fcm);
            self.broken.push(few);
        }
        Ok(mailing)
    }

    /// Sends to everyone, and looks at what their phones got.
    async fn mail(&mut self) -> anyhow::Result<Mailing> {
        let before = self.counts();
        let notifications = self.run.publish().await?;
        self.run.pass(&notifications).await?;
        let after = self.counts();
        let got = |phone: &DeviceView| {
            after.get(&phone.id).copied().unwrap_or_default()
                - before.get(&phone.id).copied().unwrap_or_default()
        };
        let mut mailing = Mailing::default();
        let unproven = self.unproven(&notifications).await?;
        for (name, fcm) in &self.fcm {
            let rustore = self.run.phones.get(name).context("it has both")?;
            mailing.deliveries += 1;
            let is_unproven = unproven.contains_key(name);
            mailing.unproven += usize::from(is_unproven);
            match (got(fcm), got(rustore)) {
                (0, 1) => mailing.by_rustore += 1,
                (_, 0) if is_unproven => mailing.by_fcm += 1,
                (1, 0) => {
                    mailing.by_fcm += 1;
                    mailing.waited += 1;
                }
                (first, second) => self
                    .broken
                    .push(format!("{name}: {first} by FCM and {second} by RuStore")),
            }
        }
        self.explains(&notifications, mailing.by_rustore > 0)
            .await?;
        Ok(mailing)
    }

    /// How many messages each phone has got.
    fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for event in self.run.stage.simulator.events(0) {
            if event.fate == vestnik_sim::Fate::Delivered {
                *counts.entry(event.device).or_default() += 1;
            }
        }
        counts
    }

    /// Of whose deliveries a try has no known outcome.
    async fn unproven(
        &self,
        notifications: &[NotificationId],
    ) -> anyhow::Result<BTreeMap<UserId, DeliveryId>> {
        let mut unproven = BTreeMap::new();
        for id in notifications {
            for delivery in self.run.deliveries(*id).await? {
                let attempts = self.run.stage.attempts(delivery.id).await?;
                if attempts.iter().any(|attempt| attempt.unproven > 0) {
                    unproven.insert(delivery.user, delivery.id);
                }
            }
        }
        Ok(unproven)
    }

    /// Insists that somebody who asks is told why the second service was used.
    async fn explains(
        &mut self,
        notifications: &[NotificationId],
        is_used: bool,
    ) -> anyhow::Result<()> {
        let last = notifications.last().context("there is one")?;
        for delivery in self.run.deliveries(*last).await? {
            let attempts = self.run.stage.attempts(delivery.id).await?;
            let by_both = attempts.len() == 2;
            if !is_used || !by_both {
                continue;
            }
            let path = route::with(route::EXPLAIN_DELIVERY, &delivery.id.to_string());
            let told: Value = self.run.stage.server.backend.get(&path).await?;
            let statements = told["statements"].as_array().context("it is a list")?;
            let is_told = |channel: &str, field: &str| {
                let mut said = statements.iter();
                said.any(|it| it["channel"] == channel && !it[field].is_null())
            };
            if !is_told("fcm", "reason") || !is_told("rustore", "tries") {
                self.broken
                    .push(format!("explained without both services: {told}"));
            }
            break;
        }
        Ok(())
    }
}

impl fmt::Display for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, mailing) in [
            ("FCM down", &self.down),
            ("FCM's addresses dead", &self.dead),
        ] {
            let Mailing {
                deliveries,
                by_fcm,
                by_rustore,
                unproven,
                waited: _,
            } = mailing;
            writeln!(
                f,
                "{name}: {deliveries} deliveries, {by_fcm} by FCM, {by_rustore} by RuStore, \
                 {unproven} with an unproven try"
            )?;
        }
        for broken in self.broken.iter().take(20) {
            writeln!(f, "  BROKEN: {broken}")?;
        }
        let verdict = if self.holds() { "holds" } else { "BROKEN" };
        write!(f, "failover in {:.0} s: {verdict}", self.seconds)
    }
}
