//! `?limit=` and `?cursor=` of lists.

use std::marker::PhantomData;

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use serde::Deserialize;
use vestnik_model::{FieldProblem, Problem, problem::FieldCode};
use vestnik_store::PageQuery;

use crate::refusal::Refusal;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The page that a request asks for, of a list whose cursors are ids of one kind: a cursor of another
/// list is refused.
pub(crate) struct PageParams<Id> {
    pub(crate) page: PageQuery,
    of: PhantomData<fn() -> Id>,
}

/// The id of an API key, as a cursor.
#[derive(Debug)]
pub(crate) struct KeyId;

impl std::str::FromStr for KeyId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hex && (1..=64).contains(&text.len()))
            .then_some(Self)
            .ok_or(())
    }
}

impl<Id: std::str::FromStr, S: Send + Sync> FromRequestParts<S> for PageParams<Id> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Query(wire) = Query::<Wire>::from_request_parts(parts, state)
            .await
            .map_err(|_| wrong("limit and cursor are the only parameters, limit is a number"))?;
        page::<Id>(wire).map(|page| Self {
            page,
            of: PhantomData,
        })
    }
}

fn page<Id: std::str::FromStr>(wire: Wire) -> Result<PageQuery, Refusal> {
    let limit = wire.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(wrong(&format!("limit must be 1 to {MAX_LIMIT}")));
    }
    // Pages go on behind the id of their last item.
    let is_ours = |cursor: &str| cursor.parse::<Id>().is_ok();
    if wire
        .cursor
        .as_deref()
        .is_some_and(|cursor| !is_ours(cursor))
    {
        return Err(wrong(
            "cursor must be the next_cursor of a page of this list",
        ));
    }
    Ok(PageQuery {
        after: wire.cursor,
        limit,
    })
}

fn wrong(detail: &str) -> Refusal {
    Problem::invalid(vec![FieldProblem::new("", FieldCode::OutOfRange, detail)]).into()
}

#[cfg(test)]
mod tests {
    use vestnik_model::{DeliveryId, NotificationId};

    use super::*;

    fn wire(cursor: &str) -> Wire {
        Wire {
            limit: None,
            cursor: Some(cursor.to_owned()),
        }
    }

    #[test]
    fn a_cursor_belongs_to_its_list() {
        let (notification, delivery) = (
            "ntf_0192f0c1000070008000000000000001",
            "dlv_0192f0c1000070008000000000000001",
        );
        assert!(page::<NotificationId>(wire(notification)).is_ok());
        assert!(page::<NotificationId>(wire(delivery)).is_err());
        assert!(page::<DeliveryId>(wire(delivery)).is_ok());
        assert!(page::<DeliveryId>(wire(notification)).is_err());
        assert!(page::<KeyId>(wire("0a1b2c")).is_ok());
        assert!(page::<KeyId>(wire(notification)).is_err());
    }
}
