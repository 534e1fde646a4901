//! Reports of facts, the same through the hub and over REST.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    cursor::Cursor,
    fact::{Fact, FactResult, ParsedFact, read_all},
    limits::REPORT_FACTS,
    loose::Loose,
    open::readable,
    problem::{FieldCode, FieldProblem, Problem},
};

/// Facts, as a device writes them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Report {
    /// At most 500 facts and [`REPORT_BYTES`](crate::limits::REPORT_BYTES) in all. Each is read by
    /// itself: an element that is no [`Fact`] is refused alone.
    pub facts: Vec<Fact>,
    /// Where the device stands now: evidence that it has everything up to there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub cursor: Option<Cursor>,
}

/// A [`Report`], as the server reads it: what is wrong with one fact is no fault of the others.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct ReceivedReport {
    /// The facts, not read yet.
    #[serde(default, deserialize_with = "elements")]
    facts: Vec<Value>,
    /// Where the device stands now, if it says.
    #[serde(default, deserialize_with = "readable")]
    pub cursor: Option<Cursor>,
}

impl ReceivedReport {
    /// Reads the facts, each by itself and in their order; see [`read_all`].
    ///
    /// # Errors
    /// A [`Problem`] when there are more than [`REPORT_FACTS`].
    pub fn read(self) -> Result<Vec<Result<ParsedFact, FactResult>>, Problem> {
        if self.facts.len() > REPORT_FACTS {
            let detail = format!("must have at most {REPORT_FACTS} entries");
            let error = FieldProblem::new("/facts", FieldCode::TooLong, detail);
            return Err(Problem::invalid(vec![error]));
        }
        Ok(read_all(self.facts))
    }
}

fn elements<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    let facts = Vec::<Loose>::deserialize(deserializer)?;
    Ok(facts.into_iter().map(|Loose(fact)| fact).collect())
}

/// The server's answer to a [`Report`]: one result for each fact, in the order of the report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reported {
    /// The results.
    pub results: Vec<FactResult>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_bad_fact_stops_no_other() {
        let report: ReceivedReport = serde_json::from_value(json!({
            "cursor": "0000002a:17:c0ffee00", "battery": 0.7,
            "facts": [
                {"id": "1", "kind": "delivered", "at": "2026-11-28T09:00:00Z",
                    "notificationId": "ntf_00000000000000000000000000000001"},
                null,
                {"id": "3", "kind": "glanced", "gaze": {"ms": 40}},
                {"id": "4", "kind": "read", "at": "yesterday"},
                {"id": "5", "kind": "read_up_to", "upTo": "0000002a:17:c0ffee00",
                    "at": "2026-11-28T09:00:00Z"},
            ],
        }))
        .unwrap();
        assert!(report.cursor.is_some());
        let read = report.read().unwrap();
        let refused: Vec<_> = read
            .iter()
            .map(|fact| {
                fact.as_ref()
                    .err()
                    .map(|r| (r.id.as_str(), r.code.clone().unwrap()))
            })
            .collect();
        use crate::fact::FactRefusal::{Malformed, UnknownKind};
        assert_eq!(
            refused,
            [
                None,
                Some(("", Malformed.into())),
                Some(("3", UnknownKind.into())),
                Some(("4", Malformed.into())),
                None
            ]
        );
    }

    #[test]
    fn a_report_is_bounded_in_number() {
        let facts = |count: usize| ReceivedReport {
            facts: vec![Value::Null; count],
            cursor: None,
        };
        assert_eq!(facts(REPORT_FACTS).read().unwrap().len(), REPORT_FACTS);
        assert_eq!(
            facts(REPORT_FACTS + 1).read().unwrap_err().errors[0].pointer,
            "/facts"
        );
    }

    #[test]
    fn an_odd_cursor_is_no_evidence_and_no_obstacle() {
        let report: ReceivedReport = serde_json::from_value(json!({"cursor": {"at": 7}})).unwrap();
        assert_eq!(report, ReceivedReport::default());
    }
}
