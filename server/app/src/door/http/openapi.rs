//! The OpenAPI 3.1 document, made of the handlers and the model's types.

use std::sync::OnceLock;

use axum::{http::header, response::IntoResponse};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use vestnik_model::deliver::DeliverRequest;

use super::health;
use crate::door::{compat, rest};

#[derive(OpenApi)]
#[openapi(
    info(title = "Vestnik", description = "Push notifications that their users own."),
    security(("bearer" = [])),
    modifiers(&Bearer),
    components(schemas(DeliverRequest)),
    paths(
        rest::token::issue,
        rest::notifications::publish,
        rest::batch::publish,
        rest::preview::preview,
        rest::notifications::list,
        rest::notifications::get,
        rest::notifications::edit,
        rest::notifications::cancel,
        rest::notifications::pause,
        rest::notifications::resume,
        rest::notifications::recall,
        rest::notifications::retry,
        rest::notifications::deliveries,
        rest::explain::notification,
        rest::deliveries::get,
        rest::deliveries::attempts,
        rest::explain::delivery,
        rest::events::list,
        compat::broadcast::send_messages_push,
        compat::broadcast::send_messages_email,
        rest::installations::put,
        rest::installations::get,
        rest::installations::of_user,
        rest::installations::delete,
        rest::receipts::report,
        rest::topics::put,
        rest::topics::get,
        rest::topics::delete,
        rest::topics::subscribe,
        rest::topics::unsubscribe,
        rest::audiences::create,
        rest::audiences::list,
        rest::audiences::get,
        rest::audiences::upload,
        rest::audiences::problems,
        rest::audiences::delete,
        rest::users::put,
        rest::users::get,
        rest::users::erase,
        rest::users::log_out,
        rest::contacts::put,
        rest::contacts::get,
        rest::contacts::delete,
        rest::chats::put,
        rest::chats::get,
        rest::chats::delete,
        rest::chats::link,
        rest::preferences::change,
        rest::preferences::get,
        rest::preferences::change_own,
        rest::preferences::get_own,
        rest::unsubscribe::show,
        rest::unsubscribe::leave,
        rest::settings::put,
        rest::settings::get,
        rest::costs::get,
        rest::bounces::take,
        rest::gateways::take,
        rest::gateways::shake,
        rest::push_receipts::take,
        rest::keys::create,
        rest::keys::list,
        rest::keys::revoke,
        rest::import::import,
        rest::providers::put,
        rest::providers::list,
        rest::providers::act,
        rest::providers::delete,
        rest::webhooks::create,
        rest::webhooks::list,
        rest::webhooks::get,
        rest::webhooks::edit,
        rest::webhooks::delete,
        rest::webhooks::enable,
        rest::webhooks::disable,
        rest::webhooks::rotate,
        rest::webhooks::replay,
        rest::webhooks::test,
        rest::identity_keys::put,
        rest::identity_keys::delete,
        health::healthz,
        health::readyz,
        health::metrics,
    )
)]
struct Document;

/// API keys and access tokens are presented alike.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", scheme);
    }
}

/// Answers with the document.
pub(super) async fn document_response() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], text())
}

/// The document as JSON.
#[must_use]
pub fn openapi_json() -> String {
    text().to_owned()
}

/// Made once: it takes milliseconds, and never changes while the program runs.
fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| Document::openapi().to_pretty_json().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_document_is_what_it_was() {
        insta::assert_snapshot!(super::openapi_json());
    }
}
