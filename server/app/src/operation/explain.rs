//! What became of a delivery, in words.

use jiff::Timestamp;
use vestnik_model::{
    AppId, DeliveryId, Explanation, Language, NotificationId, Open, StatementView, UserId,
};
use vestnik_rules::{
    explain::{Evidence, Meaning, Statement, Times, english, english_rule, russian, russian_rule},
    identity::delivery_id,
};
use vestnik_store::{Store, ledger::FindingsQuery};

use crate::refusal::Refusal;

/// In which language, and as of when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Telling {
    pub(crate) language: Language,
    pub(crate) now: Timestamp,
}

/// Explains what became of a notification to a user, also to one for whom it has no delivery.
pub(crate) async fn explain(
    store: &dyn Store,
    app: AppId,
    (notification, user): (NotificationId, UserId),
    telling: Telling,
) -> Result<Explanation, Refusal> {
    let asked = FindingsQuery {
        app,
        notification,
        user: user.clone(),
        now: telling.now,
    };
    let findings = store.findings(asked).await?;
    let findings = findings.ok_or_else(|| Refusal::not_found("notification"))?;
    let statements = vestnik_rules::explain::explain(&findings, telling.now);
    let times = Times::of_day(findings.notification.accepted_at);
    let delivery = findings.delivery.as_ref();
    Ok(Explanation {
        delivery_id: delivery.map(|_| delivery_id(notification, &user)),
        status: delivery.map(|delivery| delivery.state.status.into()),
        notification_id: notification,
        user,
        language: telling.language.into(),
        at: telling.now,
        statements: statements
            .iter()
            .map(|statement| view(statement, telling.language, times))
            .collect(),
    })
}

/// Explains a delivery.
pub(crate) async fn explain_delivery(
    store: &dyn Store,
    app: AppId,
    id: DeliveryId,
    telling: Telling,
) -> Result<Explanation, Refusal> {
    let view = store.delivery(app.clone(), id).await?;
    let view = view.ok_or_else(|| Refusal::not_found("delivery"))?;
    explain(store, app, (view.notification_id, view.user), telling).await
}

fn view(statement: &Statement, language: Language, times: Times) -> StatementView {
    let Meaning {
        code,
        rule,
        evidence,
    } = statement.meaning();
    let (text, rule_text) = match language {
        Language::English => (english(statement, times), english_rule(rule)),
        Language::Russian => (russian(statement, times), russian_rule(rule)),
    };
    let Evidence {
        at,
        until,
        installation,
        channel,
        provider,
        reason,
        tries,
    } = evidence;
    StatementView {
        code: code.to_owned(),
        text,
        rule: rule.as_str().to_owned(),
        rule_text,
        at,
        until,
        installation_id: installation,
        channel: channel.map(Open::Known),
        provider: provider.map(|name| name.to_string()),
        reason: reason.map(Open::Known),
        tries,
    }
}
