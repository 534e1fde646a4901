//! `?limit=` and `?cursor=` of lists.

use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use serde::Deserialize;
use vestnik_model::{FieldProblem, NotificationId, Problem, problem::FieldCode};
use vestnik_store::{DeliveryPlace, PageQuery};

use crate::refusal::Refusal;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The page that a request asks for, of a list whose cursors are places of one kind: a cursor of another
/// list is refused.
pub(crate) struct PageParams<Place> {
    pub(crate) page: PageQuery<Place>,
}

impl PageParams<DeliveryPlace> {
    /// The page, of the deliveries of a notification.
    ///
    /// # Errors
    /// The cursor is one of another notification's deliveries.
    pub(crate) fn of(self, id: NotificationId) -> Result<PageQuery<DeliveryPlace>, Refusal> {
        match self.page.after {
            Some(place) if place.notification != id => Err(wrong_cursor()),
            Some(_) | None => Ok(self.page),
        }
    }
}

/// The id of an API key, as a cursor.
#[derive(Debug)]
pub(crate) struct KeyId(String);

impl PageParams<KeyId> {
    /// The page, of keys.
    pub(crate) fn of_keys(self) -> PageQuery<String> {
        PageQuery {
            after: self.page.after.map(|KeyId(id)| id),
            limit: self.page.limit,
        }
    }
}

impl FromStr for KeyId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hex && (1..=64).contains(&text.len()))
            .then(|| Self(text.to_owned()))
            .ok_or(())
    }
}

impl<Place: FromStr, S: Send + Sync> FromRequestParts<S> for PageParams<Place> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Query(wire) = Query::<Wire>::from_request_parts(parts, state)
            .await
            .map_err(|_| {
                wrong(
                    "",
                    "limit and cursor are the only parameters, limit is a number",
                )
            })?;
        page(wire).map(|page| Self { page })
    }
}

fn page<Place: FromStr>(wire: Wire) -> Result<PageQuery<Place>, Refusal> {
    let limit = wire.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(wrong("", &format!("limit must be 1 to {MAX_LIMIT}")));
    }
    let after = wire.cursor.map(|cursor| cursor.parse()).transpose();
    let after = after.map_err(|_| wrong_cursor())?;
    Ok(PageQuery { after, limit })
}

fn wrong_cursor() -> Refusal {
    wrong("/cursor", "must be the next_cursor of a page of this list")
}

fn wrong(pointer: &str, detail: &str) -> Refusal {
    let problem = FieldProblem::new(pointer, FieldCode::OutOfRange, detail);
    Problem::invalid(vec![problem]).into()
}

#[cfg(test)]
mod tests {
    use vestnik_store::NotificationPlace;

    use super::*;

    fn wire(cursor: &str) -> Wire {
        Wire {
            limit: None,
            cursor: Some(cursor.to_owned()),
        }
    }

    #[test]
    fn a_cursor_belongs_to_its_list() {
        let (notification, delivery) = ("p7", "p7_ntf_0192f0c1000070008000000000000001");
        assert!(page::<NotificationPlace>(wire(notification)).is_ok());
        assert!(page::<NotificationPlace>(wire(delivery)).is_err());
        assert!(page::<DeliveryPlace>(wire(delivery)).is_ok());
        assert!(page::<DeliveryPlace>(wire(notification)).is_err());
        assert!(page::<KeyId>(wire("0a1b2c")).is_ok());
        assert!(page::<KeyId>(wire(notification)).is_err());
        let id = |text: &str| text.parse::<NotificationId>().unwrap();
        let of = |text| {
            let page = page::<DeliveryPlace>(wire(delivery)).unwrap();
            PageParams { page }.of(id(text)).is_ok()
        };
        assert!(of("ntf_0192f0c1000070008000000000000001"));
        assert!(!of("ntf_0192f0c1000070008000000000000002"), "of another's");
    }
}
