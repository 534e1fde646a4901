//! Who of a user's devices a look is about.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{DeliveryStatus, Devices, InstallationId, Reason, publish::Step};

use super::{Course, Device, View};
use crate::device::{Candidate, Choice, Opens, choose};

/// How long a primary device has to confirm before all of the user's devices are reached; half of the time
/// of the step if that is less.
pub const PRIMARY_WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// Who of a user's devices a look is about.
#[derive(Debug)]
pub(super) struct Meant<'a> {
    pub(super) devices: Vec<&'a Device>,
    /// To whom the delivery is opened by this look.
    pub(super) opens: Option<Opens>,
    /// Whether the others follow if these do not confirm.
    has_others: bool,
}

impl<'a> Meant<'a> {
    pub(super) fn of(view: &View<'a>) -> Self {
        let mut meant = match view.addressed.named(view.wanted) {
            None => Self::all(view, None),
            Some(named) => match view.wanted.devices {
                Devices::All => Self::some(view, named, None),
                Devices::Primary | Devices::PrimaryThenAll | Devices::MostRecent => {
                    Self::chosen(view, named)
                }
            },
        };
        if meant.opens.is_none() && meant.has_updated(view) {
            meant.opens = Some(Opens::Updated);
        }
        meant
    }

    /// Whether the app of somebody who is meant was too old and is not any more.
    fn has_updated(&self, view: &View<'_>) -> bool {
        let has_minimum = !view.wanted.minimum.is_empty();
        let mut devices = self.devices.iter();
        has_minimum
            && devices.any(|device| {
                view.wanted.suits(device.build) && !view.addressed.has(device.installation)
            })
    }

    fn all(view: &View<'a>, opens: Option<Opens>) -> Self {
        Self {
            devices: view.devices.iter().collect(),
            opens,
            has_others: false,
        }
    }

    fn some(view: &View<'a>, ids: &[InstallationId], opens: Option<Opens>) -> Self {
        let devices = view.devices.iter();
        Self {
            devices: devices
                .filter(|device| ids.contains(&device.installation))
                .collect(),
            opens,
            has_others: view.wanted.devices == Devices::PrimaryThenAll,
        }
    }

    /// Settles anew who is meant, while nothing was handed over, as far as that can be known: what was
    /// written to a connection is noted a moment later. The one that was heard from last stays while it is
    /// there: being heard from is nothing that a person does.
    fn chosen(view: &View<'a>, named: &[InstallationId]) -> Self {
        let present = named.last().copied();
        let mut devices = view.devices.iter();
        let there = devices.find(|device| Some(device.installation) == present);
        let may_have_it = there.is_some_and(|device| {
            let window_from = view.course.window_from();
            view.has_it(device) || device.confirms_until(window_from, view.now).is_some()
        });
        let is_settled = view.state.status != DeliveryStatus::Pending
            || may_have_it
            || (view.wanted.devices == Devices::MostRecent && there.is_some());
        if is_settled {
            return Self::some(view, present.as_slice(), None);
        }
        match view.wanted.choose(candidates(view)) {
            Choice::All => Self::all(view, Some(Opens::All)),
            Choice::Nobody => Self::some(view, &[], None),
            Choice::One(id) => {
                let is_new = present != Some(id);
                Self::some(view, &[id], is_new.then_some(Opens::One(id)))
            }
        }
    }

    /// When the others follow, if they do: nobody who is meant has the delivery yet.
    pub(super) fn others_follow_at(
        &self,
        view: &View<'_>,
        step: &Step,
        course: Course,
    ) -> Option<Timestamp> {
        let is_delivered = match view.state.status {
            DeliveryStatus::Scheduled | DeliveryStatus::Pending | DeliveryStatus::Sent => false,
            DeliveryStatus::Delivered
            | DeliveryStatus::Read
            | DeliveryStatus::Suppressed
            | DeliveryStatus::Failed
            | DeliveryStatus::Undelivered
            | DeliveryStatus::Expired
            | DeliveryStatus::Cancelled => true,
        };
        if !self.has_others || is_delivered || self.devices.iter().any(|device| view.has_it(device))
        {
            return None;
        }
        let half = step.within.map(|within| within / 2);
        let window = half.map_or(PRIMARY_WINDOW, |half| half.min(PRIMARY_WINDOW));
        let at = course.began_at.checked_add(window);
        Some(at.unwrap_or(Timestamp::MAX))
    }

    /// The others follow.
    pub(super) fn open_to_all(&mut self, view: &View<'a>) {
        *self = Self::all(view, Some(Opens::All));
    }

    /// Why nobody can be reached, if nobody is meant.
    pub(super) fn nobody(&self, view: &View<'_>) -> Option<Reason> {
        if !self.devices.is_empty() {
            return None;
        }
        let has_devices = !view.devices.is_empty();
        Some(match view.wanted.devices {
            Devices::All => Reason::DeviceNoneActive,
            Devices::Primary | Devices::PrimaryThenAll | Devices::MostRecent
                if has_devices && is_choice_too_old(view) =>
            {
                Reason::DeviceAppTooOld
            }
            Devices::Primary if has_devices => Reason::DeviceNoPrimary,
            Devices::Primary | Devices::PrimaryThenAll | Devices::MostRecent => {
                Reason::DeviceNoneActive
            }
        })
    }
}

/// Whether a choice finds nobody because of the oldest version: all apps are older, or that of the one that
/// would be chosen.
fn is_choice_too_old(view: &View<'_>) -> bool {
    let mut suited = candidates(view).filter(|candidate| view.wanted.suits(candidate.build));
    if suited.next().is_none() {
        return true;
    }
    match choose(view.wanted.devices, candidates(view)) {
        Choice::All | Choice::Nobody => false,
        Choice::One(id) => candidates(view)
            .any(|candidate| candidate.installation == id && !view.wanted.suits(candidate.build)),
    }
}

fn candidates<'a>(view: &View<'a>) -> impl Iterator<Item = Candidate> + use<'a> {
    view.devices.iter().map(Device::candidate)
}
