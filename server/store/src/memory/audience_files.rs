//! Uploaded audiences.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestnik_model::{
    AppId, AudienceFile, AudienceFileState, AudienceId, InstallationId, UserId,
    audience_file::LineProblemPage,
};
use vestnik_rules::{
    audience::{Naming, Plan},
    audience_file::{Line, Recipient, Standing, State, has_room, kept, may_append},
    contact::ContactHash,
    work::{Stage, WorkKind},
};

use super::{
    MemoryStore,
    contacts::{contacts_of, hash_of, with_contact},
    row::{Target, UploadKey, UploadRow, UserKey},
    txn::Txn,
    world::World,
};
use crate::{
    Answer, AudienceFiles, PageQuery,
    audience_files::{
        Append, AppendOutcome, CreateOutcome, DeleteOutcome, NewAudience, Unusable, Upload,
    },
};

impl AudienceFiles for MemoryStore {
    fn create_audience(&self, new: NewAudience) -> Answer<'_, CreateOutcome> {
        self.write(new.now, move |txn| Ok(create(&mut txn.world, new)))
    }

    fn audience(&self, app: AppId, id: AudienceId) -> Answer<'_, Option<AudienceFile>> {
        self.read(move |world| world.uploads.get(&key_of(world, &app, id)?)?.view())
    }

    fn audiences(&self, app: AppId) -> Answer<'_, Vec<AudienceFile>> {
        self.read(move |world| {
            let rows = world.uploads.values().rev();
            rows.filter(|row| row.app == app)
                .filter_map(UploadRow::view)
                .collect()
        })
    }

    fn upload(&self, app: AppId, id: AudienceId) -> Answer<'_, Option<Upload>> {
        self.read(move |world| {
            let row = world.uploads.get(&key_of(world, &app, id)?)?;
            Some(Upload {
                audience: row.view()?,
                shape: row.file.shape.clone(),
                state: row.reader.clone(),
            })
        })
    }

    fn append(&self, part: Append) -> Answer<'_, AppendOutcome> {
        self.write(part.now, move |txn| Ok(append(&mut txn.world, &part)))
    }

    fn line_problems(
        &self,
        app: AppId,
        id: AudienceId,
        page: PageQuery<u64>,
    ) -> Answer<'_, Option<LineProblemPage>> {
        self.read(move |world| problems(world, (&app, id), &page))
    }

    fn delete_audience(
        &self,
        app: AppId,
        id: AudienceId,
        now: Timestamp,
    ) -> Answer<'_, DeleteOutcome> {
        self.write(now, move |txn| {
            let Some(key) = key_of(&txn.world, &app, id) else {
                return Ok(DeleteOutcome::Unknown);
            };
            if is_in_use(&txn.world, &app, id) {
                return Ok(DeleteOutcome::InUse);
            }
            leave(txn, key, now);
            Ok(DeleteOutcome::Deleted)
        })
    }
}

/// The key of an App's audience.
pub(super) fn key_of(world: &World, app: &AppId, id: AudienceId) -> Option<UploadKey> {
    let mut rows = world.uploads.iter();
    let found = rows.find(|(_, row)| row.app == *app && row.id == Some(id));
    found.map(|(key, _)| *key)
}

/// The uploaded audiences of a plan to which nothing can be sent.
pub(super) fn unusable(world: &World, app: &AppId, plan: &Plan) -> Vec<Unusable> {
    let unusable = plan.audiences().filter_map(|id| {
        let row = key_of(world, app, id).and_then(|key| world.uploads.get(&key));
        let is_ready = row.is_some_and(|row| row.state == AudienceFileState::Ready);
        let is_known = row.is_some();
        (!is_ready).then_some(Unusable { id, is_known })
    });
    unusable.collect()
}

fn create(world: &mut World, new: NewAudience) -> CreateOutcome {
    let NewAudience {
        app,
        id,
        file,
        expires_at,
        most,
        now,
    } = new;
    let own = world.uploads.values();
    let own = own.filter(|row| row.app == app && row.id.is_some());
    if own.count() >= most as usize {
        return CreateOutcome::TooMany;
    }
    let row = UploadRow {
        app,
        id: Some(id),
        file,
        state: AudienceFileState::Uploading,
        failure: None,
        reader: State::default(),
        good: 0,
        bad: 0,
        duplicates: 0,
        created_at: now,
        ready_at: None,
        expires_at,
    };
    let view = row.view();
    let key = world.next_key();
    world.uploads.insert(key, row);
    view.map_or(CreateOutcome::TooMany, CreateOutcome::Created)
}

fn append(world: &mut World, part: &Append) -> AppendOutcome {
    let key = key_of(world, &part.app, part.id);
    let Some((key, row)) = key.and_then(|key| Some((key, world.uploads.get(&key)?))) else {
        return AppendOutcome::Unknown;
    };
    let standing = Standing {
        state: row.state,
        bytes: row.reader.offset,
    };
    let (is_next, bad) = (may_append(standing, part.from), row.bad);
    let adding = part.read.good.len() as u64;
    let is_full = !has_room(lines(world, &part.app), adding, part.most_lines);
    if is_next && !is_full {
        for problem in kept(bad, &part.read.bad, part.most_problems) {
            let at = (key, problem.line);
            world.line_problems.insert(at, problem.clone());
        }
        let lines = part.read.good.iter();
        let new = lines.filter(|line| add(world, &part.app, key, line));
        let new = new.count() as u64;
        if let Some(row) = world.uploads.get_mut(&key) {
            row.good += new;
            row.duplicates += part.read.good.len() as u64 - new;
            row.bad += part.read.bad.len() as u64;
            row.reader = part.state.clone();
            row.state = part.became;
            row.failure = part.failure;
            row.expires_at = part.expires_at;
            row.ready_at = (part.became == AudienceFileState::Ready).then_some(part.now);
        }
    }
    match world.uploads.get(&key).and_then(UploadRow::view) {
        Some(view) if is_next && is_full => AppendOutcome::Full(view),
        Some(view) if is_next => AppendOutcome::Added(view),
        Some(view) => AppendOutcome::Elsewhere(view),
        None => AppendOutcome::Unknown,
    }
}

/// How many lines that name somebody all audiences of an App have.
fn lines(world: &World, app: &AppId) -> u64 {
    let own = world.uploads.values();
    let own = own.filter(|row| row.app == *app && row.id.is_some());
    own.map(|row| row.good).sum()
}

/// Adds the recipient of a line; tells whether no line before names them.
fn add(world: &mut World, app: &AppId, key: UploadKey, line: &Line) -> bool {
    if let Recipient::User(user) = &line.recipient {
        let user = world.ensure_user(app, user);
        return world.upload_users.insert((key, user), ()).is_none();
    }
    let mut lines = lines_of(world, key);
    if lines.any(|(_, recipient)| *recipient == line.recipient) {
        return false;
    }
    drop(lines);
    let at = (key, line.number);
    world.upload_lines.insert(at, line.recipient.clone());
    true
}

fn problems(
    world: &World,
    (app, id): (&AppId, AudienceId),
    page: &PageQuery<u64>,
) -> Option<LineProblemPage> {
    let key = key_of(world, app, id)?;
    let from = page.after.map_or(0, |after| after.saturating_add(1));
    let kept = world.line_problems.range((key, from)..=(key, u64::MAX));
    let mut data: Vec<_> = kept
        .map(|(_, problem)| problem.clone())
        .take(page.limit as usize + 1)
        .collect();
    let is_more = data.len() > page.limit as usize;
    data.truncate(page.limit as usize);
    let last = data.last().map(|problem| problem.line.to_string());
    Some(LineProblemPage {
        data,
        next_cursor: last.filter(|_| is_more),
        total: world.uploads.get(&key)?.bad,
    })
}

/// Whether a notification is still to be expanded that names an audience.
fn is_in_use(world: &World, app: &AppId, id: AudienceId) -> bool {
    let planned = world.notifications.values();
    let mut planned =
        planned.filter(|row| row.app == *app && row.position.is_some() && !row.is_cancelled);
    planned.any(|row| row.plan.audiences().any(|named| named == id))
}

/// Deletes an audience: its lines are left as work.
fn leave(txn: &mut Txn, key: UploadKey, now: Timestamp) {
    let Some(row) = txn.world.uploads.get_mut(&key) else {
        return;
    };
    row.id = None;
    let app = row.app.clone();
    let kind = WorkKind::DeleteAudience;
    txn.leave_work(&app, Target::Upload(key), Stage { kind, due: now });
}

/// Deletes the audiences whose time is over.
pub(super) fn sweep(txn: &mut Txn, now: Timestamp) {
    let world = &txn.world;
    let expired = world.uploads.iter().filter(|(_, row)| {
        let id = row.id.filter(|_| row.expires_at <= now);
        id.is_some_and(|id| !is_in_use(world, &row.app, id))
    });
    let expired: Vec<_> = expired.map(|(key, _)| *key).collect();
    for key in expired {
        leave(txn, key, now);
    }
}

/// Deletes the next lines of an audience, and the audience after the last. Tells whether more are left.
pub(super) fn delete_part(world: &mut World, key: UploadKey, rows: usize) -> bool {
    let range = (key, UserKey::MIN)..=(key, UserKey::MAX);
    let users: Vec<_> = world
        .upload_users
        .range(range)
        .map(|(at, ())| *at)
        .collect();
    let lines = world.upload_lines.range((key, 0)..=(key, u64::MAX));
    let lines: Vec<_> = lines.map(|(at, _)| *at).collect();
    let problems = world.line_problems.range((key, 0)..=(key, u64::MAX));
    let problems: Vec<_> = problems.map(|(at, _)| *at).collect();
    let is_more = users.len() + lines.len() + problems.len() > rows;
    let mut left = rows;
    let mut next = |count: usize| {
        let part = count.min(left);
        left -= part;
        part
    };
    for at in users.get(..next(users.len())).unwrap_or_default() {
        world.upload_users.remove(at);
    }
    for at in lines.get(..next(lines.len())).unwrap_or_default() {
        world.upload_lines.remove(at);
    }
    for at in problems.get(..next(problems.len())).unwrap_or_default() {
        world.line_problems.remove(at);
    }
    if !is_more {
        world.uploads.remove(&key);
    }
    is_more
}

/// Takes a user who is being erased out of every audience that names them by an address or an
/// installation. An address that somebody else has stays theirs.
pub(super) fn forget(world: &mut World, app: &AppId, (user, name): (UserKey, &UserId)) {
    let hashes = contacts_of(world, app, user);
    let own = hashes.into_iter().filter(|hash| {
        let others = with_contact(world, app, &[*hash]);
        others.iter().all(|other| *other == user)
    });
    let own: BTreeSet<ContactHash> = own.collect();
    let devices: BTreeSet<InstallationId> = world.sessions_of(app, name).into_keys().collect();
    let of_app: BTreeSet<UploadKey> = world
        .uploads
        .iter()
        .filter(|(_, row)| row.app == *app)
        .map(|(key, _)| *key)
        .collect();
    world.upload_lines.retain(|(key, _), recipient| {
        let is_theirs = match recipient {
            Recipient::User(_) => false,
            Recipient::Installation(id) => devices.contains(id),
            Recipient::Phone(_) | Recipient::Email(_) => {
                hash_of(app, recipient).is_some_and(|hash| own.contains(&hash))
            }
        };
        !(of_app.contains(key) && is_theirs)
    });
}

fn lines_of(world: &World, key: UploadKey) -> impl Iterator<Item = (u64, &Recipient)> {
    let lines = world.upload_lines.range((key, 0)..=(key, u64::MAX));
    lines.map(|((_, line), recipient)| (*line, recipient))
}

/// Those whom an audience names in one way, with the key of their place in it. An audience that was deleted
/// since names nobody.
pub(super) fn named(
    world: &World,
    app: &AppId,
    (id, naming): (AudienceId, Naming),
) -> Vec<(i64, Option<UserKey>)> {
    let Some(key) = key_of(world, app, id) else {
        return Vec::new();
    };
    let mut named = Vec::new();
    if naming == Naming::User {
        let range = (key, UserKey::MIN)..=(key, UserKey::MAX);
        let users = world.upload_users.range(range);
        named.extend(users.map(|((_, user), ())| (*user, Some(*user))));
        return named;
    }
    for (line, recipient) in lines_of(world, key) {
        let place = i64::try_from(line).unwrap_or(i64::MAX);
        match (naming, recipient) {
            (Naming::Contact, Recipient::Phone(_) | Recipient::Email(_)) => {
                let hash = hash_of(app, recipient);
                let users = hash.map(|hash| with_contact(world, app, &[hash]));
                let users = users.unwrap_or_default();
                if users.is_empty() {
                    named.push((place, None));
                }
                named.extend(users.into_iter().map(|user| (place, Some(user))));
            }
            (Naming::Installation, Recipient::Installation(id)) => {
                let row = world.installations.get(&(app.clone(), *id));
                let owner = row.and_then(|row| world.user_key(app, row.user.as_ref()?));
                named.push((place, owner));
            }
            (Naming::User | Naming::Contact | Naming::Installation, _) => {}
        }
    }
    named
}

/// The installations of a user that a plan names, one by one or by a line.
pub(super) fn only(
    world: &World,
    (app, plan): (&AppId, &Plan),
    user: UserKey,
) -> Vec<InstallationId> {
    let Some(name) = world.name_of(user) else {
        return Vec::new();
    };
    let keys = plan.audiences().filter_map(|id| key_of(world, app, id));
    let keys: Vec<_> = keys.collect();
    let is_uploaded = |id: InstallationId| {
        let mut lines = keys.iter().flat_map(|key| lines_of(world, *key));
        lines.any(|(_, recipient)| *recipient == Recipient::Installation(id))
    };
    let sessions = world.sessions_of(app, name).into_keys();
    sessions
        .filter(|id| plan.names_installation(*id) || is_uploaded(*id))
        .collect()
}

/// The audiences of a plan with a line that names a user.
pub(super) fn naming(
    world: &World,
    (app, plan): (&AppId, &Plan),
    user: UserKey,
) -> Vec<AudienceId> {
    let names = |id: &AudienceId| {
        let ways = [Naming::User, Naming::Contact, Naming::Installation];
        let mut named = ways
            .into_iter()
            .flat_map(|way| named(world, app, (*id, way)));
        named.any(|(_, who)| who == Some(user))
    };
    plan.audiences().filter(names).collect()
}
