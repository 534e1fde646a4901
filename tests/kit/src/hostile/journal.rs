//! What came to a hostile server.

use std::collections::BTreeMap;

use serde_json::Value;
use vestnik_model::UserId;

use super::route::Route;

/// A request or a call of a hub method.
#[derive(Debug, Clone)]
pub struct Received {
    /// What was asked for.
    pub route: Route,
    /// The number of the hub connection, for what came by one; they count from 1.
    pub connection: Option<usize>,
    /// The access token that it came with, or that its connection was opened with.
    pub token: Option<String>,
    /// Whose that token is or was.
    pub user: Option<UserId>,
    /// The path and query of a request, the target of a call.
    pub target: String,
    /// The headers of a request by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The JSON of the request's body or of the call's argument; null when it is none.
    pub body: Value,
}

/// What came to a server so far, in order.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// Requests and calls.
    pub received: Vec<Received>,
    /// The facts that the server took, each when it came first.
    pub facts: Vec<Value>,
    /// The numbers of the hub connections that have ended.
    pub ended: Vec<usize>,
}

impl Journal {
    /// What was asked of one route.
    pub fn of(&self, route: Route) -> impl DoubleEndedIterator<Item = &Received> {
        self.received.iter().filter(move |one| one.route == route)
    }

    /// How often a route was asked.
    #[must_use]
    pub fn count(&self, route: Route) -> usize {
        self.of(route).count()
    }

    /// The arguments of `Hello`.
    pub fn hellos(&self) -> impl DoubleEndedIterator<Item = &Value> {
        self.of(Route::Hello).map(|hello| &hello.body)
    }

    /// How often somebody was logged in by an identity token.
    #[must_use]
    pub fn logins(&self) -> usize {
        self.tokens("identity_token").count()
    }

    /// The refresh tokens that were presented.
    pub fn refreshes(&self) -> impl Iterator<Item = &str> {
        let requests = self.tokens("refresh_token");
        requests.filter_map(|request| request.body["refresh_token"].as_str())
    }

    fn tokens(&self, grant_type: &'static str) -> impl Iterator<Item = &Received> {
        self.of(Route::Token)
            .filter(move |request| request.body["grant_type"] == grant_type)
    }

    /// The facts of one kind that the server took, by the notification's number in the order in which
    /// they came; those that name no notification are left out.
    #[must_use]
    pub fn notifications(&self, kind: &str) -> Vec<&str> {
        let facts = self.facts.iter().filter(|fact| fact["kind"] == kind);
        facts
            .filter_map(|fact| fact["notificationId"].as_str())
            .collect()
    }
}
