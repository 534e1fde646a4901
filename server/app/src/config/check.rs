//! What the types of the settings cannot express. The sizes of the wire are in
//! [`vestnik_model::limits`], and this is where the settings are compared with them.

use vestnik_mail::UnsubscribeUrl;
use vestnik_model::limits;

use super::{Config, limit::MAX_WEBHOOKS};

/// The fewest bytes of headers that hyper can be limited to.
const MIN_HEADER_BYTES: usize = 8 * 1_024;

/// A setting and the range that it must be in.
struct Range {
    field: &'static str,
    value: u64,
    least: u64,
    most: u64,
}

/// Finds the first setting that cannot be used: its name and what it must be.
pub(super) fn check(config: &Config) -> Result<(), (&'static str, String)> {
    let mut ranges = sizes(config).into_iter().chain(counts(config));
    if let Some(range) = ranges.find(|range| !(range.least..=range.most).contains(&range.value)) {
        return Err((range.field, range.words()));
    }
    let others = [
        (
            config.outbound.reach().is_ok(),
            "outbound.listed",
            "must be hosts such as push.internal, push.internal:8443 or [::1]:8443",
        ),
        (
            config.public_url.as_deref().is_none_or(is_public_url),
            "public_url",
            "must be an https address of at most 200 characters, as https://push.shop.example",
        ),
        (
            !config.database.as_os_str().is_empty(),
            "database",
            "must not be empty",
        ),
        (
            config.tokens.refresh_seconds > config.tokens.access_seconds,
            "tokens.refresh_seconds",
            "must be more than tokens.access_seconds",
        ),
        (
            config.secrets.key_file.is_none() || config.secrets.key.is_none(),
            "secrets.key_file",
            "must not be set together with VESTNIK_SECRETS_KEY",
        ),
    ];
    match others.into_iter().find(|(holds, ..)| !holds) {
        Some((_, field, detail)) => Err((field, detail.to_owned())),
        None => Ok(()),
    }
}

/// Whether a path can follow behind an address, in a header of a letter.
fn is_public_url(url: &str) -> bool {
    url.len() <= 200 && !url.contains(['?', '#']) && UnsubscribeUrl::parse(url).is_ok()
}

fn sizes(config: &Config) -> [Range; 5] {
    let bounds = config.limits;
    [
        size(
            "limits.body_bytes",
            bounds.body_bytes,
            limits::PUBLISH_BYTES.max(limits::REPORT_BYTES),
            usize::MAX,
        ),
        size(
            "limits.batch_bytes",
            bounds.batch_bytes,
            limits::PUBLISH_BYTES,
            64 * 1_024 * 1_024,
        ),
        size(
            "limits.hub_message_bytes",
            bounds.hub_message_bytes,
            limits::MIN_HUB_MESSAGE_BYTES,
            usize::MAX,
        ),
        size(
            "limits.page_bytes",
            bounds.page_bytes,
            limits::MIN_PAGE_BYTES,
            limits::MAX_PAGE_BYTES,
        ),
        size(
            "limits.header_bytes",
            bounds.header_bytes,
            MIN_HEADER_BYTES,
            1_024 * 1_024,
        ),
    ]
}

fn counts(config: &Config) -> [Range; 19] {
    let (bounds, feed) = (config.limits, config.feed);
    [
        number("tokens.access_seconds", config.tokens.access_seconds, 30),
        number(
            "audiences.upload_seconds",
            config.audiences.upload_seconds,
            1,
        ),
        number("limits.request_seconds", bounds.request_seconds, 1),
        number("limits.header_seconds", bounds.header_seconds, 1),
        number("limits.idle_seconds", bounds.idle_seconds, 1),
        number(
            "limits.streams_per_connection",
            bounds.streams_per_connection,
            1,
        ),
        at_least_one(
            "audiences.uploads_per_app",
            config.audiences.uploads_per_app,
        ),
        at_least_one("limits.connections", bounds.connections),
        at_least_one("limits.operation_connections", bounds.operation_connections),
        at_least_one("rates.principals", config.rates.principals),
        at_least_one("feed.connections", feed.connections),
        at_least_one(
            "feed.connections_per_installation",
            feed.connections_per_installation,
        ),
        at_least_one("feed.workers", feed.workers),
        at_least_one("feed.watches", feed.watches),
        at_least_one("feed.watches_per_app", feed.watches_per_app),
        at_least_one("feed.watches_per_key", feed.watches_per_key),
        Range {
            field: "delivery.recheck_millis",
            value: config.delivery.recheck_millis,
            least: 10,
            most: u64::MAX,
        },
        number("delivery.keep_days", config.delivery.keep_days, 1),
        Range {
            field: "limits.webhooks_per_app",
            value: u64::from(bounds.webhooks_per_app),
            least: 0,
            most: u64::from(MAX_WEBHOOKS),
        },
    ]
}

fn number(field: &'static str, value: u32, least: u64) -> Range {
    Range {
        field,
        value: u64::from(value),
        least,
        most: u64::MAX,
    }
}

fn at_least_one(field: &'static str, value: usize) -> Range {
    size(field, value, 1, usize::MAX)
}

fn size(field: &'static str, value: usize, least: usize, most: usize) -> Range {
    let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Range {
        field,
        value: wide(value),
        least: wide(least),
        most: wide(most),
    }
}

impl Range {
    fn words(&self) -> String {
        if self.value < self.least {
            format!("must be at least {}", self.least)
        } else {
            format!("must be at most {}", self.most)
        }
    }
}
