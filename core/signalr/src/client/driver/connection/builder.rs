//! How to make a hub connection.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};
use reqwest::Url;
use serde::Serialize;
use tokio::sync::{Notify, mpsc, watch};

use super::{
    HubConnection,
    handlers::Handlers,
    state::{ConnectionState, DisconnectReason},
    supervise::Supervision,
};
use crate::{
    backoff::ReconnectPolicy,
    client::{
        clock::Alarm,
        driver::{BearerToken, ConnectOptions, Proxy, TokenSource},
        resumption::StatefulReconnect,
        supervisor::Supervisor,
    },
    message::FromArguments,
    protocol::Protocol,
};

/// How many orders of the application wait; there are few.
const ORDERS: usize = 8;

pub(super) type Listener = Box<dyn Fn(&ConnectionState) + Send + Sync>;

/// What a hub connection needs to be made.
#[must_use = "nothing is connected before it is built and started"]
pub struct HubConnectionBuilder {
    options: ConnectOptions,
    policy: ReconnectPolicy,
    handlers: Handlers,
    listeners: Vec<Listener>,
}

impl fmt::Debug for HubConnectionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubConnectionBuilder")
            .field("options", &self.options)
            .field("policy", &self.policy)
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}

impl HubConnectionBuilder {
    pub(super) fn new(url: Url) -> Self {
        Self::from(ConnectOptions::new(url))
    }

    /// Sends one token with every request.
    pub fn bearer(self, token: BearerToken) -> Self {
        self.token_source(token.into())
    }

    /// Asks for a token at each negotiate and at each connect.
    pub fn token_source(mut self, source: TokenSource) -> Self {
        self.options.token = Some(source);
        self
    }

    /// Sends a header with every request.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.options.headers.append(name, value);
        self
    }

    /// Goes through a proxy.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.options.proxy = Some(proxy);
        self
    }

    /// See [`ConnectOptions::skip_negotiation`].
    pub fn skip_negotiation(mut self) -> Self {
        self.options.skip_negotiation = true;
        self
    }

    /// See [`ConnectOptions::stateful`].
    pub fn stateful_reconnect(mut self, settings: StatefulReconnect) -> Self {
        self.options.stateful = Some(settings);
        self
    }

    /// See [`MachineConfig::keep_alive`](crate::client::MachineConfig::keep_alive).
    pub fn keep_alive(mut self, interval: Duration) -> Self {
        self.options.machine.keep_alive = interval;
        self
    }

    /// See [`MachineConfig::server_timeout`](crate::client::MachineConfig::server_timeout).
    pub fn server_timeout(mut self, timeout: Duration) -> Self {
        self.options.machine.server_timeout = timeout;
        self
    }

    /// See [`MachineConfig::handshake_timeout`](crate::client::MachineConfig::handshake_timeout).
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.options.machine.handshake_timeout = timeout;
        self
    }

    /// Speaks this protocol; JSON without it.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.options.machine.protocol = protocol;
        self
    }

    /// See [`MachineConfig::max_message_bytes`](crate::client::MachineConfig::max_message_bytes).
    pub fn max_message_bytes(mut self, limit: usize) -> Self {
        self.options.machine.max_message_bytes = limit;
        self
    }

    /// When to connect again, and when to give up.
    pub fn reconnect(mut self, policy: ReconnectPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Hears what the server calls, in the order in which it does. Any number of handlers may hear
    /// one target; names have no case. The arguments are a tuple: `|(text,): (String,)|`.
    ///
    /// A handler runs between two messages: let it hand work on and return, without blocking.
    pub fn on<A, F>(mut self, target: &str, handler: F) -> Self
    where
        A: FromArguments,
        F: Fn(A) + Send + Sync + 'static,
    {
        self.handlers.hear(target, handler);
        self
    }

    /// Answers what the server asks, beside whatever else goes on. An error's text goes to the
    /// server. One target has one answer: with two, the server is told that there were many.
    pub fn on_result<A, F, R, T, E>(mut self, target: &str, handler: F) -> Self
    where
        A: FromArguments,
        F: Fn(A) -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, E>> + Send + 'static,
        T: Serialize,
        E: fmt::Display,
    {
        self.handlers.answer(target, handler);
        self
    }

    /// Hears each change of state, none left out, before anything that follows from it.
    ///
    /// It must not block, as a handler of calls must not.
    pub fn on_state<F>(mut self, listener: F) -> Self
    where
        F: Fn(&ConnectionState) + Send + Sync + 'static,
    {
        self.listeners.push(Box::new(listener));
        self
    }

    /// Makes the connection, which does nothing before it is started. Its task runs on the tokio
    /// runtime that this is called in.
    pub fn build(self) -> HubConnection {
        let (orders, queue) = mpsc::channel(ORDERS);
        let idle = ConnectionState::Disconnected(DisconnectReason::NotStarted);
        let (state, states) = watch::channel(idle);
        let (client, clients) = watch::channel(None);
        let network = Arc::new(Notify::new());
        let supervision = Supervision {
            options: self.options,
            returns_uninvited: self.policy.returns_uninvited,
            supervisor: Supervisor::new(self.policy),
            handlers: self.handlers,
            listeners: self.listeners,
            orders: queue,
            network: Arc::clone(&network),
            state,
            client,
            dialing: None,
            live: None,
            alarm: Alarm::default(),
            starting: Vec::new(),
            reason: DisconnectReason::NotStarted,
        };
        tokio::spawn(supervision.run());
        HubConnection::new(orders, network, states, clients)
    }
}

impl From<ConnectOptions> for HubConnectionBuilder {
    /// With settings that the builder has no word for.
    fn from(options: ConnectOptions) -> Self {
        Self {
            options,
            policy: ReconnectPolicy::default(),
            handlers: Handlers::default(),
            listeners: Vec::new(),
        }
    }
}
