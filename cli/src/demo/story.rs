//! What happens in the demo, scene by scene.

use console::style;
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};
use vestnik_model::{
    AudienceRequest, Counts, Explanation, NotificationId, PublishRequest, PushAddress,
    PushAddressKind, TrafficType, UserId,
    contract::StatusChange,
    publish::{ContentRequest, Goal, StepChannel, StepRequest},
    route,
    view::{InstallationView, NotificationView},
};

use super::{
    device::{Device, PATIENCE},
    outside::LOOK,
    post_office::Letter,
    summary::Summary,
    world::{VERAS_ADDRESS, World},
};
use crate::{
    exit::Failure,
    output::{Output, status_style},
};

/// The statuses an order goes through; each is a notification.
const STAGES: [(&str, &str); 4] = [
    ("accepted", "The kitchen has it 🧾"),
    ("cooking", "It smells good already 🍲"),
    ("on its way", "The courier is 8 minutes away 🚲"),
    ("at your door", "Enjoy your meal 🥡"),
];
/// The number of the first order.
const FIRST_ORDER: u32 = 8_812;

/// Tells the story and counts what came of it.
pub(crate) async fn tell(world: &World, orders: u32, output: &Output) -> Result<Summary, Failure> {
    let mut story = Story {
        world,
        output,
        published: Vec::new(),
        to_anna: 0,
        to_boris: 0,
        withdrawn: 0,
        replayed: 0,
        pushed: 0,
        readable: 0,
        letters: 0,
    };
    story.first_order().await?;
    story
        .live_orders(FIRST_ORDER + 1..FIRST_ORDER + orders - 1)
        .await?;
    story.announcement("We open at noon tomorrow").await?;
    story
        .tunnel(FIRST_ORDER + orders - 1..=FIRST_ORDER + orders)
        .await?;
    story.pocket(FIRST_ORDER + orders + 1).await?;
    story.letter(FIRST_ORDER + orders + 2).await?;
    story.boris_reads_everything().await?;
    story.settle().await
}

struct Story<'a> {
    world: &'a World,
    output: &'a Output,
    published: Vec<NotificationId>,
    /// How many notifications each of Anna's devices should have.
    to_anna: usize,
    to_boris: usize,
    withdrawn: u64,
    /// How many the laptop caught up on.
    replayed: usize,
    /// How many reached a phone that slept.
    pushed: u64,
    /// How many requests a push service could read.
    readable: u64,
    /// How many letters took the place of a push.
    letters: u64,
}

impl Story<'_> {
    /// One notification in slow motion: its timeline as the courier sees it.
    async fn first_order(&mut self) -> Result<(), Failure> {
        self.scene("A courier tells Anna about her order; she has a phone and a laptop");
        let id = self.stage(&self.world.anna.clone(), FIRST_ORDER, 0).await?;
        let mut timeline = self.world.courier.watch(id, None).await?;
        self.all_have_shown().await?;
        self.world.phone.client.mark_read(vec![id]).await?;
        while let Some(change) = timeline.next().await {
            let change = change?;
            self.output.note(&timeline_words(&change));
            if change.counts.read == 1 {
                break;
            }
        }
        self.withdrawn += 1;
        self.world.laptop.has_withdrawn(self.withdrawn).await?;
        self.say("She read it on the phone: the laptop takes its toast back");
        for stage in 1..STAGES.len() {
            self.stage(&self.world.anna.clone(), FIRST_ORDER, stage)
                .await?;
        }
        self.all_have_shown().await
    }

    async fn live_orders(&mut self, orders: std::ops::Range<u32>) -> Result<(), Failure> {
        let count = orders.len() * STAGES.len();
        self.scene(&format!(
            "{} more orders, {count} notifications, live",
            orders.len()
        ));
        let bar = self.output.progress(count as u64, "publishing");
        for order in orders {
            let user = if order % 2 == 0 {
                &self.world.anna
            } else {
                &self.world.boris
            }
            .clone();
            for stage in 0..STAGES.len() {
                self.stage(&user, order, stage).await?;
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        self.all_have_shown().await?;
        self.say("Every device has shown what is for it");
        Ok(())
    }

    async fn announcement(&mut self, title: &str) -> Result<(), Failure> {
        self.scene("An announcement to everyone subscribed to a topic");
        let to = AudienceRequest {
            topics: vec![self.world.topic.clone()],
            ..Default::default()
        };
        self.publish(to, title.to_owned(), "See you there 👋")
            .await?;
        self.to_anna += 1;
        self.to_boris += 1;
        self.all_have_shown().await
    }

    /// The laptop is away while more is published, and catches up.
    async fn tunnel(&mut self, orders: std::ops::RangeInclusive<u32>) -> Result<(), Failure> {
        self.scene("Anna's laptop rides into a tunnel: its line is cut while more is published");
        let before = self.world.laptop.tally().shows.len();
        self.world.tunnel.cut();
        for order in orders {
            for stage in 0..STAGES.len() {
                self.stage(&self.world.anna.clone(), order, stage).await?;
            }
        }
        self.world.phone.has_shown(self.to_anna).await?;
        let missed = self.to_anna - self.world.laptop.tally().shows.len();
        self.say(&format!(
            "The phone has them all; the laptop misses {missed} (it had {before})"
        ));
        self.replayed += missed;
        self.world.tunnel.mend();
        self.world.laptop.client.network_changed();
        self.all_have_shown().await?;
        self.say(&format!(
            "Out of the tunnel: the laptop caught up on {missed}, each shown once"
        ));
        Ok(())
    }

    /// A phone without a connection is reached through a push service, which can read nothing.
    async fn pocket(&mut self, order: u32) -> Result<(), Failure> {
        self.scene("Boris's phone sleeps in his pocket: only a push service can reach it");
        let World {
            outside,
            boris_phone,
            boris,
            ..
        } = self.world;
        let phone = outside.phone()?;
        let token = phone.token.clone().unwrap_or_default();
        let address = PushAddress::new(PushAddressKind::FcmToken, token);
        boris_phone.client.set_push_address(address).await?;
        self.knows_address(boris_phone).await?;
        boris_phone.client.go_offline();
        self.stage(boris, order, 0).await?;
        let push = outside.push(&phone).await?;
        boris_phone.client.handle_push(push).await?;
        boris_phone.has_shown(self.to_boris).await?;
        self.pushed += 1;
        self.readable += outside.readable(&title(order, 0));
        self.say("The push woke it: the toast is there, and the service saw an envelope only");
        boris_phone.client.go_online();
        boris_phone.is_online().await?;
        self.say("Online again, it gets the same by the connection, and shows it no second time");
        Ok(())
    }

    /// A person without a device is reached at once by the next step of the cascade.
    async fn letter(&mut self, order: u32) -> Result<(), Failure> {
        self.scene("Vera has no device yet: the same cascade goes on to her mailbox");
        let World {
            outside,
            courier,
            api,
            vera,
            ..
        } = self.world;
        let step = |channel, within_seconds| StepRequest {
            channel,
            wait_for: Some(Goal::Handed),
            within_seconds,
            on_unproven: None,
        };
        let request = PublishRequest {
            to: only(vera),
            notification: content(title(order, 0), STAGES[0].1),
            steps: Some(vec![
                step(StepChannel::Push, Some(60)),
                step(StepChannel::Email, None),
            ]),
            ..PublishRequest::default()
        };
        let id = courier.publish(&request).await?.id;
        let letters = outside.letters(VERAS_ADDRESS).await?;
        let is_it = |letter: &&Letter| letter.subject == title(order, 0);
        self.letters = letters.iter().filter(is_it).count() as u64;
        self.say("The letter is there. The courier asks what became of the order:");
        self.is_sent(id).await?;
        let path = route::with(route::EXPLAIN, &id.to_string());
        let told: Explanation = api.get_by(&path, &[("user", vera.as_str())]).await?;
        for statement in told.statements {
            self.output.note(&format!("    {}", statement.text));
        }
        Ok(())
    }

    /// Waits until the server knows where and for which key a device is pushed to.
    async fn knows_address(&self, device: &Device) -> Result<(), Failure> {
        let installation = device.client.installation().to_string();
        let path = route::with(route::INSTALLATION, &installation);
        let what = format!("{} is known with its address and its key", device.name);
        self.asked(&path, &what, |view: &InstallationView| {
            let state = view.state.as_ref();
            state.is_some_and(|state| {
                !state.push_addresses.is_empty() && state.envelope_key.is_some()
            })
        })
        .await
    }

    /// Waits until the server knows that a mail server took a notification's only letter.
    async fn is_sent(&self, id: NotificationId) -> Result<(), Failure> {
        let path = route::with(route::NOTIFICATION, &id.to_string());
        let what = "the letter is known to be taken";
        self.asked(&path, what, |view: &NotificationView| view.counts.sent == 1)
            .await
    }

    /// Asks the server again and again until it is so.
    async fn asked<T: DeserializeOwned>(
        &self,
        path: &str,
        what: &str,
        is_so: impl Fn(&T) -> bool,
    ) -> Result<(), Failure> {
        let asking = async {
            while !is_so(&self.world.api.get(path).await?) {
                sleep(LOOK).await;
            }
            Ok(())
        };
        timeout(PATIENCE, asking).await.unwrap_or_else(|_| {
            let text = format!("it is not so in {PATIENCE:?}: {what}");
            Err(Failure::Outcome(text))
        })
    }

    async fn boris_reads_everything(&self) -> Result<(), Failure> {
        let read = self.world.boris_phone.client.mark_all_read(None).await?;
        self.scene(&format!("Boris reads all {read} of his"));
        Ok(())
    }

    /// Waits until every receipt is with the server, and counts.
    async fn settle(self) -> Result<Summary, Failure> {
        for device in self.world.devices() {
            device.client.flush().await?;
        }
        let mut summary = Summary {
            published: self.published.len() as u64,
            withdrawn: self.withdrawn,
            replayed: self.replayed as u64,
            pushed: self.pushed,
            readable: self.readable,
            letters: self.letters,
            devices: self.world.devices().len() as u64,
            ..Summary::default()
        };
        for id in &self.published {
            let path = route::with(route::NOTIFICATION, &id.to_string());
            let view: NotificationView = self.world.api.get(&path).await?;
            let Counts {
                delivered, read, ..
            } = view.counts;
            summary.deliveries += view.counts.total();
            summary.delivered += delivered + read;
            summary.read += read;
        }
        self.check_devices(&mut summary).await?;
        Ok(summary)
    }

    /// What each device should have, against what it has and what it showed.
    async fn check_devices(&self, summary: &mut Summary) -> Result<(), Failure> {
        let World {
            phone,
            laptop,
            boris_phone,
            ..
        } = self.world;
        for (device, expected) in [
            (phone, self.to_anna),
            (laptop, self.to_anna),
            (boris_phone, self.to_boris),
        ] {
            let has = device.history_len().await?;
            summary.lost += expected.saturating_sub(has) as u64;
            let shows = device.tally().shows;
            summary.shown_twice += shows.values().filter(|count| **count > 1).count() as u64;
        }
        Ok(())
    }

    async fn stage(
        &mut self,
        user: &UserId,
        order: u32,
        stage: usize,
    ) -> Result<NotificationId, Failure> {
        let text = STAGES[stage].1;
        if *user == self.world.anna {
            self.to_anna += 1;
        } else {
            self.to_boris += 1;
        }
        self.publish(only(user), title(order, stage), text).await
    }

    async fn publish(
        &mut self,
        to: AudienceRequest,
        title: String,
        body: &str,
    ) -> Result<NotificationId, Failure> {
        let request = PublishRequest {
            to,
            notification: content(title, body),
            ..PublishRequest::default()
        };
        let published = self.world.courier.publish(&request).await?;
        self.published.push(published.id);
        Ok(published.id)
    }

    async fn all_have_shown(&self) -> Result<(), Failure> {
        self.world.phone.has_shown(self.to_anna).await?;
        self.world.laptop.has_shown(self.to_anna).await?;
        self.world.boris_phone.has_shown(self.to_boris).await
    }

    fn scene(&self, text: &str) {
        self.output.note(&format!("\n{}", style(text).bold()));
    }

    fn say(&self, text: &str) {
        self.output
            .note(&format!("  {} {text}", style("✓").green()));
    }
}

fn only(user: &UserId) -> AudienceRequest {
    AudienceRequest {
        users: vec![user.clone()],
        ..AudienceRequest::default()
    }
}

fn content(title: String, body: &str) -> ContentRequest {
    ContentRequest {
        title,
        body: body.to_owned(),
        traffic_type: TrafficType::Service,
        ..ContentRequest::default()
    }
}

fn title(order: u32, stage: usize) -> String {
    let status = STAGES[stage].0;
    format!("Order {order} is {status}")
}

fn timeline_words(change: &StatusChange) -> String {
    let Counts {
        pending,
        sent,
        delivered,
        read,
        ..
    } = change.counts;
    let reached = match (pending, sent, delivered, read) {
        (_, _, _, 1..) => "read",
        (_, _, 1.., _) => "delivered",
        (_, 1.., _, _) => "sent",
        _ => "accepted",
    };
    let time = style(change.at.strftime("%H:%M:%S%.3f")).dim();
    format!("  {time}  {}", status_style(reached).apply_to(reached))
}
