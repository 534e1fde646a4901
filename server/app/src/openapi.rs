//! The OpenAPI 3.1 document, made of the handlers and the model's types.

use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use crate::api;

#[derive(OpenApi)]
#[openapi(
    info(title = "Vestnik", description = "Push notifications that their users own."),
    security(("bearer" = [])),
    modifiers(&Bearer),
    paths(
        api::token::issue,
        api::notifications::publish,
        api::notifications::list,
        api::notifications::get,
        api::notifications::deliveries,
        api::deliveries::get,
        api::deliveries::attempts,
        api::installations::put,
        api::installations::get,
        api::installations::delete,
        api::receipts::report,
        api::topics::put,
        api::topics::get,
        api::topics::delete,
        api::topics::subscribe,
        api::topics::unsubscribe,
        api::keys::create,
        api::keys::list,
        api::keys::revoke,
        api::identity_keys::put,
        api::identity_keys::delete,
        api::operation::healthz,
        api::operation::readyz,
        api::operation::metrics,
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

/// The document.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The document as JSON.
#[must_use]
pub fn openapi_json() -> String {
    document().to_pretty_json().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_document_is_what_it_was() {
        insta::assert_snapshot!(super::openapi_json());
    }
}
