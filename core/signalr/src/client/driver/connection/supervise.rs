//! The one task behind a hub connection: it carries out what the supervisor decides.

use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, OptionFuture};
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::timeout,
};

use super::{
    builder::Listener,
    handlers::Handlers,
    state::{ConnectionState, DisconnectReason},
};
use crate::client::{
    CloseReason,
    clock::{self, Alarm},
    driver::{ConnectError, ConnectOptions, HubClient, Incoming, IncomingStream, connect},
    supervisor::{Attempt, Failure, Input, Output, Phase, Supervisor},
};

/// How long stopping may wait for a goodbye to be written.
const GOODBYE: Duration = Duration::from_secs(5);

/// What the application orders.
#[derive(Debug)]
pub(super) enum Order {
    Start(oneshot::Sender<Result<(), DisconnectReason>>),
    Stop(oneshot::Sender<()>),
}

type Dialed = Result<(HubClient, IncomingStream), ConnectError>;

pub(super) struct Supervision {
    pub(super) options: ConnectOptions,
    pub(super) returns_uninvited: bool,
    pub(super) supervisor: Supervisor,
    pub(super) handlers: Handlers,
    pub(super) listeners: Vec<Listener>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) network: Arc<Notify>,
    pub(super) state: watch::Sender<ConnectionState>,
    pub(super) client: watch::Sender<Option<HubClient>>,
    pub(super) dialing: Option<BoxFuture<'static, Dialed>>,
    pub(super) live: Option<(HubClient, IncomingStream)>,
    pub(super) alarm: Alarm,
    /// Who waits for the first connection.
    pub(super) starting: Vec<oneshot::Sender<Result<(), DisconnectReason>>>,
    /// Why the last attempt or connection ended.
    pub(super) reason: DisconnectReason,
}

/// One thing that happened.
enum Happened {
    Ordered(Option<Order>),
    NetworkChanged,
    Dialed(Dialed),
    Heard(Option<Incoming>),
    DeadlinePassed,
}

impl Supervision {
    /// Runs until all handles are gone.
    pub(super) async fn run(mut self) {
        loop {
            match self.next().await {
                Happened::Ordered(Some(Order::Start(started))) => self.on_start(started).await,
                Happened::Ordered(Some(Order::Stop(stopped))) => {
                    self.on_stop().await;
                    let _ = stopped.send(());
                }
                Happened::Ordered(None) => return self.on_stop().await,
                Happened::NetworkChanged => self.decide(Input::NetworkChanged).await,
                Happened::Dialed(Ok(connection)) => self.on_connected(connection).await,
                Happened::Dialed(Err(error)) => self.on_refused(error).await,
                Happened::Heard(Some(Incoming::Invocation(invocation))) => {
                    if let Some((client, _)) = &self.live {
                        self.handlers.dispatch(invocation, client).await;
                    }
                }
                Happened::Heard(Some(Incoming::Resuming)) => self.decide(Input::Resuming).await,
                Happened::Heard(Some(Incoming::Resumed)) => self.decide(Input::Resumed).await,
                Happened::Heard(Some(Incoming::Closed(reason))) => self.on_closed(reason).await,
                Happened::Heard(None) => self.on_closed(CloseReason::Lost).await,
                Happened::DeadlinePassed => self.decide(Input::Tick).await,
            }
        }
    }

    async fn next(&mut self) -> Happened {
        let deadline = self.supervisor.deadline();
        let dialing = OptionFuture::from(self.dialing.as_mut());
        let heard = OptionFuture::from(self.live.as_mut().map(|(_, incoming)| incoming.recv()));
        let waiting = deadline.map(|deadline| self.alarm.ring(deadline));
        tokio::select! {
            order = self.orders.recv() => Happened::Ordered(order),
            () = self.network.notified() => Happened::NetworkChanged,
            Some(dialed) = dialing => Happened::Dialed(dialed),
            Some(heard) = heard => Happened::Heard(heard),
            Some(()) = OptionFuture::from(waiting) => Happened::DeadlinePassed,
        }
    }

    async fn on_start(&mut self, started: oneshot::Sender<Result<(), DisconnectReason>>) {
        if self.live.is_some() {
            drop(started.send(Ok(())));
            return;
        }
        self.starting.push(started);
        self.decide(Input::Start).await;
    }

    async fn on_stop(&mut self) {
        self.reason = DisconnectReason::Stopped;
        self.decide(Input::Stop).await;
    }

    async fn on_connected(&mut self, connection: (HubClient, IncomingStream)) {
        self.dialing = None;
        self.live = Some(connection);
        self.decide(Input::Connected).await;
    }

    async fn on_refused(&mut self, error: ConnectError) {
        self.dialing = None;
        let is_retryable = if let ConnectError::Closed(reason) = &error {
            self.may_return(reason)
        } else {
            error.is_retryable()
        };
        let hint = error.retry_after();
        self.reason = DisconnectReason::Failed(Arc::new(error));
        self.fail(is_retryable, hint).await;
    }

    async fn on_closed(&mut self, reason: CloseReason) {
        self.live = None;
        self.client.send_replace(None);
        let is_retryable = self.may_return(&reason);
        self.reason = DisconnectReason::Closed(reason);
        self.fail(is_retryable, None).await;
    }

    fn may_return(&self, reason: &CloseReason) -> bool {
        let is_farewell = matches!(reason, CloseReason::Server { .. });
        reason.is_retryable() || (is_farewell && self.returns_uninvited)
    }

    async fn fail(&mut self, is_retryable: bool, hint: Option<Duration>) {
        let failure = Failure {
            is_retryable,
            hint,
            entropy: rand::random(),
        };
        self.decide(Input::Failed(failure)).await;
    }

    /// Tells the supervisor, and carries out what it decides.
    async fn decide(&mut self, input: Input) {
        self.supervisor.handle(clock::now(), input);
        while let Some(output) = self.supervisor.poll() {
            match output {
                Output::Dial => self.dialing = Some(Box::pin(connect(self.options.clone()))),
                Output::HangUp => self.hang_up().await,
                Output::Probe => self.probe().await,
                Output::Phase(phase) => self.announce(phase),
            }
        }
    }

    /// The stream of incoming calls goes first: while nobody reads it, the connection's end could
    /// not be told and would be waited for in vain.
    async fn hang_up(&mut self) {
        self.dialing = None;
        self.client.send_replace(None);
        if let Some((client, incoming)) = self.live.take() {
            drop(incoming);
            if timeout(GOODBYE, client.close()).await.is_err() {
                tracing::debug!("the server takes no goodbye");
            }
        }
    }

    async fn probe(&mut self) {
        if let Some((client, _)) = &self.live {
            // A connection that is gone tells so by itself.
            drop(client.probe().await);
        }
    }

    /// Whoever sees a state can rely on it: while connected there is a client.
    fn announce(&mut self, phase: Phase) {
        let state = match phase {
            Phase::Disconnected => ConnectionState::Disconnected(self.reason.clone()),
            Phase::Connecting(Attempt { number, wait }) => ConnectionState::Connecting {
                attempt: number,
                wait,
            },
            Phase::Connected => self.connected(),
            Phase::Resuming => ConnectionState::Resuming {
                connection_id: self.connection_id(),
            },
            Phase::Reconnecting(Attempt { number, wait }) => ConnectionState::Reconnecting {
                attempt: number,
                wait,
                reason: self.reason.clone(),
            },
        };
        for listener in &self.listeners {
            listener(&state);
        }
        let outcome = match &state {
            ConnectionState::Connected { .. } => Some(Ok(())),
            ConnectionState::Disconnected(reason) => Some(Err(reason.clone())),
            ConnectionState::Connecting { .. }
            | ConnectionState::Resuming { .. }
            | ConnectionState::Reconnecting { .. } => None,
        };
        self.state.send_replace(state);
        if let Some(outcome) = outcome {
            for started in self.starting.drain(..) {
                drop(started.send(outcome.clone()));
            }
        }
    }

    fn connected(&self) -> ConnectionState {
        let client = self.live.as_ref().map(|(client, _)| client.clone());
        self.client.send_replace(client);
        ConnectionState::Connected {
            connection_id: self.connection_id(),
        }
    }

    fn connection_id(&self) -> Option<Arc<str>> {
        let (client, _) = self.live.as_ref()?;
        client.connection_id().map(Arc::from)
    }
}
