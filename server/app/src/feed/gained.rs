//! Sends live devices the one entry that their user's log gained in a commit, without a read.

use std::sync::Arc;

use vestnik_model::{AppId, UserId};
use vestnik_rules::log::Place;
use vestnik_store::{effect::Gained, logs::Stretch};

use super::{FanOut, connections::LiveDevice};

impl FanOut {
    /// Sends an entry to a user's devices if all of them stand before it; tells whether they have it
    /// now. If not, the log has to be read.
    ///
    /// The sessions of the devices are not looked up: their connections were admitted with the present
    /// sessions, and a revocation that was committed before the entry has marked its connections as
    /// ended before the entry became known here.
    pub(super) fn push_gained(&self, app: &AppId, user: &UserId, gained: &Gained) -> bool {
        let devices = self.connections.of_user(app, user);
        if !all_stand_at(&devices, gained.after) {
            return false;
        }
        let stretch = Stretch {
            after: gained.after,
            head: gained.to,
            entries: vec![gained.entry(user)],
            sessions: devices
                .iter()
                .map(|device| (device.session.installation, device.session.generation))
                .collect(),
        };
        self.offer(&devices, gained.after, &stretch);
        all_stand_at(&devices, gained.to)
    }
}

/// Whether no device that receives live calls stands elsewhere.
fn all_stand_at(devices: &[Arc<LiveDevice>], place: Place) -> bool {
    let mut places = devices.iter().filter_map(|device| device.live_at());
    places.all(|at| at == place)
}
