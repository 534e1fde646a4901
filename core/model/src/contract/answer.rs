//! Answers: a result, or a problem in the hub's spelling.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{
    loose::Loose,
    open::{Open, readable, readable_list},
    problem::{FieldProblem, Problem, ProblemCode, hub_pointer},
};

/// A result, or the reason why the request was refused. Read with `problem` first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer<T> {
    /// The request was refused and changed nothing.
    Refused {
        /// Why.
        problem: HubProblem,
    },
    /// The result.
    Done(T),
}

impl<T> Answer<T> {
    /// The result or the problem.
    ///
    /// # Errors
    /// The problem of a refused request.
    pub fn into_result(self) -> Result<T, HubProblem> {
        match self {
            Self::Refused { problem } => Err(problem),
            Self::Done(value) => Ok(value),
        }
    }
}

/// A result with a `problem` is a refusal, whatever else can be read of it.
impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Answer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Loose(value) = Loose::deserialize(deserializer)?;
        match value.get("problem").filter(|problem| !problem.is_null()) {
            Some(problem) => HubProblem::deserialize(problem)
                .map(|problem| Self::Refused { problem })
                .map_err(D::Error::custom),
            None => T::deserialize(value)
                .map(Self::Done)
                .map_err(D::Error::custom),
        }
    }
}

/// Why a hub request was refused. Pointers use the hub's spelling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {detail}")]
#[serde(rename_all = "camelCase")]
pub struct HubProblem {
    /// What a program switches on: a code of [`ProblemCode`](crate::ProblemCode), an open set.
    #[serde(default)]
    pub code: String,
    /// What is wrong this time, for a person.
    #[serde(default)]
    pub detail: String,
    /// The fields at fault.
    #[serde(
        default,
        deserialize_with = "readable_list::<256, _, _>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub errors: Vec<FieldProblem>,
    /// In how many seconds it is worth trying again, when it is.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub retry_after: Option<u32>,
}

impl HubProblem {
    /// The code, known or not.
    #[must_use]
    pub fn open_code(&self) -> Open<ProblemCode> {
        Open::read(&self.code)
    }
}

/// The same problem in the hub's spelling.
impl From<Problem> for HubProblem {
    fn from(problem: Problem) -> Self {
        let Problem {
            kind: _,
            title: _,
            status: _,
            code,
            detail,
            errors,
            retry_after,
        } = problem;
        let spelled = |error: FieldProblem| FieldProblem {
            pointer: hub_pointer(&error.pointer),
            ..error
        };
        Self {
            code: code.as_str().to_owned(),
            detail: respelled(&detail, &errors),
            errors: errors.into_iter().map(spelled).collect(),
            retry_after,
        }
    }
}

/// The detail of an invalid request begins with the first pointer.
fn respelled(detail: &str, errors: &[FieldProblem]) -> String {
    errors
        .first()
        .and_then(|first| Some((first, detail.strip_prefix(&first.pointer)?)))
        .map_or_else(
            || detail.to_owned(),
            |(first, rest)| hub_pointer(&first.pointer) + rest,
        )
}

/// A result without content: an empty object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}
