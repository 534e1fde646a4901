//! Whom an audience would reach now.

use rusqlite::Connection;
use vestnik_model::{AppId, AudienceId, Channel, TopicName, UserId};
use vestnik_rules::{
    audience::{Members, Naming, Plan, Position},
    consent::unwanted,
    contact::{ContactHash, ContactKey},
    device::Wanted,
    explain::Address,
    reach::{Reach, Recipients},
    schedule::Known,
};
use vestnik_store::audiences::{ReachOutcome, ReachQuery};

use super::{
    app, audience,
    audience_line::{self, Value, Window},
    calendar::zone_seen_last,
    contact,
    findings::{Owner, at_gateway, devices_of, gateways, mailbox, providers},
    present, topic, user,
    user_attribute::{self, Wishes},
};
use crate::{sql::statements, value::Unreadable};

statements! {
    SUBSCRIBERS = "SELECT u.id, u.opt_out FROM subscription s CROSS JOIN user u ON u.row = s.user
         WHERE s.topic = ?1 AND s.user > ?2 AND u.id IS NOT NULL ORDER BY s.user LIMIT ?3";
}

pub(crate) fn of(
    db: &Connection,
    asked: &ReachQuery,
    key: &ContactKey,
    unreadable: &Unreadable,
) -> Result<ReachOutcome, rusqlite::Error> {
    let plan = Plan::of(&asked.app, &asked.audience, key);
    if let Some(refused) = refused(db, &asked.app, &plan)? {
        return Ok(refused);
    }
    let recipients = recipients(db, asked, &plan, unreadable)?;
    let is_exact = recipients.is_exact(asked.limit);
    let (mut reach, wanted) = (Reach::default(), Wanted::of(&asked.audience));
    let (mailing, app_default) = (asked.mailing(), app::zone(db, &asked.app)?);
    let (limit, providers) = (asked.limit as usize, providers(db, &asked.app)?);
    let backend = Address::backend(providers.contains(&Channel::Webhook));
    let gateways = gateways(db, &asked.app)?;
    let unwilling = recipients.unwilling().take(limit);
    unwilling.for_each(|_| reach.add_opted_out());
    for (user, only) in recipients.iter().take(limit) {
        let head = user::find(db, &asked.app, user)?;
        let wishes = head.map(|head| user_attribute::get(db, head.row));
        let Wishes {
            attributes,
            opt_outs,
        } = wishes.transpose()?.unwrap_or_default();
        if unwanted(&opt_outs.known, asked.category.as_ref()).is_some() {
            reach.add_opted_out();
            continue;
        }
        let owner = Owner {
            app: &asked.app,
            user,
            now: asked.now,
        };
        let mut devices = devices_of(db, (&owner, &providers))?;
        devices.retain(|device| only.is_none_or(|only| only.contains(&device.installation)));
        let mailbox = match &head {
            Some(head) => mailbox(db, &providers, head.row)?,
            None => None,
        };
        let mut outside: Vec<_> = mailbox.into_iter().chain([backend]).collect();
        if let Some(head) = &head {
            for (name, _) in &gateways {
                outside.extend(at_gateway(db, &gateways, head.row, *name)?);
            }
        }
        reach.add(&wanted, &devices, &outside);
        let known = Known {
            installation: zone_seen_last(db, &asked.app, user)?,
            attributes,
            app_default: app_default.clone(),
            is_critical: asked.is_critical,
            opt_out: None,
        };
        reach.add_time(&mailing, &known.recipient(), asked.now);
    }
    Ok(ReachOutcome::Reach { reach, is_exact })
}

/// What the audience names that cannot be sent to, if there is anything.
fn refused(
    db: &Connection,
    app: &AppId,
    plan: &Plan,
) -> Result<Option<ReachOutcome>, rusqlite::Error> {
    let mut unknown = Vec::new();
    for name in plan.topics() {
        if topic::find(db, app, &name)?.is_none() {
            unknown.push(name);
        }
    }
    if !unknown.is_empty() {
        return Ok(Some(ReachOutcome::UnknownTopics(unknown)));
    }
    let unusable = audience::unusable(db, app, plan)?;
    Ok((!unusable.is_empty()).then_some(ReachOutcome::UnusableAudiences(unusable)))
}

/// The recipients, or one more than the limit of them.
fn recipients<'a>(
    db: &Connection,
    asked: &ReachQuery,
    plan: &'a Plan,
    unreadable: &Unreadable,
) -> Result<Recipients<'a>, rusqlite::Error> {
    let mut recipients = Recipients::of(plan);
    let mut position = Position::START;
    while let Some(source) = plan.source(position) {
        match source.members {
            Members::Users(listed) => {
                let users = listed.into_iter().map(|listed| listed.user);
                users.for_each(|user| recipients.add(user));
            }
            Members::Topic(name) => subscribers(db, asked, &name, &mut recipients)?,
            Members::Contacts(hashes) => {
                with_address(db, asked, (&hashes, unreadable), &mut recipients)?;
            }
            Members::Installations(ids) => {
                for id in ids {
                    if let Some(user) = present::owner(db, &asked.app, id)? {
                        recipients.add_installation(user, id);
                    }
                }
            }
            Members::Uploaded(id, naming) => {
                uploaded(db, asked, (id, naming, unreadable), &mut recipients)?;
            }
        }
        if recipients.count() > asked.limit as usize {
            break;
        }
        position = source.position.end();
    }
    Ok(recipients)
}

/// As many users with one of the addresses as may be new. One whose name cannot be read is nobody, and not
/// the end.
fn with_address(
    db: &Connection,
    asked: &ReachQuery,
    (hashes, unreadable): (&[ContactHash], &Unreadable),
    recipients: &mut Recipients<'_>,
) -> Result<(), rusqlite::Error> {
    let mut next = Some(i64::MIN);
    let window = asked.limit.saturating_add(1);
    while recipients.count() <= asked.limit as usize
        && let Some(after) = next
    {
        let users = contact::users(db, &asked.app, hashes, (after, window), unreadable)?;
        let is_end = users.len() < window as usize;
        next = users.last_key_value().map(|(last, _)| *last);
        next = next.filter(|_| !is_end);
        users
            .into_values()
            .flatten()
            .for_each(|user| recipients.add(user));
    }
    Ok(())
}

/// As many of those whom an uploaded audience names in one way as may be new.
fn uploaded(
    db: &Connection,
    asked: &ReachQuery,
    (id, naming, unreadable): (AudienceId, Naming, &Unreadable),
    recipients: &mut Recipients<'_>,
) -> Result<(), rusqlite::Error> {
    let Some(found) = audience::find(db, &asked.app, id)? else {
        return Ok(());
    };
    let limit = asked.limit.saturating_add(1);
    let mut after = Some(i64::MIN);
    while recipients.count() <= asked.limit as usize
        && let Some(behind) = after
    {
        let window = Window {
            audience: found.row,
            after: behind,
            limit,
        };
        let Some(is_installation) = Value::is_installation(naming) else {
            let users = audience_line::users(db, window, unreadable)?;
            after = next(&users, limit);
            for (_, user) in users {
                if !recipients.may_read_line() {
                    return Ok(());
                }
                user.into_iter().for_each(|user| recipients.add(user));
            }
            continue;
        };
        let values = audience_line::values(db, is_installation, window)?;
        after = next(&values, limit);
        for (_, value) in values {
            if !recipients.may_read_line() {
                return Ok(());
            }
            match value {
                Some(Value::Contact(hash)) => {
                    with_address(db, asked, (&[hash], unreadable), recipients)?;
                }
                Some(Value::Installation(id)) => {
                    if let Some(user) = present::owner(db, &asked.app, id)? {
                        recipients.add_installation(user, id);
                    }
                }
                None => {}
            }
        }
    }
    Ok(())
}

/// Behind which key a walk goes on that has read so many.
fn next<T>(read: &[(i64, T)], limit: u32) -> Option<i64> {
    let last = read.last().map(|(key, _)| *key);
    last.filter(|_| read.len() == limit as usize)
}

/// As many subscribers as may be new: those who are there already or excluded are no more than that.
fn subscribers(
    db: &Connection,
    asked: &ReachQuery,
    name: &TopicName,
    recipients: &mut Recipients<'_>,
) -> Result<(), rusqlite::Error> {
    let Some(topic) = topic::find(db, &asked.app, name)? else {
        return Ok(());
    };
    let mut statement = db.prepare_cached(SUBSCRIBERS)?;
    let mut rows = statement.query((topic.row, i64::MIN, i64::MAX))?;
    while recipients.count() <= asked.limit as usize
        && let Some(row) = rows.next()?
    {
        let Ok(user) = UserId::parse(row.get_ref(0)?.as_str()?) else {
            continue;
        };
        if user_attribute::opt_outs(row, 1)?
            .known
            .topics
            .contains(name)
        {
            recipients.add_unwilling(user);
        } else {
            recipients.add(user);
        }
    }
    Ok(())
}
