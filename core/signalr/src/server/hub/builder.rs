use std::{collections::BTreeMap, fmt};

use super::{
    function::HubFn,
    method::{Items, Method, Plain, Reply, plain, streaming},
};
use crate::server::{HubConfig, HubHandle, HubService};

/// The door to building a hub: see [`Hub::builder`].
#[derive(Debug)]
pub struct Hub(());

impl Hub {
    /// Begins a hub whose handlers share `state`, open to everybody.
    pub fn builder<S: Clone + Send + Sync + 'static>(state: S) -> HubBuilder<S> {
        HubBuilder::new(state, |_| Some(()))
    }

    /// Begins a hub for known callers: a layer in front puts a `U` into the request's extensions.
    ///
    /// A request without one is answered 401. Two values are equal when they
    /// are the same user, however each proved it: a connection may only be
    /// opened by the caller that negotiated it. Handlers may take
    /// [`Caller<U>`](super::Caller).
    pub fn builder_for<U, S>(state: S) -> HubBuilder<S, U>
    where
        U: Clone + PartialEq + Send + Sync + 'static,
        S: Clone + Send + Sync + 'static,
    {
        HubBuilder::new(state, |extensions| extensions.get::<U>().cloned())
    }
}

/// A hub while its handlers are being named. `S` is its state, `U` its callers.
pub struct HubBuilder<S, U = ()> {
    config: HubConfig,
    handle: HubHandle,
    caller: fn(&http::Extensions) -> Option<U>,
    methods: Methods<S, U>,
}

impl<S, U> HubBuilder<S, U>
where
    S: Clone + Send + Sync + 'static,
    U: Clone + PartialEq + Send + Sync + 'static,
{
    fn new(state: S, caller: fn(&http::Extensions) -> Option<U>) -> Self {
        Self {
            config: HubConfig::default(),
            handle: HubHandle::default(),
            caller,
            methods: Methods {
                state,
                user: None,
                admits: None,
                by_name: BTreeMap::new(),
                connected: None,
                disconnected: None,
            },
        }
    }

    /// Replaces the limits and times.
    pub fn config(mut self, config: HubConfig) -> Self {
        self.config = config;
        self
    }

    /// Uses a handle that was made earlier, so that the state itself may hold it.
    pub fn handle(mut self, handle: HubHandle) -> Self {
        self.handle = handle;
        self
    }

    /// Opens the hub to some callers only; others are answered 403 before they connect.
    ///
    /// For a single method see [`authorized`](super::authorized).
    pub fn authorize<F>(mut self, rule: F) -> Self
    where
        F: Fn(&U) -> bool + Send + Sync + 'static,
    {
        self.methods.admits = Some(Box::new(rule));
        self
    }

    /// Names the user behind a caller, so that the hub can be addressed by [`HubHandle::user`].
    ///
    /// Callers without a name are reached in other ways only.
    pub fn user<F>(mut self, name: F) -> Self
    where
        F: Fn(&U) -> Option<String> + Send + Sync + 'static,
    {
        self.methods.user = Some(Box::new(name));
        self
    }

    /// Names a handler: `async fn(…) -> Result<R, E>`. Names are compared without case.
    pub fn on<M, F>(mut self, target: &str, handler: F) -> Self
    where
        F: HubFn<M, S, U>,
        F::Output: Reply,
    {
        self.methods.insert(target, Method::Plain(plain(handler)));
        self
    }

    /// Names a streaming handler: `async fn(…) -> Result<impl Stream<Item = Result<T, E>>, E>`.
    ///
    /// The stream is dropped when the client cancels it or goes away. The handler is entered in any
    /// case, also when the client cancels the call at once.
    pub fn stream<M, F>(mut self, target: &str, handler: F) -> Self
    where
        F: HubFn<M, S, U>,
        F::Output: Items,
    {
        self.methods
            .insert(target, Method::Streaming(streaming(handler)));
        self
    }

    /// Runs a handler for each new connection before its first call; an error ends the connection.
    pub fn on_connected<M, F>(mut self, handler: F) -> Self
    where
        F: HubFn<M, S, U>,
        F::Output: Reply,
    {
        self.methods.connected = Some(plain(handler));
        self
    }

    /// Runs a handler after a connection ended and left all its keys. Its last call may still run.
    pub fn on_disconnected<M, F>(mut self, handler: F) -> Self
    where
        F: HubFn<M, S, U>,
        F::Output: Reply,
    {
        self.methods.disconnected = Some(plain(handler));
        self
    }

    /// Makes the service to mount.
    pub fn build(self) -> HubService<S, U> {
        HubService::new(self.config, self.handle, self.caller, self.methods)
    }
}

impl<S, U> fmt::Debug for HubBuilder<S, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubBuilder")
            .field("config", &self.config)
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}

/// All handlers of a hub, and the state they share.
pub(crate) struct Methods<S, U> {
    pub(crate) state: S,
    user: Option<UserName<U>>,
    admits: Option<Rule<U>>,
    /// By lower-case name.
    by_name: BTreeMap<String, Method<S, U>>,
    pub(crate) connected: Option<Plain<S, U>>,
    pub(crate) disconnected: Option<Plain<S, U>>,
}

type Rule<U> = Box<dyn Fn(&U) -> bool + Send + Sync>;
type UserName<U> = Box<dyn Fn(&U) -> Option<String> + Send + Sync>;

impl<S, U> Methods<S, U> {
    /// Says whether a caller may use the hub at all.
    pub(crate) fn admits(&self, caller: &U) -> bool {
        self.admits.as_ref().is_none_or(|rule| rule(caller))
    }

    /// Names the user behind a caller, if the hub knows how.
    pub(crate) fn user(&self, caller: &U) -> Option<String> {
        self.user.as_ref().and_then(|name| name(caller))
    }

    pub(crate) fn find(&self, target: &str) -> Option<&Method<S, U>> {
        self.by_name.get(&target.to_lowercase())
    }

    fn insert(&mut self, target: &str, method: Method<S, U>) {
        self.by_name.insert(target.to_lowercase(), method);
    }
}

impl<S, U> fmt::Debug for Methods<S, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}
