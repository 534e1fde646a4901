//! What is done to a world.

use std::fs;

use serde_json::json;
use uuid::Uuid;
use vestnik_core::machine::{connection::Nudge, engine::Command};
use vestnik_model::{Entry, Notification, NotificationId, TopicName};

use super::World;
use crate::{
    device::{Deed, Job, Mode, Number},
    disk::{self, Fault},
    plan::{
        AtServer, ByPerson, Damage, InNetwork, InProcess, InSession, OnDisk, OnScreen, Step,
        Transition,
    },
    time::{At, time_of_day},
};

impl World {
    /// Does a step.
    pub(crate) fn step(&mut self, step: &Step) {
        let now = self.now;
        self.trace.add(now, || format!("* {:?}", step.what));
        self.reseed(step.seed);
        self.act(&step.what);
        self.carry_out_effects();
        self.pass(step.then);
    }

    fn act(&mut self, what: &Transition) {
        match what {
            Transition::Server(what) => self.act_at_server(what),
            Transition::Session(device, what) => self.act_in_session(*device, what),
            Transition::Network(device, what) => self.act_in_network(*device, what),
            Transition::Process(device, what) => self.act_in_process(*device, what),
            Transition::Person(device, what) => self.act_by_person(*device, what),
            Transition::Disk(device, what) => self.act_on_disk(*device, what),
            Transition::Screen(device, what) => self.act_on_screen(*device, what),
        }
    }

    fn act_at_server(&mut self, what: &AtServer) {
        match what {
            AtServer::Publish { user, lasts, only } => self.publish_new(*user, *lasts, *only),
            AtServer::Surprise { user, lasts } => self.surprises.push((*user, *lasts)),
            AtServer::Replace { last } => self.replace(*last),
            AtServer::Recall { last } => {
                if let Some(id) = self.last(*last) {
                    self.recall(id);
                }
            }
            AtServer::Widen { last, device } => self.widen(*last, *device),
            AtServer::Strange { user } => self.publish_strange(*user),
            AtServer::VoidAccess => self.server.void_access(),
            AtServer::BackUp => self.server.keep(),
            AtServer::Refuse(kind) => {
                self.server.refuses.insert(*kind);
            }
            AtServer::Restore { is_said } => self.server.restore(self.now, *is_said),
        }
    }

    fn act_in_session(&mut self, number: Number, what: &InSession) {
        match what {
            InSession::LogIn { user } => {
                self.devices[number].wanted = Some(self.users[*user].clone());
                self.start(number);
                self.log_in(number);
            }
            InSession::LogOut => {
                self.devices[number].wanted = None;
                if let Some(process) = &mut self.devices[number].process {
                    process.logouts += 1;
                }
                self.command(number, Command::Logout);
            }
            InSession::End => {
                if let Some(id) = self.devices[number].installation() {
                    self.server.end_session(id);
                }
            }
            InSession::LoseAnswers { count } => {
                self.devices[number].network.lost_answers = *count;
            }
            InSession::Flush => self.command(number, Command::Flush),
        }
    }

    fn act_in_network(&mut self, number: Number, what: &InNetwork) {
        match what {
            InNetwork::Mode(mode) => self.set_mode(number, *mode),
            InNetwork::Loss { percent } => self.devices[number].network.loss = *percent,
            InNetwork::Cut { is_noticed } => self.cut_device(number, *is_noticed),
            InNetwork::Narrow { entries } => {
                self.devices[number].network.narrow = Some(*entries);
            }
            InNetwork::Changed => self.command(number, Command::Nudge(Nudge::NetworkChanged)),
            InNetwork::Foreground => self.open_app(number),
            InNetwork::Online { is_online } => self.go_online(number, *is_online),
        }
    }

    fn act_in_process(&mut self, number: Number, what: &InProcess) {
        match what {
            InProcess::Crash { loses_power } => {
                if self.devices[number].process.is_some() {
                    self.crash(number, *loses_power);
                }
            }
            InProcess::Stop => self.stop(number),
            InProcess::Update => {
                self.stop(number);
                self.devices[number].reader += 1;
            }
            InProcess::Sleep { time, has_hook } => self.sleep(number, *time, *has_hook),
            InProcess::SetClock { by } => self.set_clock(number, *by),
        }
    }

    fn act_by_person(&mut self, number: Number, what: &ByPerson) {
        match what {
            ByPerson::Read { last } => self.on_last(number, *last, Deed::Read),
            ByPerson::ReadFirst => {
                if let Some(id) = self.unshown_elsewhere(number) {
                    self.push_job(number, Job::Person(Deed::Read(id)));
                }
            }
            ByPerson::ReadAll => self.push_job(number, Job::Person(Deed::ReadAll)),
            ByPerson::Click { last } => self.on_last(number, *last, Deed::Click),
            ByPerson::Press { last } => self.on_last(number, *last, Deed::Press),
            ByPerson::Reply { last } => self.on_last(number, *last, Deed::Reply),
            ByPerson::Dismiss { last } => self.dismiss(number, *last),
            ByPerson::Archive { last, value } => {
                self.on_last(number, *last, |id| Deed::Archive(id, *value));
            }
            ByPerson::Delete { last, value } => {
                self.on_last(number, *last, |id| Deed::Delete(id, *value));
            }
            ByPerson::Look => self.push_job(number, Job::Person(Deed::Look)),
            ByPerson::Topic { joins } => {
                let topic = TopicName::parse("news").expect("a short word");
                let joins = *joins;
                self.command(number, Command::Topic { topic, joins });
            }
        }
    }

    fn act_on_screen(&mut self, number: Number, what: &OnScreen) {
        match what {
            OnScreen::Permission { is_granted } => self.permit(number, *is_granted),
            OnScreen::Habit(habit) => self.devices[number].habit = *habit,
            OnScreen::Push { last, extension } => self.push(number, *last, *extension),
            OnScreen::PushFirst(what) => self.push_first(number, what),
            OnScreen::Rotate => self.rotate(number),
            OnScreen::LoseKeys { is_closed } => {
                if *is_closed {
                    self.stop(number);
                }
                self.lose_keys(number);
            }
        }
    }

    fn act_on_disk(&mut self, number: Number, what: &OnDisk) {
        let disk = self.devices[number].disk;
        match what {
            OnDisk::Full { is_full } => disk::full(disk, *is_full),
            OnDisk::Broken { is_broken: true } => disk::break_down(disk),
            OnDisk::Broken { is_broken: false } => disk::mend(disk),
            OnDisk::Fails { writes } => disk::after_writes(disk, *writes, Fault::Io),
            OnDisk::PowerFails { writes } => disk::after_writes(disk, *writes, Fault::Death),
            OnDisk::Keystore { is_locked } => self.devices[number].secrets.lock(*is_locked),
            OnDisk::LoseSecrets => self.lose_secrets(number),
            OnDisk::BackUp => {
                let done = self.back_up(number);
                self.expect_done(done);
            }
            OnDisk::SetBack => {
                self.stop(number);
                let done = self.set_back(number);
                self.expect_done(done);
            }
            OnDisk::Damage(damage) => {
                self.stop(number);
                let done = self.damage(number, *damage);
                self.expect_done(done);
            }
        }
    }

    fn lose_secrets(&mut self, number: Number) {
        self.stop(number);
        let now = self.now;
        let device = &mut self.devices[number];
        device.secrets = std::sync::Arc::default();
        // An older copy would be that of another installation, and say nothing of its age.
        device.backup = None;
        device.diary.loses_facts(now);
    }

    fn expect_done(&mut self, done: std::io::Result<()>) {
        if let Err(error) = done {
            self.fail(format!("the model's disk: {error}"));
        }
    }

    /// The notification before so many later ones.
    pub(super) fn last(&self, last: usize) -> Option<NotificationId> {
        self.published.iter().rev().nth(last).copied()
    }

    fn on_last(&mut self, device: Number, last: usize, deed: impl FnOnce(NotificationId) -> Deed) {
        if let Some(id) = self.last(last) {
            self.push_job(device, Job::Person(deed(id)));
        }
    }

    /// The newest notification of a device's user that was not shown on another device of theirs.
    fn unshown_elsewhere(&self, number: Number) -> Option<NotificationId> {
        let user = self.devices[number].wanted.as_ref()?;
        let is_theirs = |id: &NotificationId| self.server.ever.notifications.get(id) == Some(user);
        let others = || {
            let devices = self.devices.iter().enumerate();
            devices
                .filter(|(other, device)| *other != number && device.wanted.as_ref() == Some(user))
        };
        let is_unshown =
            |id: &NotificationId| others().any(|(_, device)| !device.diary.was_drawn(*id));
        let newest = self.published.iter().rev().copied();
        newest
            .into_iter()
            .find(|id| is_theirs(id) && is_unshown(id))
    }

    /// What is not on the screen cannot be put away.
    fn dismiss(&mut self, device: Number, last: usize) {
        if let Some(id) = self.last(last)
            && self.devices[device].screen.remove(&id).is_some()
        {
            self.push_job(device, Job::Person(Deed::Dismiss(id)));
        }
    }

    /// What is accepted as soon as a device of its user says hello: the call comes before the answer.
    pub(super) fn surprise(&mut self, number: Number) {
        let Some(user) = self.devices[number].wanted.clone() else {
            return;
        };
        let index = self.users.iter().position(|one| *one == user);
        if let Some(at) = self
            .surprises
            .iter()
            .position(|(one, _)| Some(*one) == index)
        {
            let (user, lasts) = self.surprises.remove(at);
            self.publish_new(user, lasts, None);
        }
    }

    /// A new notification; `only` for the installation of a device, if its user is logged in there.
    pub(super) fn publish_new(&mut self, user: usize, lasts: At, only: Option<Number>) {
        let number = self.published.len() as u128 + 1;
        let id = NotificationId::from_uuid(Uuid::from_u128(number));
        let expires_at = self.now + lasts;
        let notification = notification(id, 0, (self.now, expires_at));
        self.published.push(id);
        let user = self.users[user].clone();
        let only = only.and_then(|device| self.devices[device].installation());
        let only = only.filter(|only| self.server.owner(*only) == Some(&user));
        self.server
            .publish(self.now, &user, (notification, expires_at), only);
    }

    /// A notification that is for some devices only is for one more.
    fn widen(&mut self, last: usize, device: Number) {
        let (Some(id), Some(to)) = (self.last(last), self.devices[device].installation()) else {
            return;
        };
        let is_its_users = self.server.owner(to) == self.server.ever.notifications.get(&id);
        if is_its_users {
            self.server.widen(self.now, id, to);
        }
    }

    fn replace(&mut self, last: usize) {
        let Some(id) = self.last(last) else { return };
        let known = self.server.accepted().find(|(one, _)| *one == id);
        let Some((_, known)) = known.filter(|(_, known)| !known.is_recalled) else {
            return;
        };
        let (user, expires_at) = (known.user.clone(), known.expires_at);
        let revision = known.notification.revision + 1;
        let notification = notification(id, revision, (known.accepted_at, expires_at));
        self.push_in_flight(id);
        self.server
            .publish(self.now, &user, (notification, expires_at), None);
    }

    fn publish_strange(&mut self, user: usize) {
        self.serial_of_strange += 1;
        let id = NotificationId::from_uuid(Uuid::from_u128(u128::MAX - self.serial_of_strange));
        let at = time_of_day(self.now);
        let raw = json!({"kind": "liveCard", "id": id, "at": at, "card": {"progress": 7}});
        let entry: Entry = serde_json::from_value(raw).expect("an entry never fails to be read");
        let user = self.users[user].clone();
        self.server.strange(&user, &entry);
    }

    fn set_mode(&mut self, number: Number, mode: Mode) {
        self.devices[number].network.mode = mode;
        match mode {
            Mode::Down | Mode::Silent | Mode::Portal { .. } => {
                self.cut_device(number, mode == Mode::Down);
            }
            Mode::Up | Mode::Busy { .. } | Mode::Unauthorized => {}
        }
    }

    pub(crate) fn go_online(&mut self, number: Number, is_online: bool) {
        let device = &mut self.devices[number];
        if std::mem::replace(&mut device.is_online, is_online) != is_online {
            let command = if is_online {
                Command::GoOnline
            } else {
                Command::GoOffline
            };
            self.command(number, command);
        }
    }

    fn set_clock(&mut self, number: Number, by: i64) {
        use vestnik_clock::Clock as _;
        let device = &mut self.devices[number];
        let wall = device.clock.now();
        let moved = wall.checked_add(jiff::SignedDuration::from_secs(by));
        device.clock.set(moved.unwrap_or(wall));
        device.diary.clock_steps.push(self.now);
    }

    fn damage(&mut self, number: Number, damage: Damage) -> std::io::Result<()> {
        let device = &mut self.devices[number];
        device.diary.loses_facts(self.now);
        let data = device.data();
        if !data.exists() {
            return Ok(());
        }
        let prefix = match damage {
            Damage::HistoryPage | Damage::HistoryCut | Damage::HistoryGone => "history-",
            Damage::DeviceHead | Damage::DeviceGone => "device",
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(&data)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.starts_with(prefix) && name.ends_with(".sqlite") {
                files.push(data.join(name));
            }
        }
        files.sort();
        for file in files {
            self.damage_file(&file, damage)?;
        }
        if matches!(damage, Damage::HistoryGone) {
            self.devices[number].diary.keeps.clear();
            self.devices[number].diary.is_gone = true;
        }
        Ok(())
    }

    fn damage_file(&mut self, file: &std::path::Path, damage: Damage) -> std::io::Result<()> {
        use std::io::{Seek as _, Write as _};
        const PAGE: u64 = 4_096;
        let length = file.metadata()?.len();
        let mut open = fs::OpenOptions::new().write(true).open(file)?;
        match damage {
            Damage::HistoryPage => {
                let page = self.random.below((length / PAGE).max(1));
                open.seek(std::io::SeekFrom::Start(page * PAGE))?;
                open.write_all(&[0xA5; PAGE as usize])
            }
            Damage::HistoryCut => open.set_len(length / 2),
            Damage::DeviceHead => open.write_all(&[0xA5; 100]),
            Damage::HistoryGone | Damage::DeviceGone => {
                for suffix in ["", "-wal", "-shm"] {
                    let mut name = file.as_os_str().to_owned();
                    name.push(suffix);
                    match fs::remove_file(&name) {
                        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                            return Err(error);
                        }
                        Ok(()) | Err(_) => {}
                    }
                }
                Ok(())
            }
        }
    }
}

pub(super) fn notification(
    id: NotificationId,
    revision: u32,
    (accepted_at, expires_at): (At, At),
) -> Notification {
    let json = json!({
        "id": id,
        "revision": revision,
        "title": format!("order {}", id.uuid().as_u128()),
        "acceptedAt": time_of_day(accepted_at),
        "expiresAt": time_of_day(expires_at),
    });
    serde_json::from_value(json).expect("it has all that a notification needs")
}
