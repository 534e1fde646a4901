//! What a device can ask for, as a name that orders and the journal go by.

use vestnik_model::{contract::server, route};

/// What a device asks for: a REST route, a step of opening the hub, or a method of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    /// `POST /v1/token`: a login or a refresh.
    Token,
    /// `PUT /v1/installations/{id}`.
    Register,
    /// `DELETE /v1/installations/{id}`: a logout.
    Forget,
    /// `POST /hub/negotiate`.
    Negotiate,
    /// `GET /hub`: the WebSocket's upgrade.
    Upgrade,
    /// The first message of a hub connection.
    Handshake,
    /// The hub method `Hello`.
    Hello,
    /// The hub method `Sync`.
    Sync,
    /// The hub method `Report`.
    Report,
    /// The hub method `UpdateState`.
    UpdateState,
    /// The hub method `Subscribe`.
    Subscribe,
    /// The hub method `Unsubscribe`.
    Unsubscribe,
    /// Anything else, which is answered by 404 or an error.
    Other,
}

impl Route {
    /// Those that a device passes on its way online, in order.
    pub const WAY_ONLINE: [Self; 6] = [
        Self::Token,
        Self::Negotiate,
        Self::Upgrade,
        Self::Handshake,
        Self::Hello,
        Self::Sync,
    ];

    /// The route of an HTTP request. Only the end of the path counts, so that a server behind a path of
    /// its own is reached too.
    pub(super) fn of_request(method: &str, target: &str) -> Self {
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        let is_installation = installation(path).is_some();
        match method {
            "POST" if path.ends_with(route::TOKEN) => Self::Token,
            "PUT" if is_installation => Self::Register,
            "DELETE" if is_installation => Self::Forget,
            "POST" if path.ends_with(&format!("{}/negotiate", route::HUB)) => Self::Negotiate,
            "GET" if path.ends_with(route::HUB) => Self::Upgrade,
            _ => Self::Other,
        }
    }

    /// The route of a hub method; names have no case.
    pub(super) fn of_call(target: &str) -> Self {
        let known = [
            (server::HELLO, Self::Hello),
            (server::SYNC, Self::Sync),
            (server::REPORT, Self::Report),
            (server::UPDATE_STATE, Self::UpdateState),
            (server::SUBSCRIBE, Self::Subscribe),
            (server::UNSUBSCRIBE, Self::Unsubscribe),
        ];
        let found = known
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(target));
        found.map_or(Self::Other, |(_, route)| route)
    }
}

/// The installation's id in a path, if it is the path of one.
pub(super) fn installation(path: &str) -> Option<&str> {
    let (before, _) = route::INSTALLATION.split_once('{')?;
    let (_, id) = path.rsplit_once(before)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}
