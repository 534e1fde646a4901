//! Messages by gateways: a try goes to the first provider of the App's account that takes it.
//!
//! Before anything is written, the start of the try is noted with the provider ([`super::turn`]): a server that dies
//! afterwards knows who may have the message. Which provider is asked is [`order`]'s decision.

mod deadline;
mod known;
mod lane;
mod message;
mod order;
mod pace;
mod receipts;
mod smpp;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::join_all;
use vestnik_clock::Clock;
use vestnik_gateway::{Message, Order};
use vestnik_model::{
    AppId, Channel, GatewayName, ProviderName, open::Word as _, route, view::ProviderFinding,
};
use vestnik_outbound::{Reach, TrustError, Writing};
use vestnik_rules::{
    attempt::Outcome,
    cascade::Target,
    gateway::{Choice, Recipient, message_hash},
    patience::unsent,
};
use vestnik_store::{
    Store, StoreError,
    dispatch::{Begun, Tried, TryStart},
    tenants::StoredProvider,
};

use self::{
    deadline::Deadline,
    known::{Before, Found, KnownRoutes, Place},
    lane::{Admitted, Lane},
    message::message,
    order::{Next, Walk, over},
    receipts::Whose,
    smpp::Sessions,
};
pub(crate) use self::{lane::ONE_MESSAGE, smpp::ONE_MESSAGE as ONE_SHORT_MESSAGE};
use super::{account::Unusable, turn::started};
use crate::{config::Config, credential::secret::sha256, refusal::chain};

/// Sends messages by gateways. Cheap to clone.
#[derive(Clone)]
pub(crate) struct GatewaySender {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    reach: Arc<Reach>,
    sessions: Sessions,
    /// Where gateways reach this server, if they do.
    public_url: Option<Arc<str>>,
    routes: Arc<Mutex<KnownRoutes>>,
}

/// The accounts of an App with its gateways.
pub(super) type Routes = BTreeMap<GatewayName, Result<Arc<Route>, Unusable>>;

/// The account of an App with a gateway.
pub(crate) struct Route {
    app: AppId,
    gateway: GatewayName,
    /// The hash of the account as text.
    account: [u8; 32],
    lanes: Vec<Lane>,
    order: Order,
}

impl Route {
    /// What a message is found by when a provider reports of it.
    fn hash_of(&self, lane: &Lane, id: Option<&str>) -> Option<[u8; 32]> {
        Some(message_hash(&self.app, self.gateway, lane.name(), id?))
    }

    /// The providers in the order in which they are tried for a message.
    fn in_order(&self, message: &Message<'_>) -> Vec<&Lane> {
        let mut lanes: Vec<_> = self.lanes.iter().collect();
        match self.order {
            Order::Written => {}
            Order::Price => {
                lanes
                    .sort_by_key(|lane| lane.price(message).map_or(u64::MAX, |price| price.micros));
            }
        }
        lanes
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("gateway", &self.gateway)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for GatewaySender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewaySender").finish_non_exhaustive()
    }
}

/// Why there is no provider at whose webhook requests come in.
#[derive(Debug)]
pub(crate) enum NoProvider {
    /// The App has no such provider.
    Unknown,
    /// Its account cannot be read now.
    Unreadable,
    /// The store fails.
    Store(StoreError),
}

impl GatewaySender {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, config: &Config) -> Self {
        // It was checked with the other settings.
        let reach = config.outbound.reach().unwrap_or_default();
        let public_url = config.public_url.as_deref();
        let reach = Arc::new(reach);
        Self {
            sessions: Sessions::new((&store, Arc::clone(&clock)), Arc::clone(&reach)),
            store,
            clock,
            reach,
            public_url: public_url.map(|url| url.trim_end_matches('/').into()),
            routes: Arc::default(),
        }
    }

    /// The webhook of a provider.
    fn callback(&self, of: &Route, provider: ProviderName) -> Option<String> {
        let base = self.public_url.as_deref()?;
        let names = [of.app.as_str(), of.gateway.as_str(), provider.as_str()];
        let path = names.iter().fold(route::GATEWAY.to_owned(), |path, name| {
            route::with(&path, name)
        });
        Some(format!("{base}{path}"))
    }

    /// The accounts of an App with gateways.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be loaded.
    pub(super) async fn routes(&self, app: &AppId) -> Result<Routes, StoreError> {
        let mut routes = BTreeMap::new();
        for view in self.store.providers(app.clone()).await? {
            if let Some(Channel::Gateway(gateway)) = view.channel.known() {
                let route = self.route(app, gateway).await?;
                routes.insert(gateway, route);
            }
        }
        Ok(routes)
    }

    /// The account of an App with a gateway, or why there is none.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be loaded.
    async fn route(
        &self,
        app: &AppId,
        gateway: GatewayName,
    ) -> Result<Result<Arc<Route>, Unusable>, StoreError> {
        let key = (app.clone(), gateway);
        let before = self.known_routes().before(&key);
        let provider = self.store.provider(app.clone(), Channel::Gateway(gateway));
        Ok(match provider.await? {
            Some(StoredProvider::Readable(provider)) => {
                self.known(key, Some(provider.account), before)
            }
            Some(StoredProvider::Unreadable) => self.known(key, None, before),
            None => Err(Unusable::NoRoute),
        })
    }

    /// A provider of an App's account with a gateway, if it is spoken to over HTTP.
    ///
    /// # Errors
    /// [`NoProvider`] if there is none, or it cannot be told.
    pub(crate) async fn provider(
        &self,
        app: &AppId,
        gateway: GatewayName,
        name: ProviderName,
    ) -> Result<vestnik_gateway::Provider, NoProvider> {
        let route = self.usable(app, gateway).await?;
        let mut lanes = route.lanes.iter();
        let lane = lanes.find(|lane| lane.name() == name);
        let provider = lane.and_then(Lane::provider).cloned();
        provider.ok_or(NoProvider::Unknown)
    }

    /// The first provider of an App's account with a gateway, which is the only one if it sends to chats.
    ///
    /// # Errors
    /// [`NoProvider`] if there is none, or it cannot be told.
    pub(crate) async fn first_provider(
        &self,
        app: &AppId,
        gateway: GatewayName,
    ) -> Result<vestnik_gateway::Provider, NoProvider> {
        let route = self.usable(app, gateway).await?;
        let first = route.lanes.first().and_then(Lane::provider);
        first.cloned().ok_or(NoProvider::Unknown)
    }

    async fn usable(&self, app: &AppId, gateway: GatewayName) -> Result<Arc<Route>, NoProvider> {
        let route = self.route(app, gateway).await.map_err(NoProvider::Store)?;
        route.map_err(|unusable| match unusable {
            Unusable::NoRoute => NoProvider::Unknown,
            Unusable::Unreadable => NoProvider::Unreadable,
        })
    }

    fn known_routes(&self) -> MutexGuard<'_, KnownRoutes> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is made of an account, which is kept unless it was forgotten since it began to be loaded.
    fn known(&self, place: Place, text: Option<String>, before: Before) -> Found {
        let mut routes = self.known_routes();
        if let Some(found) = routes.find(&place, text.as_deref()) {
            return found;
        }
        let route = self.read(&place, text.as_deref()).map(Arc::new);
        routes.keep(place, (text, route.clone()), before);
        route
    }

    /// Reads a stored account, whose text is absent if it cannot be opened.
    fn read(
        &self,
        (app, gateway): &(AppId, GatewayName),
        text: Option<&str>,
    ) -> Result<Route, Unusable> {
        let text = text.unwrap_or_default();
        let account = vestnik_gateway::Account::parse(text);
        let account = account.map_err(|_| Unusable::Unreadable).inspect_err(|_| {
            tracing::error!(%app, %gateway, "the stored account with a gateway cannot be read: messages wait for another one");
        })?;
        let whose = Whose {
            app: app.clone(),
            gateway: *gateway,
        };
        let lanes = self.lanes(&account, &whose).map_err(|error| {
            tracing::warn!(%app, %gateway, %error, "a gateway cannot be used");
            Unusable::NoRoute
        })?;
        Ok(Route {
            app: app.clone(),
            gateway: *gateway,
            account: sha256(text.as_bytes()),
            lanes,
            order: account.order(),
        })
    }

    fn lanes(
        &self,
        account: &vestnik_gateway::Account,
        whose: &Whose,
    ) -> Result<Vec<Lane>, TrustError> {
        let carriers = account.carriers();
        carriers
            .map(|carrier| Lane::new(carrier, &self.reach, (&self.sessions, whose)))
            .collect()
    }

    /// Has the next message use the account that is stored by then. Sessions of the former one end.
    pub(crate) fn forget(&self, app: &AppId, channel: &str) {
        if let Some(channel) = Channel::from_word(channel) {
            self.forgetter()(app, channel);
        }
    }

    /// What forgets the account of an App. Requests on their way end with what they began with.
    pub(crate) fn forgetter(&self) -> impl Fn(&AppId, Channel) + Send + Sync + use<> {
        let routes = Arc::clone(&self.routes);
        move |app, channel| {
            if let Channel::Gateway(gateway) = channel {
                let mut routes = routes.lock().unwrap_or_else(PoisonError::into_inner);
                routes.forget(&(app.clone(), gateway));
            }
        }
    }

    /// Ends the sessions with message centres, once nothing is sent any more.
    pub(crate) async fn stop(&self) {
        let known: Vec<_> = {
            let routes = self.known_routes();
            routes.usable().map(|(_, route)| route).collect()
        };
        let lanes = known.iter().flat_map(|route| &route.lanes);
        join_all(lanes.map(Lane::stop)).await;
    }

    /// What the providers of an account say of it, in their order. No message is sent to anyone.
    ///
    /// # Errors
    /// [`TrustError`] if the certificates of one cannot be used.
    pub(crate) async fn check(
        &self,
        app: &AppId,
        account: &vestnik_gateway::Account,
    ) -> Result<Vec<ProviderFinding>, TrustError> {
        let known: Vec<_> = {
            let routes = self.known_routes();
            let own = routes.usable().filter(|(of, _)| *of == app);
            own.map(|(_, route)| route).collect()
        };
        let own: Vec<_> = known.iter().flat_map(|route| &route.lanes).collect();
        let mut findings = Vec::new();
        for carrier in account.carriers() {
            findings.push(lane::check(carrier, &self.reach, (&self.sessions, &own)).await?);
        }
        Ok(findings)
    }

    /// A try that is sent now, for which there is no answer yet.
    pub(super) fn unanswered(&self, begun: &Begun, gateway: GatewayName, to: &Recipient) -> Tried {
        Tried {
            sends: begun.sends,
            user: begun.user.clone(),
            target: Target::Gateway(gateway),
            address: to.hash(),
            lease_until: begun.lease_until,
            began_at: self.clock.now(),
            outcome: Outcome::Unproven,
            collapses: false,
            moved: None,
            message: None,
            said: None,
            cost: None,
            passed_over: Vec::new(),
            sign: None,
        }
    }

    /// Makes one try.
    pub(super) async fn send(
        &self,
        route: Result<&Route, Unusable>,
        (begun, gateway, to): (&Begun, GatewayName, &Recipient),
        writing: &Writing,
    ) -> Tried {
        let tried = self.unanswered(begun, gateway, to);
        match route {
            Ok(route) => self.walk(route, (begun, to), tried, writing).await,
            Err(unusable) => unusable.ends(tried),
        }
    }

    async fn walk(
        &self,
        route: &Route,
        (begun, to): (&Begun, &Recipient),
        mut tried: Tried,
        writing: &Writing,
    ) -> Tried {
        let message = message(begun, to);
        let lanes = route.in_order(&message);
        let names = lanes.iter().map(|lane| lane.name()).collect();
        let (mut walk, mut before) = (Walk::new(names, begun.provider), None);
        let Some(deadline) = Deadline::of(begun.lease_until, &*self.clock) else {
            return over(tried, unsent());
        };
        loop {
            let number = match walk.next() {
                Next::Ask(number) => number,
                Next::Over(outcome) => return over(tried, outcome),
            };
            let Some(lane) = lanes.get(number) else {
                return over(tried, unsent());
            };
            if !deadline.has_time(lane.takes(), &*self.clock) {
                return over(tried, walk.late());
            }
            let Admitted { sent, place } = match lane.admit(to.hash(), &*self.clock).await {
                Ok(admitted) => admitted,
                Err(fate) if fate.goes_on => {
                    walk.pass(number, fate.outcome);
                    tried.passed_over = walk.passed_over();
                    continue;
                }
                Err(fate) => return over(tried, fate.outcome),
            };
            let goes = (lane.name(), before);
            let has_time = deadline.has_time(lane.takes(), &*self.clock);
            if !has_time || !self.starts(route, (begun, &tried), goes).await {
                lane.give_back(sent);
                // What was asked before does not have it.
                return over(tried, if has_time { unsent() } else { walk.late() });
            }
            // To note that may have taken longer than it usually does.
            let left = lane.takes().saturating_sub(lane::NOTING);
            if !deadline.has_time(left, &*self.clock) {
                lane.give_back(sent);
                return over(tried, walk.late());
            }
            before = Some(lane.name());
            tried.collapses = lane.collapses();
            let callback = self.callback(route, lane.name());
            let with_callback = Message {
                callback: callback.as_deref(),
                ..message
            };
            let with = (&*self.clock, writing);
            let answered = lane.ask(place, &with_callback, with, deadline).await;
            lane.on(&answered.fate, sent, &*self.clock);
            tried.said = answered.said.or(tried.said);
            if !answered.fate.goes_on {
                tried.cost = answered.cost.or_else(|| lane.price(&message));
                tried.message = route.hash_of(lane, answered.message.as_deref());
                return over(tried, answered.fate.outcome);
            }
            // Nothing of it is kept there.
            writing.take_back();
            walk.pass(number, answered.fate.outcome);
            tried.passed_over = walk.passed_over();
        }
    }

    /// Whether the App still has the account: it may have been deleted or replaced while a try waited for its turn.
    async fn is_current(&self, route: &Route) -> bool {
        match self.route(&route.app, route.gateway).await {
            Ok(Ok(stored)) => stored.account == route.account,
            Ok(Err(_)) => false,
            Err(error) => {
                let (app, gateway, error) = (&route.app, route.gateway, chain(&error));
                tracing::warn!(%app, %gateway, error, "the account with a gateway cannot be loaded: a try is made later");
                false
            }
        }
    }

    /// Notes that a try starts with a provider, in the place of the one before; tells whether it is to be made. It is
    /// not if the account is not the App's any more.
    async fn starts(
        &self,
        route: &Route,
        (begun, tried): (&Begun, &Tried),
        (provider, instead_of): (ProviderName, Option<ProviderName>),
    ) -> bool {
        if !self.is_current(route).await {
            return false;
        }
        let of = (&route.app, begun.notification.id);
        let start = TryStart::of(of, tried, self.clock.now());
        let choice = Choice {
            provider,
            instead_of,
        };
        started(&*self.store, start.by(choice)).await
    }
}
