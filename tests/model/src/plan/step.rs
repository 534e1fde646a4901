//! What may be done to a world.

use vestnik_model::FactKind;

use crate::{
    device::{Habit, Mode, Number},
    time::At,
};

/// One thing that is done to a world, and how long is waited afterwards.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) what: Transition,
    pub(crate) then: At,
    /// What is left to chance while it is waited.
    pub(crate) seed: u64,
}

/// What may be done to a world, by where it happens. Notifications are named by how many were accepted
/// later.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Transition {
    Server(AtServer),
    Session(Number, InSession),
    Network(Number, InNetwork),
    Process(Number, InProcess),
    Person(Number, ByPerson),
    Disk(Number, OnDisk),
    Screen(Number, OnScreen),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AtServer {
    Publish {
        user: usize,
        lasts: At,
        /// Whose installation it is for, if it is not for all of the user's.
        only: Option<Number>,
    },
    /// What is for some installations only is for one more.
    Widen {
        last: usize,
        device: Number,
    },
    /// As soon as a device of the user says hello.
    Surprise {
        user: usize,
        lasts: At,
    },
    /// A newer revision.
    Replace {
        last: usize,
    },
    Recall {
        last: usize,
    },
    /// An entry that this version cannot read.
    Strange {
        user: usize,
    },
    /// Every access token is void.
    VoidAccess,
    BackUp,
    Restore {
        is_said: bool,
    },
    /// Reports with a fact of this kind are refused as a whole from now on.
    Refuse(FactKind),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum InSession {
    LogIn {
        user: usize,
    },
    LogOut,
    /// The App's backend ends it.
    End,
    LoseAnswers {
        count: u32,
    },
    Flush,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum InNetwork {
    Mode(Mode),
    Loss {
        percent: u64,
    },
    Cut {
        is_noticed: bool,
    },
    /// A page of more entries never arrives.
    Narrow {
        entries: usize,
    },
    Changed,
    Foreground,
    Online {
        is_online: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum InProcess {
    Crash {
        loses_power: bool,
    },
    Stop,
    /// It is closed, and a newer version is started.
    Update,
    Sleep {
        time: At,
        has_hook: bool,
    },
    SetClock {
        by: i64,
    },
}

/// What a person does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ByPerson {
    Read {
        last: usize,
    },
    /// The newest that has not been shown on another device of theirs.
    ReadFirst,
    ReadAll,
    Click {
        last: usize,
    },
    /// A button of a notification.
    Press {
        last: usize,
    },
    Reply {
        last: usize,
    },
    Dismiss {
        last: usize,
    },
    Archive {
        last: usize,
        value: bool,
    },
    Delete {
        last: usize,
        value: bool,
    },
    Look,
    Topic {
        joins: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OnScreen {
    Permission {
        is_granted: bool,
    },
    Habit(Habit),
    /// A push service brings a notification to the app or to its extension.
    Push {
        last: usize,
        extension: bool,
    },
    /// A push service brings what the app cannot know yet: it does not run, or has lost its connection.
    PushFirst(PushFirst),
    /// The push service gives the app another address.
    Rotate,
    /// The keys of pushes are lost.
    LoseKeys {
        /// The app is closed first, and is started again without them.
        is_closed: bool,
    },
}

/// A notification whose push comes before anything else of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PushFirst {
    pub(crate) extension: bool,
    /// It is for that device only.
    pub(crate) is_only: bool,
    /// It is withdrawn so long afterwards, if it is.
    pub(crate) recalled_after: Option<At>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OnDisk {
    Full {
        is_full: bool,
    },
    Broken {
        is_broken: bool,
    },
    /// After so many writes one fails.
    Fails {
        writes: u64,
    },
    /// After so many writes the power fails.
    PowerFails {
        writes: u64,
    },
    Keystore {
        is_locked: bool,
    },
    LoseSecrets,
    BackUp,
    SetBack,
    Damage(Damage),
}

/// How a file is damaged while no process has it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// A page of the history is overwritten.
    HistoryPage,
    /// The history is cut.
    HistoryCut,
    /// The history is gone.
    HistoryGone,
    /// The device's file is overwritten at its beginning.
    DeviceHead,
    /// The device's file is gone.
    DeviceGone,
}

impl Damage {
    pub(super) const ALL: [Self; 5] = [
        Self::HistoryPage,
        Self::HistoryCut,
        Self::HistoryGone,
        Self::DeviceHead,
        Self::DeviceGone,
    ];
}
