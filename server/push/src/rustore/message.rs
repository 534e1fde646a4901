//! The body of a request to `RuStore`: data only, as for FCM on Android.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    parcel::{self, MEMBER},
    push::Push,
};

/// The longest time to live that is asked for: four weeks. `RuStore` documents no bound.
pub const MAX_TTL_SECONDS: u64 = 28 * 24 * 60 * 60;

#[derive(Serialize)]
pub(super) struct Body<'a> {
    message: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    token: &'a str,
    data: BTreeMap<&'static str, String>,
    android: Android,
}

#[derive(Serialize)]
struct Android {
    ttl: String,
}

impl<'a> Body<'a> {
    pub(super) fn new(push: &Push, token: &'a str, ttl: u64) -> Result<Self, serde_json::Error> {
        Ok(Self {
            message: Message {
                token,
                data: BTreeMap::from([(MEMBER, parcel::text(push)?)]),
                android: Android {
                    ttl: format!("{ttl}s"),
                },
            },
        })
    }
}
