//! Paths of the REST interface and the hub.

/// The hub.
pub const HUB: &str = "/hub";
/// Logs an installation in and renews its tokens: `POST`.
pub const TOKEN: &str = "/v1/token";
/// Publishes: `POST`; lists: `GET`.
pub const NOTIFICATIONS: &str = "/v1/notifications";
/// Publishes many at once: `POST`.
pub const BATCH: &str = "/v1/notifications:batch";
/// What a publish request would come to: `POST`.
pub const PREVIEW: &str = "/v1/notifications:preview";
/// One notification with its counters: `GET`.
pub const NOTIFICATION: &str = "/v1/notifications/{id}";
/// Stops what was not handed over yet: `POST`.
pub const CANCEL: &str = "/v1/notifications/{id}:cancel";
/// Notifies nobody further until it is resumed: `POST`.
pub const PAUSE: &str = "/v1/notifications/{id}:pause";
/// Lets a notification that was paused go on: `POST`.
pub const RESUME: &str = "/v1/notifications/{id}:resume";
/// Withdraws a notification: `POST`.
pub const RECALL: &str = "/v1/notifications/{id}:recall";
/// Tries anew what was lost of a notification: `POST`.
pub const RETRY: &str = "/v1/notifications/{id}:retry";
/// Its deliveries, in pages: `GET`.
pub const DELIVERIES: &str = "/v1/notifications/{id}/deliveries";
/// One delivery: `GET`.
pub const DELIVERY: &str = "/v1/deliveries/{id}";
/// The tries of one delivery: `GET`.
pub const ATTEMPTS: &str = "/v1/deliveries/{id}/attempts";
/// What became of one delivery, in words: `GET`.
pub const EXPLAIN_DELIVERY: &str = "/v1/deliveries/{id}/explain";
/// What became of a notification to the user of the query, in words: `GET`.
pub const EXPLAIN: &str = "/v1/notifications/{id}/explain";
/// An installation's whole state: `PUT`, `GET`; logs it out: `DELETE`.
pub const INSTALLATION: &str = "/v1/installations/{id}";
/// Reports receipts: `POST`.
pub const RECEIPTS: &str = "/v1/receipts";
/// A topic: `PUT`, `GET`, `DELETE`.
pub const TOPIC: &str = "/v1/topics/{topic}";
/// A user's subscription to a topic: `PUT`, `DELETE`.
pub const SUBSCRIBER: &str = "/v1/topics/{topic}/subscribers/{user}";
/// Audiences that are uploaded as files: `POST`, `GET`.
pub const AUDIENCES: &str = "/v1/audiences";
/// One of them: `GET`, `DELETE`; `PATCH` appends to its file.
pub const AUDIENCE: &str = "/v1/audiences/{id}";
/// The lines of its file that name nobody, in pages: `GET`.
pub const AUDIENCE_PROBLEMS: &str = "/v1/audiences/{id}/problems";
/// What is known of a user: `PUT`, `GET`; `DELETE` erases them.
pub const USER: &str = "/v1/users/{user}";
/// Ends all sessions of a user: `POST`.
pub const LOG_USER_OUT: &str = "/v1/users/{user}:log_out";
/// The installations that a user is logged in on: `GET`.
pub const USER_INSTALLATIONS: &str = "/v1/users/{user}/installations";
/// Where a user gets e-mail: `PUT`, `GET`, `DELETE`.
pub const USER_EMAIL: &str = "/v1/users/{user}/email";
/// Where a user gets messages of a messenger: `PUT`, `GET`, `DELETE`.
pub const USER_CHAT: &str = "/v1/users/{user}/chats/{gateway}";
/// Makes a link by which a user opens a chat: `POST`.
pub const USER_CHAT_LINK: &str = "/v1/users/{user}/chats/{gateway}:link";
/// What a user does not want: `PUT`, `GET`.
pub const USER_PREFERENCES: &str = "/v1/users/{user}/preferences";
/// What the user of an installation does not want: `PUT`, `GET`.
pub const PREFERENCES: &str = "/v1/preferences";
/// Where the reader of a letter unsubscribes.
pub const UNSUBSCRIBE: &str = "/v1/unsubscribe/{link}";
/// Where a gateway reports what became of messages, and what happened to chats: `POST`, and `GET` for a handshake.
pub const GATEWAY: &str = "/v1/gateways/{app}/{gateway}/{provider}";
/// Where Huawei reports what became of pushes: `POST`.
pub const PUSH_RECEIPTS: &str = "/v1/push-receipts/{app}/{channel}";
/// Imports push addresses that an App had collected before: `POST`.
pub const IMPORT_ADDRESSES: &str = "/v1/push-addresses:import";
/// What holds for every user of the App: `PUT`, `GET`.
pub const SETTINGS: &str = "/v1/settings";
/// What the messages of the month of the query cost and saved: `GET`.
pub const COSTS: &str = "/v1/costs";
/// Takes what comes to where bounces of letters go: `POST`.
pub const BOUNCES: &str = "/v1/email/bounces";
/// API keys: `GET`, `POST`.
pub const KEYS: &str = "/v1/keys";
/// One API key: `DELETE`.
pub const KEY: &str = "/v1/keys/{id}";
/// The push services at which the App has credentials: `GET`.
pub const PROVIDERS: &str = "/v1/providers";
/// The credentials of the App at a push service: `PUT`, `DELETE`, and `POST` with `:check` behind it.
pub const PROVIDER: &str = "/v1/providers/{channel}";
/// Keys by which the App's backend signs identity tokens: `PUT`, `DELETE`.
pub const IDENTITY_KEY: &str = "/v1/identity-keys/{kid}";
/// What happened to notifications, oldest first: `GET`, waiting if asked to.
pub const EVENTS: &str = "/v1/events";
/// The addresses that an App's events are sent to: `GET`, `POST`.
pub const WEBHOOKS: &str = "/v1/webhooks";
/// One of them: `GET`, `PATCH`, `DELETE`, and `POST` with `:enable`, `:disable`, `:rotate`, `:test` or
/// `:replay` behind it.
pub const WEBHOOK: &str = "/v1/webhooks/{id}";
/// Takes a message of a broadcast worker to devices: `POST`.
pub const SEND_MESSAGES_PUSH: &str = "/compat/broadcast/send_messages_push";
/// Takes a message of a broadcast worker to mailboxes: `POST`.
pub const SEND_MESSAGES_EMAIL: &str = "/compat/broadcast/send_messages_email";
/// The OpenAPI document: `GET`.
pub const OPENAPI: &str = "/openapi.json";
/// Alive: `GET`.
pub const HEALTHZ: &str = "/healthz";
/// Able to take requests: `GET`.
pub const READYZ: &str = "/readyz";
/// Prometheus metrics: `GET`.
pub const METRICS: &str = "/metrics";

/// Fills the one placeholder of a route in, percent-encoded as a path segment.
#[must_use]
pub fn with(route: &str, value: &str) -> String {
    let Some((before, rest)) = route.split_once('{') else {
        return route.to_owned();
    };
    let after = rest.split_once('}').map_or("", |(_, after)| after);
    format!("{before}{}{after}", encode_segment(value))
}

fn encode_segment(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_one_at_a_time() {
        assert_eq!(with(NOTIFICATION, "ntf_1"), "/v1/notifications/ntf_1");
        let subscriber = with(&with(SUBSCRIBER, "a/b"), "Анна");
        assert_eq!(
            subscriber,
            "/v1/topics/a%2Fb/subscribers/%D0%90%D0%BD%D0%BD%D0%B0"
        );
    }
}
