//! A folder is opened and closed by one at a time.
//!
//! An app may give up waiting for an opening or a closing, which goes on all the same. Who opens the
//! folder next waits until it is over, instead of being told that the folder is in use.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use vestnik_core as core;

use crate::{error::VestnikError, runtime};

/// The right to open or close a folder.
type Turn = OwnedMutexGuard<()>;

/// Waits for the turn of a folder.
pub(crate) async fn turn(folder: &Path) -> Turn {
    static TURNS: Mutex<BTreeMap<PathBuf, Weak<AsyncMutex<()>>>> = Mutex::new(BTreeMap::new());
    let turn = {
        let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = turns
            .get(folder)
            .and_then(Weak::upgrade)
            .unwrap_or_default();
        turns.insert(folder.to_owned(), Arc::downgrade(&turn));
        turn
    };
    turn.lock_owned().await
}

/// A device that was opened. If nobody takes it, because whoever opened it gave up waiting, it is
/// stopped.
#[derive(Debug)]
pub(crate) struct Opened {
    core: Option<core::Vestnik>,
    turn: Option<Turn>,
}

impl Opened {
    /// Opens a device in its folder's turn.
    ///
    /// # Errors
    /// What the core says.
    pub(crate) async fn open(builder: core::Builder, folder: &Path) -> Result<Self, core::Error> {
        let turn = turn(folder).await;
        Ok(Self {
            core: Some(builder.open().await?),
            turn: Some(turn),
        })
    }

    /// The device, which is somebody's now.
    ///
    /// # Errors
    /// None: it is taken once.
    pub(crate) fn take(mut self) -> Result<core::Vestnik, VestnikError> {
        self.core
            .take()
            .ok_or_else(|| VestnikError::internal("the device was taken before"))
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let Some(core) = self.core.take() else { return };
        let turn = self.turn.take();
        // Without a runtime it ends by itself.
        if let Ok(runtime) = runtime::handle() {
            runtime.spawn(async move {
                core.stop().await;
                drop(turn);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Waker},
    };

    use super::*;

    #[test]
    fn a_folder_has_one_turn_and_another_folder_its_own() {
        let (one, other) = (Path::new("/data/one"), Path::new("/data/other"));
        runtime::handle().unwrap().block_on(async {
            let first = turn(one).await;
            let _other = turn(other).await;
            let mut second = pin!(turn(one));
            let mut context = Context::from_waker(Waker::noop());
            assert!(second.as_mut().poll(&mut context).is_pending());
            drop(first);
            second.await;
            turn(one).await;
        });
    }
}
