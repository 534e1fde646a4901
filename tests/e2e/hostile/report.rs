//! Facts that the server refuses, does not answer, or answers oddly.

use serde_json::{Value, json};
use vestnik_testkit::{
    hostile::{Answer, Journal, Route},
    name::notification,
};

use super::{Stage, flush, ids};

/// The kinds of the facts about a notification that the server took.
fn taken(journal: &Journal, number: u128) -> Vec<String> {
    let id = json!(notification(number));
    let facts = journal.facts.iter();
    let facts = facts.filter(|fact| fact["notificationId"] == id);
    facts
        .filter_map(|fact| Some(fact["kind"].as_str()?.to_owned()))
        .collect()
}

/// Whether a report holds a fact about a notification.
fn is_about(report: &Value, number: u128) -> bool {
    let id = json!(notification(number));
    let mut facts = report["facts"].as_array().into_iter().flatten();
    facts.any(|fact| fact["notificationId"] == id)
}

#[tokio::test]
async fn facts_that_are_refused_one_by_one_are_settled() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    stage.server.always(
        Route::Report,
        Answer::good().edited(|reported| {
            for result in reported["results"].as_array_mut().into_iter().flatten() {
                result["outcome"] = "refused".into();
                result["code"] = "weather.stormy".into();
            }
        }),
    );
    for number in 1..=5 {
        stage.publish_shown(&phone, number).await?;
    }
    flush(&phone).await?;
    stage.server.behave(Route::Report);
    stage.publish_shown(&phone, 6).await?;
    flush(&phone).await?;
    let journal = stage.journal();
    let reported: Vec<_> = journal
        .of(Route::Report)
        .flat_map(|report| report.body["facts"].as_array().cloned().unwrap_or_default())
        .collect();
    assert_eq!(reported.len(), 12, "each is reported once");
    Ok(())
}

/// Fault H4 of the review: whatever holds a fact about notification 3 is refused as a whole.
#[tokio::test]
async fn a_fact_that_spoils_its_report_holds_no_other_back() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    // Everything waits, so that one report would hold it all.
    stage.server.always(Route::Report, Answer::error("later"));
    for number in 1..=6 {
        stage.publish_shown(&phone, number).await?;
    }
    stage.server.decide(Route::Report, |report| {
        if is_about(report, 3) {
            Answer::refusal("request.invalid")
        } else {
            Answer::good()
        }
    });
    stage.cut(&phone).await?;
    let others = |journal: &Journal| {
        let others = [1, 2, 4, 5, 6].into_iter();
        others
            .map(|number| taken(journal, number).len())
            .sum::<usize>()
            == 10
    };
    stage.server.has("the other facts", others).await?;
    flush(&phone).await?;
    assert_eq!(taken(&stage.journal(), 3), [] as [&str; 0]);
    Ok(())
}

#[tokio::test]
async fn facts_without_a_good_answer_are_reported_again() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let edited = |edit: fn(&mut Value)| Answer::good().edited(edit);
    let odd = [
        Answer::refusal("unavailable"),
        Answer::error("no"),
        Answer::result(json!([])),
        Answer::result(json!({"results": "all"})),
        Answer::result(json!({"results": []})),
        Answer::result(json!({"results": [{"id": "someone else's", "outcome": "stored"}]})),
        edited(|reported| reported["results"] = json!([])),
        Answer::cut(),
        Answer::cut().after_doing(),
    ];
    for (number, answer) in (1..).zip(odd) {
        stage.server.next(Route::Report, answer);
        stage.publish_shown(&phone, number).await?;
        let tried = |_: &Journal| stage.server.outstanding(Route::Report) == 0;
        stage.server.has("the odd answer", tried).await?;
        // A new connection needs no pause.
        stage.cut(&phone).await?;
        flush(&phone).await?;
        let mut kinds = taken(&stage.journal(), number);
        kinds.sort_unstable();
        assert_eq!(kinds, ["delivered", "displayed"], "{number}");
    }
    phone.has_shown(&ids(1..=9)).await
}

#[tokio::test]
async fn results_in_another_order_and_with_parts_of_a_later_version_are_read() -> anyhow::Result<()>
{
    let (stage, phone) = Stage::online().await?;
    stage.server.always(
        Route::Report,
        Answer::good().edited(|reported| {
            reported["mood"] = json!({});
            let Some(results) = reported["results"].as_array_mut() else {
                return;
            };
            results.reverse();
            for result in results.iter_mut() {
                result["outcome"] = "postponed".into();
                result["until"] = json!([2027]);
            }
            let again = results.clone();
            results.extend(again);
        }),
    );
    for number in 1..=5 {
        stage.publish_shown(&phone, number).await?;
    }
    // What was drawn last is told a moment later.
    let told = |journal: &Journal| journal.facts.len() >= 10;
    stage.server.has("ten facts", told).await?;
    flush(&phone).await?;
    assert_eq!(stage.journal().facts.len(), 10);
    Ok(())
}
