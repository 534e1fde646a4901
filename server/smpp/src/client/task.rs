//! The task that keeps a session: it connects, talks, and comes back.

use std::sync::Arc;

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use vestnik_clock::{Clock, Now};
use vestnik_model::Reason;
use vestnik_outbound::{OpenError, Place, Stream, Wires};

use super::{condition::Condition, queue::Queue, talk::Talk};
use crate::{
    consumer::Consumer,
    outcome::{Outcome, Verdict},
    session::{Closing, Config, Reconnect},
};

pub(super) struct Task {
    pub(super) place: Place,
    pub(super) config: Config,
    pub(super) wires: Wires,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) consumer: Arc<dyn Consumer>,
    pub(super) queue: Arc<Queue>,
    pub(super) condition: watch::Sender<Condition>,
    pub(super) stopped: watch::Receiver<bool>,
}

impl Task {
    pub(super) async fn run(self) {
        let mut reconnect = Reconnect::default();
        loop {
            let outcome = match self.connect().await {
                Some(Ok(stream)) => {
                    let talk = Talk::new(&self, &mut reconnect, stream);
                    match talk.run().await {
                        Closing::Stopped => break,
                        closing @ (Closing::Unbound
                        | Closing::Lost
                        | Closing::Refused(_)
                        | Closing::Trouble(_)) => closing.outcome(),
                    }
                }
                Some(Err(outcome)) => outcome,
                None => break,
            };
            let is_refused = matches!(outcome.verdict, Verdict::Refused { .. });
            let wait = reconnect.on_failed(is_refused, Now::read(&*self.clock));
            self.condition.send_replace(Condition::Away(outcome));
            let mut stopped = self.stopped.clone();
            tokio::select! {
                biased;
                () = stop(&mut stopped) => break,
                () = sleep(wait) => {}
            }
            self.condition.send_replace(Condition::Connecting);
        }
        self.condition.send_replace(Condition::Stopped);
    }

    /// Opens a connection; none if the client is stopped first.
    async fn connect(&self) -> Option<Result<Box<dyn Stream>, Outcome>> {
        let mut stopped = self.stopped.clone();
        let opened = timeout(self.config.patience.connect, self.wires.open(&self.place));
        let opened = tokio::select! {
            biased;
            () = stop(&mut stopped) => return None,
            opened = opened => opened,
        };
        let verdict = match opened {
            Ok(Ok(stream)) => return Some(Ok(stream)),
            Ok(Err(error)) => verdict(&error),
            Err(_) => Verdict::Retry {
                reason: Reason::ProviderTimeout,
                after: None,
            },
        };
        Some(Err(Outcome::unwritten(verdict)))
    }
}

/// Ends when the client is stopped, or its last clone is dropped.
pub(super) async fn stop(stopped: &mut watch::Receiver<bool>) {
    drop(stopped.wait_for(|is_stopped| *is_stopped).await);
}

fn verdict(error: &OpenError) -> Verdict {
    match error {
        // The operator of the server does not let it connect there.
        OpenError::Forbidden(_) => Verdict::Refused {
            reason: Reason::ConfigNoRoute,
        },
        OpenError::Connect(error) if error.is_untrusted() => Verdict::Refused {
            reason: Reason::ConfigProviderAuth,
        },
        OpenError::Connect(_) => Verdict::UNAVAILABLE,
    }
}
