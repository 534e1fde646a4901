//! What came of the mailing: who got what, and how often.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use vestnik_model::{
    Channel, DeliveryStatus, NotificationId, Open, Reason, UserId, route,
    view::{AttemptView, DeliveryView, List, NotificationView},
};
use vestnik_testkit::{post_office::Taken, wait::approached};

use super::{
    people::{Has, Person},
    reader::Reading,
    stage::Stage,
};
use crate::tally::Tally;

/// How long after the acceptance of a letter a kill can come before the commit that says so, in
/// milliseconds: the SMTP server's pause, the wait for other answers, a slow commit on a slow machine.
const BEFORE_COMMIT: i64 = 5_000;
/// How much later than the kill this process may have been told of a letter, in milliseconds.
const TOLD_LATE: i64 = 1_000;
/// How many requests are under way at a time.
const AT_ONCE: usize = 8;

/// What must not happen.
pub(super) const ZEROS: [&str; 10] = [
    "people without what was sent",
    "failures without their reason",
    "letters to the wrong people",
    "repetitions without a kill",
    "repetitions not counted as unproven",
    "repetitions with another Message-ID",
    "deliveries that are not sent",
    "counters that are wrong",
    "mailings not ended as SENT",
    "files damaged",
];

/// Compares what the peers took with what the server says.
pub(super) async fn judge(
    stage: &Stage,
    id: NotificationId,
    (people, kills): (&[Person], &[i64]),
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let letters = stage.office.letters().borrow().clone();
    tally.count("people", people.len() as u64);
    tally.count("letters", letters.len() as u64);
    let deliveries = deliveries(stage, id).await?;
    let attempts = attempts(stage, &deliveries).await?;
    for person in people {
        let taken: Vec<_> = letters
            .iter()
            .filter(|letter| letter.recipients.contains(&person.address))
            .collect();
        let of = attempts.get(&person.user);
        let of = of.map(Vec::as_slice).unwrap_or_default();
        judge_letters(person, &taken, (of, kills), tally);
        judge_pushes(stage, person, of, tally);
    }
    for delivery in &deliveries {
        if delivery.status != DeliveryStatus::Sent {
            let said = format!("{} is {}", delivery.user, delivery.status.as_str());
            tally.fault("deliveries that are not sent", said);
        }
    }
    let view = counted(stage, id, people).await?;
    let letters = people.iter().filter(|person| person.gets_letter()).count() as u64;
    let (counts, wanted) = (view.counts, people.len() as u64);
    let by_channel = (sent_by(&view, Channel::Email), sent_by(&view, Channel::Fcm));
    if by_channel != (letters, wanted - letters) {
        tally.fault("counters that are wrong", format!("{by_channel:?}"));
    }
    if (counts.sent, counts.total(), deliveries.len() as u64) != (wanted, wanted, wanted) {
        tally.fault("counters that are wrong", format!("{counts:?}"));
    }
    if view.legacy_status != "SENT" {
        tally.fault("mailings not ended as SENT", view.legacy_status);
    }
    Ok(())
}

/// The mailing once every letter is counted: the commit that says so comes after the letter. If that does not
/// come, the mailing as it is.
async fn counted(
    stage: &Stage,
    id: NotificationId,
    people: &[Person],
) -> anyhow::Result<NotificationView> {
    let letters = people.iter().filter(|person| person.gets_letter()).count() as u64;
    let waited = approached("the letters that are counted", async || {
        let view = stage.fixture.backend.notification(id).await?;
        let counted = sent_by(&view, Channel::Email);
        Ok((counted, counted == letters))
    });
    drop(waited.await);
    stage.fixture.backend.notification(id).await
}

/// How many deliveries were handed over by a channel last.
fn sent_by(view: &NotificationView, channel: Channel) -> u64 {
    let counts = view.counts_by_channel.get(&Open::Known(channel));
    counts.map_or(0, |counts| counts.sent)
}

/// What phones whose keys were lost have read.
pub(super) fn judge_readings(readings: &[Reading], people: &[Person], tally: &mut Tally) {
    tally.count("decrypt failures", readings.len() as u64);
    for reading in readings {
        let mut of = people.iter().filter(|person| person.user == reading.user);
        let is_read_wanted = of.any(|person| person.has == Has::NewKey);
        tally.count("pushes sent anew", u64::from(reading.is_read));
        if reading.is_read != is_read_wanted {
            let name = reading.user.to_string();
            tally.fault("people without what was sent", name);
        }
    }
}

/// The letters of one person.
fn judge_letters(
    person: &Person,
    taken: &[&Taken],
    (attempts, kills): (&[AttemptView], &[i64]),
    tally: &mut Tally,
) {
    let name = || person.user.to_string();
    if !person.gets_letter() {
        if !taken.is_empty() {
            tally.fault("letters to the wrong people", name());
        }
        return;
    }
    let Some((first, again)) = taken.split_first() else {
        return tally.fault("people without what was sent", name());
    };
    let unproven = unproven(attempts, Channel::Email);
    tally.count("repeated letters", again.len() as u64);
    tally.count("unproven letters", unproven);
    if again.len() as u64 > unproven {
        tally.fault("repetitions not counted as unproven", name());
    }
    if again.iter().any(|one| one.message_id != first.message_id) {
        tally.fault("repetitions with another Message-ID", name());
    }
    // Each letter but the last was accepted before a kill that hid the acceptance.
    for hidden in &taken[..again.len()] {
        let hides =
            |kill: &&i64| (hidden.at - TOLD_LATE..=hidden.at + BEFORE_COMMIT).contains(*kill);
        if !kills.iter().any(|kill| hides(&kill)) {
            tally.fault("repetitions without a kill", name());
        }
    }
}

/// The pushes of one person.
fn judge_pushes(stage: &Stage, person: &Person, attempts: &[AttemptView], tally: &mut Tally) {
    let Some(phone) = person.phone.as_ref().filter(|_| person.pushes() > 0) else {
        return;
    };
    let undecrypted = |one: &AttemptView| {
        let reason = one.reason.as_ref();
        reason.is_some_and(|reason| *reason == Reason::DecryptUnknownKey)
    };
    if (person.has == Has::NoKey) != attempts.iter().any(undecrypted) {
        tally.fault("failures without their reason", person.user.to_string());
    }
    let received = stage.simulator.received(phone).len() as u64;
    let unproven = unproven(attempts, Channel::Fcm);
    tally.count("pushes", received);
    tally.count("unproven pushes", unproven);
    if received == 0 {
        tally.fault("people without what was sent", person.user.to_string());
    }
    if received > person.pushes() + unproven {
        let name = person.user.to_string();
        tally.fault("repetitions not counted as unproven", name);
    }
}

/// Of how many tries over a channel nobody knows whether they were taken.
fn unproven(attempts: &[AttemptView], channel: Channel) -> u64 {
    let of = attempts.iter().filter(|one| one.channel == channel);
    of.map(|one| u64::from(one.unproven)).sum()
}

async fn deliveries(stage: &Stage, id: NotificationId) -> anyhow::Result<Vec<DeliveryView>> {
    let path = route::with(route::DELIVERIES, &id.to_string());
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let behind = cursor.map(|cursor| format!("&cursor={cursor}"));
        let path = format!("{path}?limit=100{}", behind.unwrap_or_default());
        let page: List<DeliveryView> = stage.fixture.backend.get(&path).await?;
        all.extend(page.data);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

async fn attempts(
    stage: &Stage,
    deliveries: &[DeliveryView],
) -> anyhow::Result<BTreeMap<UserId, Vec<AttemptView>>> {
    let asking = deliveries.iter().map(|delivery| async move {
        let path = route::with(route::ATTEMPTS, &delivery.id.to_string());
        let list: List<AttemptView> = stage.fixture.backend.get(&path).await?;
        anyhow::Ok((delivery.user.clone(), list.data))
    });
    let asking = stream::iter(asking).buffer_unordered(AT_ONCE);
    asking.try_collect().await
}
