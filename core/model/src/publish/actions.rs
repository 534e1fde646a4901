//! The checks of a notification's buttons.

use std::collections::BTreeSet;

use super::check::{Problems, Wrong, check_plain, malformed};
use crate::{
    action::{
        Action, ActionKind, ActionRequest, MAX_ACTION_ID_CHARS, MAX_ACTION_TITLE_CHARS,
        MAX_ACTIONS, opened_by,
    },
    problem::FieldCode,
};

/// Checks the buttons, and gives them with the schemes of their addresses in lower case; problems point
/// below `/notification/actions`.
pub(super) fn parse_actions(
    actions: &[ActionRequest],
    problems: &mut Problems,
) -> Option<Vec<Action>> {
    if actions.len() > MAX_ACTIONS {
        let detail = format!("must have at most {MAX_ACTIONS} entries");
        return problems.check("/notification/actions", Err((FieldCode::TooLong, detail)));
    }
    let mut ids = BTreeSet::new();
    let mut parsed = Some(Vec::new());
    for (index, action) in actions.iter().enumerate() {
        let pointer = |field: &str| format!("/notification/actions/{index}/{field}");
        let id = check_plain(Some(&action.id), MAX_ACTION_ID_CHARS);
        let id = id.and_then(|()| unique(ids.insert(action.id.as_str())));
        problems.check(&pointer("id"), id);
        let title = check_plain(Some(&action.title), MAX_ACTION_TITLE_CHARS);
        problems.check(&pointer("title"), title);
        let url = problems.check(&pointer("url"), parse_url(action));
        problems.check(&pointer("placeholder"), check_placeholder(action));
        parsed = parsed.zip(url).map(|(mut parsed, url)| {
            parsed.push(
                ActionRequest {
                    url,
                    ..action.clone()
                }
                .into(),
            );
            parsed
        });
    }
    parsed
}

fn unique(is_new: bool) -> Result<(), Wrong> {
    is_new
        .then_some(())
        .ok_or_else(|| (FieldCode::NotAllowed, "must not be repeated".to_owned()))
}

fn parse_url(action: &ActionRequest) -> Result<Option<String>, Wrong> {
    match (action.kind, action.url.as_deref()) {
        (ActionKind::Link, Some(url)) => {
            let url = opened_by(url).parse(url).map_err(malformed);
            url.map(Some)
        }
        (ActionKind::Link, None) => Err((FieldCode::Missing, "is required".to_owned())),
        (ActionKind::Reply | ActionKind::Callback, None) => Ok(None),
        (ActionKind::Reply | ActionKind::Callback, Some(_)) => {
            Err((FieldCode::NotAllowed, "is for links only".to_owned()))
        }
    }
}

fn check_placeholder(action: &ActionRequest) -> Result<(), Wrong> {
    match (action.kind, action.placeholder.as_deref()) {
        (_, None) => Ok(()),
        (ActionKind::Reply, Some(text)) => check_plain(Some(text), MAX_ACTION_TITLE_CHARS),
        (ActionKind::Link | ActionKind::Callback, Some(_)) => {
            Err((FieldCode::NotAllowed, "is for replies only".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(actions: Value) -> Vec<(String, Option<FieldCode>)> {
        let actions: Vec<ActionRequest> = serde_json::from_value(actions).unwrap();
        let mut problems = Problems::default();
        let parsed = parse_actions(&actions, &mut problems);
        assert!(parsed.is_some() || !problems.is_empty());
        let found = problems.0.into_iter();
        found
            .map(|problem| (problem.pointer, problem.code.known()))
            .collect()
    }

    #[test]
    fn four_good_buttons_are_taken() {
        let good = json!([
            {"id": "pay", "type": "link", "title": "Pay", "url": "https://shop.example/pay"},
            {"id": "open", "type": "link", "title": "Open", "url": "shop://orders/1"},
            {"id": "answer", "type": "reply", "title": "Answer", "placeholder": "Your message"},
            {"id": "ok", "type": "callback", "title": "Got it"},
        ]);
        assert_eq!(check(good), []);
    }

    #[test]
    fn each_wrong_field_is_named() {
        let wrong = json!([
            {"id": "", "type": "link", "title": "Pay"},
            {"id": "a", "type": "link", "title": "", "url": "javascript:alert(1)"},
            {"id": "a", "type": "reply", "title": "t", "url": "https://a.example"},
            {"id": "b", "type": "callback", "title": "x".repeat(49), "placeholder": "p"},
        ]);
        let at = |index: usize, field: &str, code: FieldCode| {
            (format!("/notification/actions/{index}/{field}"), Some(code))
        };
        let expected = [
            at(0, "id", FieldCode::Missing),
            at(0, "url", FieldCode::Missing),
            at(1, "title", FieldCode::Missing),
            at(1, "url", FieldCode::Malformed),
            at(2, "id", FieldCode::NotAllowed),
            at(2, "url", FieldCode::NotAllowed),
            at(3, "title", FieldCode::TooLong),
            at(3, "placeholder", FieldCode::NotAllowed),
        ];
        assert_eq!(check(wrong), expected);
    }

    #[test]
    fn a_link_with_a_user_before_its_host_is_refused_at_its_place() {
        let link = |url: &str| json!([{"id": "pay", "type": "link", "title": "Pay", "url": url}]);
        let at = "/notification/actions/0/url".to_owned();
        assert_eq!(
            check(link("https://user:pw@host.example/pay")),
            [(at, Some(FieldCode::NotAllowed))]
        );
        let loud: Vec<_> = serde_json::from_value(link("HTTPS://shop.example/Pay")).unwrap();
        let parsed = parse_actions(&loud, &mut Problems::default()).unwrap();
        assert_eq!(parsed[0].url.as_deref(), Some("https://shop.example/Pay"));
    }

    #[test]
    fn a_fifth_button_is_refused() {
        let five: Vec<_> = (0..5)
            .map(|n| json!({"id": n.to_string(), "type": "callback", "title": "t"}))
            .collect();
        let expected = [("/notification/actions".to_owned(), Some(FieldCode::TooLong))];
        assert_eq!(check(five.into()), expected);
    }
}
