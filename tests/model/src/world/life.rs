//! Processes begin and end.

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::Path,
};

use vestnik_core::{
    FormerHistory,
    machine::{
        Pace,
        engine::{Command, Engine},
        session::Standing as Session,
    },
    storage::Files,
};
use vestnik_inbox::Standing;
use vestnik_model::{PushAddress, PushAddressKind, UserId};

use super::{Item, World};
use crate::{
    device::{Job, Number, Process, Shell, Since},
    disk,
    time::{At, SECOND},
};

impl World {
    /// The app is started. If its files cannot be opened, it is started again later.
    pub(super) fn start(&mut self, number: Number) {
        let now = self.now;
        let device = &mut self.devices[number];
        if device.process.is_some() {
            return;
        }
        device.life += 1;
        device.has_closed = false;
        let life = device.life;
        let process = match open(device) {
            Ok((process, standing)) => {
                self.trace
                    .add(now, || format!("{number} starts: {standing:?}"));
                let user = process.files.device().user().cloned();
                self.write_down_standing(number, standing, user.as_ref());
                process
            }
            Err(error) => {
                self.trace
                    .add(now, || format!("{number} does not start: {error}"));
                // A damaged history may have been made anew.
                self.devices[number].diary.restored.push(Since::new(now));
                if disk::has_died(self.devices[number].disk) {
                    self.crash(number, true);
                }
                self.after(5 * SECOND, Item::Start(number));
                return;
            }
        };
        let device = &mut self.devices[number];
        device.diary.installations.insert(process.installation);
        device.process = Some(Box::new(process));
        self.publish(number);
        self.carry_out(number);
        if self.devices[number].is_online {
            self.command(number, Command::GoOnline);
        }
        self.after(1, Item::Ask(number, life));
        let standing = self.devices[number]
            .process
            .as_ref()
            .map(|process| process.engine.snapshot().standing);
        if !matches!(standing, Some(Session::LoggedIn { .. })) {
            let pause = SECOND + self.some(5 * SECOND);
            self.after(pause, Item::LogIn(number));
        }
    }

    fn write_down_standing(&mut self, number: Number, standing: Standing, user: Option<&UserId>) {
        let now = self.now;
        let device = &mut self.devices[number];
        let wipes = device.former == FormerHistory::Wipe;
        let diary = &mut device.diary;
        if wipes {
            // Whoever was present before is a former user.
            diary.keeps.retain(|kept| Some(kept) == user);
        }
        match standing {
            Standing::New | Standing::Same => {}
            Standing::Restored | Standing::Rebuilt | Standing::Wiped | Standing::Cloned => {
                diary.restored.push(Since::new(now));
                diary.is_restored = user.is_none();
                diary.loses_facts(now);
                diary.keeps.clear();
                diary.may_keep.extend(self.users.iter().cloned());
            }
        }
        if std::mem::take(&mut diary.is_gone) {
            diary.restored.push(Since::new(now));
            for user in &self.users {
                diary.begins_quietly(now, user.clone());
            }
        }
    }

    /// The process ends at once: nothing that it still does reaches the disk. Without power, what was not
    /// durable may be lost as well.
    pub(super) fn crash(&mut self, number: Number, loses_power: bool) {
        let now = self.now;
        let wires = self.wires_of(number);
        let device = &mut self.devices[number];
        let Some(process) = device.process.take() else {
            disk::kill(device.disk, || ());
            return;
        };
        self.trace
            .add(now, || format!("{number} dies, power lost: {loses_power}"));
        disk::kill(device.disk, || drop(process));
        if loses_power && let Err(error) = disk::lose_power(device.disk, &mut self.random) {
            self.fail(format!("the model's disk: {error}"));
        }
        // Its own system says so to the server, unless that is gone, too.
        let notice = if loses_power { None } else { Some(SECOND) };
        for wire in wires {
            self.cut(wire, (None, notice));
        }
        let pause = 200 + self.some(20 * SECOND);
        self.after(pause, Item::Start(number));
    }

    /// The app is closed as it should be.
    pub(super) fn stop(&mut self, number: Number) {
        let now = self.now;
        for wire in self.wires_of(number) {
            self.cut(wire, (None, Some(SECOND)));
        }
        self.trace.add(now, || format!("{number} stops"));
        while let Some(job) = self.next_job(number) {
            self.do_job(number, job);
            if disk::has_died(self.devices[number].disk) {
                self.crash(number, true);
                return;
            }
        }
        let Some(process) = self.devices[number].process.take() else {
            return;
        };
        let closed = process.files.close();
        self.devices[number].has_closed = closed.is_ok();
        if let Err(error) = closed {
            self.trace
                .add(now, || format!("{number} does not close: {error}"));
        }
        if disk::has_died(self.devices[number].disk) {
            self.crash(number, true);
        }
        let pause = 200 + self.some(20 * SECOND);
        self.after(pause, Item::Start(number));
    }

    /// What the shell asks for is dropped with the shell.
    fn next_job(&mut self, number: Number) -> Option<Job> {
        let process = self.devices[number].process.as_mut()?;
        std::iter::from_fn(|| process.jobs.pop_front()).find(|job| !matches!(job, Job::Take))
    }

    pub(super) fn sleep(&mut self, number: Number, time: At, has_hook: bool) {
        if self.devices[number]
            .asleep_until
            .is_some_and(|until| until > self.now)
        {
            return;
        }
        if has_hook {
            self.suspend(number, true);
        }
        let until = self.now + time;
        if time > 40 * SECOND {
            for wire in self.wires_of(number) {
                self.cut(wire, (Some(time + 30 * SECOND), None));
            }
        }
        self.devices[number].asleep_until = Some(until);
        self.after(time, Item::Wake(number, has_hook));
    }

    pub(super) fn on_wake(&mut self, number: Number, has_hook: bool) {
        let now = self.now;
        let device = &mut self.devices[number];
        if device.asleep_until.is_some_and(|until| until > now) {
            return;
        }
        device.asleep_until = None;
        self.trace.add(now, || format!("{number} wakes"));
        if has_hook {
            self.suspend(number, false);
        }
    }

    pub(super) fn suspend(&mut self, number: Number, is_suspended: bool) {
        let Some(process) = &mut self.devices[number].process else {
            return;
        };
        if std::mem::replace(&mut process.is_suspended, is_suspended) != is_suspended {
            let command = if is_suspended {
                Command::Suspend
            } else {
                Command::Resume
            };
            self.command(number, command);
        }
    }

    /// Whether the system lets the app show anything.
    pub(super) fn permit(&mut self, number: Number, is_granted: bool) {
        use vestnik_core::Change;
        use vestnik_model::Permission;
        let now = self.now;
        let device = &mut self.devices[number];
        let permission = if is_granted {
            Permission::Granted
        } else {
            Permission::Denied
        };
        if device.permission == permission {
            return;
        }
        device.permission = permission;
        if is_granted {
            if let Some(until) = device.diary.blocked.last_mut() {
                // The app is told a moment later.
                *until = now + 60 * SECOND;
            }
        } else {
            device.diary.blocked.push(At::MAX);
        }
        self.push_job(number, Job::Permission(permission));
        let change = Change {
            permission: Some(permission),
            ..Change::default()
        };
        self.command(number, Command::Change(change));
    }

    /// The files as they were when they were copied.
    pub(super) fn set_back(&mut self, number: Number) -> std::io::Result<()> {
        let device = &mut self.devices[number];
        let Some((backup, life)) = &device.backup else {
            return Ok(());
        };
        // A process that was killed left no sign between this copy and now.
        if *life == device.life && !device.has_closed {
            return Ok(());
        }
        let data = device.data();
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        copy(backup.path(), &data)?;
        device.diary.keeps.clear();
        device.diary.has_lost_marks = true;
        device.diary.may_keep.extend(self.users.iter().cloned());
        Ok(())
    }

    /// Copies the files.
    pub(super) fn back_up(&mut self, number: Number) -> std::io::Result<()> {
        let device = &mut self.devices[number];
        let data = device.data();
        if data.exists() {
            let backup = tempfile::tempdir()?;
            copy(&data, backup.path())?;
            device.backup = Some((backup, device.life));
        }
        Ok(())
    }
}

fn open(device: &crate::device::Device) -> Result<(Process, Standing), vestnik_inbox::StoreError> {
    let clock = std::sync::Arc::new(device.clock.clone());
    let (mut files, standing) = Files::open(device.file_options(), clock)?;
    // As an app does beside which there is an extension.
    drop(fs::create_dir_all(device.data().join("spool")));
    files.set_permission(device.permission)?;
    let seed = files.seed()?;
    let mut state = device.info().installation_state();
    // The shell says it at each start; what cannot be kept is said again at the next one.
    let address = PushAddress::new(PushAddressKind::FcmToken, device.address.clone());
    drop(files.keep_push_addresses(vec![address.clone()]));
    state.push_addresses = vec![address];
    state.envelope_key = Some(files.envelope_key());
    let identity = files.device().identity().clone();
    let process = Process {
        installation: identity.id,
        secret: identity.secret,
        engine: Engine::new(seed, state.cleaned(), Pace::default()),
        files,
        round: std::sync::Mutex::default(),
        jobs: VecDeque::new(),
        is_busy: false,
        outcomes: VecDeque::new(),
        calls: BTreeMap::new(),
        links: BTreeMap::new(),
        snapshot: None,
        forgotten: 0,
        hidden: 0,
        shell: Shell::default(),
        logouts: 0,
        tick_at: None,
        inputs: (0, 0),
        is_suspended: false,
    };
    Ok((process, standing))
}

/// Copies the files of a folder and of its folders.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
