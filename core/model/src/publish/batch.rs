//! Many publish requests at once.

use serde::{Deserialize, Serialize};

use super::{PublishAccepted, PublishRequest};
use crate::problem::Problem;

/// The most requests of a batch.
pub const MAX_BATCH: usize = 1_000;

/// Publish requests that are taken or refused one by one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// 1 to 1,000 of them.
    pub items: Vec<PublishRequest>,
}

/// What became of the requests of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchAnswer {
    /// How many were accepted.
    pub accepted: u64,
    /// How many were refused.
    pub refused: u64,
    /// What became of each, in the order asked.
    pub results: Vec<BatchResult>,
}

/// What became of one request of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BatchResult {
    /// It is stored.
    Accepted(PublishAccepted),
    /// It is not; the pointers begin with `/items/` and its place. One with the status 5xx may be stored:
    /// repeat it with the same key.
    Problem(Problem),
}
