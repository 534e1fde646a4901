//! Whom an audience would reach now.

use std::collections::BTreeSet;

use rusqlite::Connection;
use vestnik_model::{InstallationId, TopicName, UserId};
use vestnik_rules::{
    audience::{Members, Position},
    reach::Reach,
    schedule::Known,
};
use vestnik_store::audiences::{ReachOutcome, ReachQuery};

use super::{
    app,
    calendar::zone_seen_last,
    findings::{Owner, devices_of},
    present, topic, user, user_attribute,
};
use crate::sql::statements;

statements! {
    SUBSCRIBERS = "SELECT u.id FROM subscription s CROSS JOIN user u ON u.row = s.user
         WHERE s.topic = ?1 AND s.user > ?2 AND u.id IS NOT NULL ORDER BY s.user LIMIT ?3";
}

pub(crate) fn of(db: &Connection, asked: &ReachQuery) -> Result<ReachOutcome, rusqlite::Error> {
    let mut unknown = Vec::new();
    for name in asked.plan.topics() {
        if topic::find(db, &asked.app, &name)?.is_none() {
            unknown.push(name);
        }
    }
    if !unknown.is_empty() {
        return Ok(ReachOutcome::UnknownTopics(unknown));
    }
    let users = users(db, asked)?;
    let is_exact = users.len() <= asked.limit as usize;
    let mut reach = Reach::default();
    let (mailing, app_default) = (asked.mailing(), app::zone(db, &asked.app)?);
    for user in users.iter().take(asked.limit as usize) {
        let owner = Owner {
            app: &asked.app,
            user,
            now: asked.now,
        };
        reach.add(asked.devices, &devices_of(db, &owner)?);
        let head = user::find(db, &asked.app, user)?;
        let attributes = head.map(|head| user_attribute::get(db, head.row));
        let known = Known {
            installation: zone_seen_last(db, &asked.app, user)?,
            attributes: attributes.transpose()?.unwrap_or_default(),
            app_default: app_default.clone(),
            is_critical: asked.is_critical,
        };
        reach.add_time(&mailing, &known.recipient(), asked.now);
    }
    Ok(ReachOutcome::Reach { reach, is_exact })
}

/// The recipients, or one more than the limit of them.
fn users(db: &Connection, asked: &ReachQuery) -> Result<BTreeSet<UserId>, rusqlite::Error> {
    let mut users = BTreeSet::new();
    let mut position = Position::START;
    while let Some(source) = asked.plan.source(position) {
        match source.members {
            Members::Users(listed) => {
                let listed = listed.into_iter().map(|listed| listed.user);
                users.extend(listed.filter(|user| !asked.plan.excludes(user)));
            }
            Members::Topic(name) => subscribers(db, asked, &name, &mut users)?,
            Members::Installations(ids) => owners(db, asked, &ids, &mut users)?,
        }
        if users.len() > asked.limit as usize {
            break;
        }
        position = source.position.end();
    }
    Ok(users)
}

/// As many subscribers as may be new: those who are there already or excluded are no more than that.
fn subscribers(
    db: &Connection,
    asked: &ReachQuery,
    name: &TopicName,
    users: &mut BTreeSet<UserId>,
) -> Result<(), rusqlite::Error> {
    let Some(topic) = topic::find(db, &asked.app, name)? else {
        return Ok(());
    };
    let mut statement = db.prepare_cached(SUBSCRIBERS)?;
    let mut rows = statement.query((topic.row, i64::MIN, i64::MAX))?;
    while users.len() <= asked.limit as usize
        && let Some(row) = rows.next()?
    {
        let id = row.get_ref(0)?.as_str()?;
        let user = UserId::parse(id).ok();
        users.extend(user.filter(|user| !asked.plan.excludes(user)));
    }
    Ok(())
}

fn owners(
    db: &Connection,
    asked: &ReachQuery,
    ids: &[InstallationId],
    users: &mut BTreeSet<UserId>,
) -> Result<(), rusqlite::Error> {
    for id in ids {
        let owner = present::owner(db, &asked.app, *id)?;
        users.extend(owner.filter(|user| !asked.plan.excludes(user)));
    }
    Ok(())
}
