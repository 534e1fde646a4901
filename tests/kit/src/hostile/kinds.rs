//! Lists of what real networks answer, to be tried one after the other.

use super::answer::Answer;

/// Statuses that are no success, of servers, proxies, portals and content networks.
pub const STATUSES: [u16; 32] = [
    300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 413,
    415, 418, 421, 422, 425, 429, 451, 500, 501, 502, 503, 504, 599,
];

/// Successes that hold something else than what was asked for.
pub const SUCCESSES: [u16; 5] = [200, 201, 202, 204, 206];

/// The kinds of bodies of [`with_body`].
pub const BODIES: [&str; 10] = [
    "empty",
    "page",
    "object",
    "list",
    "text",
    "half an object",
    "bytes",
    "other problem",
    "problem of a later version",
    "problem without a code",
];

/// An answer with a status and a kind of body, none of which is about credentials.
#[must_use]
pub fn with_body(status: u16, kind: &str) -> Answer {
    let json = |body: &str| Answer::http(status).body("application/json", body);
    match kind {
        "page" => Answer::html(status),
        "object" => json("{}"),
        "list" => json("[]"),
        "text" => json("\"access_token\""),
        "half an object" => json("{\"access_token\": \"va_"),
        "bytes" => Answer::http(status).body("application/octet-stream", [0xff, 0, 0xfe]),
        "other problem" => Answer::problem(status, "not_found"),
        "problem of a later version" => Answer::problem(status, "weather.stormy"),
        "problem without a code" => json("{\"title\": \"Unauthorized\", \"status\": 401}"),
        _ => Answer::http(status),
    }
}

/// Values of `Retry-After` that say nothing which a device could go by.
pub const ODD_PAUSES: [&str; 8] = [
    "",
    "soon",
    "-5",
    "1.5",
    "1e9",
    "Wed, 21 Oct 2015 07:28:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "99999999999999999999999999",
];

/// Values of `Retry-After` that are numbers of seconds, and absurd.
pub const ABSURD_PAUSES: [&str; 5] = [
    "0",
    "86400",
    "1000000000",
    "9223372036854775807",
    "18446744073709551615",
];
