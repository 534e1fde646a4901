//! `…/explain`: what became of a delivery, in words.

use axum::{
    Json,
    extract::{FromRequestParts, Query, State},
    http::{HeaderMap, header, request::Parts},
};
use serde::Deserialize;
use vestnik_model::{
    DeliveryId, Explanation, FieldProblem, Language, NotificationId, Problem, Scope, UserId,
    Word as _, problem::FieldCode,
};

use super::path::{self, Segments};
use crate::{
    door::auth::Sender,
    operation::{self, Telling},
    refusal::Refusal,
    state::ServerState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    user: Option<UserId>,
    lang: Option<String>,
}

/// `?user=` and `?lang=`, or the language of the header `Accept-Language`.
pub(crate) struct ExplainParams {
    user: Option<UserId>,
    language: Language,
}

impl<S: Send + Sync> FromRequestParts<S> for ExplainParams {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Query(Wire { user, lang }) = Query::<Wire>::from_request_parts(parts, state)
            .await
            .map_err(|_| {
                let detail = "user (a user's id) and lang are the only parameters";
                wrong("", FieldCode::Malformed, detail)
            })?;
        let language = match lang {
            Some(lang) => Language::from_word(&lang)
                .ok_or_else(|| wrong("/lang", FieldCode::OutOfRange, "must be en or ru"))?,
            None => accepted(&parts.headers),
        };
        Ok(Self { user, language })
    }
}

fn wrong(pointer: &str, code: FieldCode, detail: &str) -> Refusal {
    Problem::invalid(vec![FieldProblem::new(pointer, code, detail)]).into()
}

/// The first language of `Accept-Language` (RFC 9110, section 12.5.4) by its weight that there is;
/// English if there is none.
pub(super) fn accepted(headers: &HeaderMap) -> Language {
    let header = headers.get(header::ACCEPT_LANGUAGE);
    let text = header.and_then(|value| value.to_str().ok());
    let ranges = text.unwrap_or_default().split(',').filter_map(|range| {
        let mut parts = range.split(';');
        let tag = parts.next()?.trim();
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok());
        let primary = tag.split('-').next()?.to_ascii_lowercase();
        Some((Language::from_word(&primary)?, weight.unwrap_or(1.0)))
    });
    let mut best: Option<(Language, f32)> = None;
    for (language, weight) in ranges.filter(|(_, weight)| *weight > 0.0) {
        if best.is_none_or(|(_, known)| weight > known) {
            best = Some((language, weight));
        }
    }
    best.map_or(Language::English, |(language, _)| language)
}

/// Explains a delivery in words: each sentence with the rule that it follows from and its evidence.
/// Nothing of what the notification says is in it.
#[utoipa::path(
    get, path = "/v1/deliveries/{id}/explain", tag = "deliveries",
    params(
        ("id" = String, Path),
        ("lang" = Option<String>, Query, description = "`en` or `ru`; that of Accept-Language if absent"),
        ("Accept-Language" = Option<String>, Header, description = "The language, if `lang` is absent"),
    ),
    responses(
        (status = 200, description = "The explanation", body = Explanation),
        (status = 403, description = "The key lacks the scope 'read'", body = Problem),
        (status = 404, description = "There is no such delivery", body = Problem),
        (status = 422, description = "There is no such language", body = Problem),
    )
)]
pub(crate) async fn delivery(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(id): Segments<String>,
    params: ExplainParams,
) -> Result<Json<Explanation>, Refusal> {
    sender.require(Scope::Read)?;
    if params.user.is_some() {
        let detail = "the delivery is one user's already";
        return Err(wrong("/user", FieldCode::NotAllowed, detail));
    }
    let id: DeliveryId = path::id(&id, "delivery")?;
    let telling = telling(&state, params.language);
    let told = operation::explain_delivery(&*state.store, sender.app(), id, telling).await?;
    Ok(Json(told))
}

/// Explains what became of a notification to a user, also why it has no delivery for them.
#[utoipa::path(
    get, path = "/v1/notifications/{id}/explain", tag = "notifications",
    params(
        ("id" = String, Path),
        ("user" = String, Query, description = "The user"),
        ("lang" = Option<String>, Query, description = "`en` or `ru`; that of Accept-Language if absent"),
        ("Accept-Language" = Option<String>, Header, description = "The language, if `lang` is absent"),
    ),
    responses(
        (status = 200, description = "The explanation", body = Explanation),
        (status = 403, description = "The key lacks the scope 'read'", body = Problem),
        (status = 404, description = "There is no such notification", body = Problem),
        (status = 422, description = "The user is missing, or there is no such language", body = Problem),
    )
)]
pub(crate) async fn notification(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(id): Segments<String>,
    params: ExplainParams,
) -> Result<Json<Explanation>, Refusal> {
    sender.require(Scope::Read)?;
    let id: NotificationId = path::id(&id, "notification")?;
    let user = params
        .user
        .ok_or_else(|| wrong("/user", FieldCode::Missing, "is required"))?;
    let telling = telling(&state, params.language);
    let told = operation::explain(&*state.store, sender.app(), (id, user), telling).await?;
    Ok(Json(told))
}

fn telling(state: &ServerState, language: Language) -> Telling {
    Telling {
        language,
        now: state.clock.now(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_language_is_the_one_that_is_liked_best() {
        for (header, expected) in [
            ("ru-RU,ru;q=0.9,en;q=0.8", Language::Russian),
            ("en, ru;q=0.5", Language::English),
            ("en;q=0.1, RU;q=0.5", Language::Russian),
            ("de, fr;q=0.5", Language::English),
            ("ru;q=0", Language::English),
            ("de, ru;q=0.2", Language::Russian),
            ("ru;q=often", Language::Russian),
            ("", Language::English),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(header));
            assert_eq!(accepted(&headers), expected, "{header}");
        }
        assert_eq!(accepted(&HeaderMap::new()), Language::English);
    }
}
