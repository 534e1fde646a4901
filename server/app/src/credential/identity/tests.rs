use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

use super::*;

const NOW: i64 = 1_795_887_133;

fn app() -> AppId {
    AppId::parse("shop").unwrap()
}

fn key() -> IdentityKey {
    IdentityKey {
        kid: "k".to_owned(),
        algorithm: IdentityAlgorithm::Hs256,
        key: vec![7; 32],
    }
}

fn signed(claims: &Value) -> String {
    let header = Header {
        kid: Some("k".to_owned()),
        ..Header::new(Algorithm::HS256)
    };
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(&[7; 32])).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn read(claims: &Value) -> Result<Vouched, Refusal> {
    verify(&signed(claims), &app(), &key(), now())
}

#[track_caller]
fn refused(claims: &Value, code: ProblemCode, named: &str) {
    let problem = read(claims).unwrap_err().into_problem();
    assert_eq!(problem.code, code, "{problem}");
    assert!(problem.detail.contains(named), "{problem}");
    assert!(!problem.detail.contains("signed"), "{problem}");
}

#[test]
fn times_may_have_fractions() {
    for claims in [
        json!({"sub": "anna", "aud": "shop", "exp": NOW + 600}),
        json!({"sub": "anna", "aud": ["x", "shop"], "exp": 1_795_887_733.5}),
        json!({"sub": "anna", "aud": "shop", "exp": 1_795_887_733.0, "nbf": 1_795_887_131.75}),
    ] {
        assert_eq!(read(&claims).unwrap().user.as_str(), "anna");
    }
}

#[test]
fn a_refusal_names_the_claim() {
    use ProblemCode::{AuthExpired, AuthInvalid};
    let exp = NOW + 600;
    refused(&json!({"aud": "shop", "exp": exp}), AuthInvalid, "no `sub`");
    refused(
        &json!({"sub": 7, "aud": "shop", "exp": exp}),
        AuthInvalid,
        "`sub` must be a string",
    );
    refused(
        &json!({"sub": "x".repeat(129), "aud": "shop", "exp": exp}),
        AuthInvalid,
        "`sub` must have at most 128",
    );
    refused(&json!({"sub": "anna", "exp": exp}), AuthInvalid, "no `aud`");
    refused(
        &json!({"sub": "anna", "aud": 1, "exp": exp}),
        AuthInvalid,
        "`aud` must be",
    );
    refused(
        &json!({"sub": "anna", "aud": "bank", "exp": exp}),
        AuthInvalid,
        "another App (`aud`)",
    );
    refused(
        &json!({"sub": "anna", "aud": "shop"}),
        AuthInvalid,
        "no `exp`",
    );
    refused(
        &json!({"sub": "anna", "aud": "shop", "exp": "soon"}),
        AuthInvalid,
        "`exp` must be",
    );
    refused(
        &json!({"sub": "anna", "aud": "shop", "exp": NOW - 61}),
        AuthExpired,
        "`exp`",
    );
    refused(
        &json!({"sub": "anna", "aud": "shop", "exp": exp, "nbf": NOW + 61}),
        AuthInvalid,
        "`nbf`",
    );
    refused(
        &json!({"sub": "anna", "aud": "shop", "exp": exp, "jti": 7}),
        AuthInvalid,
        "`jti`",
    );
}

#[test]
fn no_time_overflows() {
    for exp in [
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
        json!(NOW + 86_461),
    ] {
        let claims = json!({"sub": "anna", "aud": "shop", "exp": exp});
        refused(&claims, ProblemCode::AuthInvalid, "24 hours (`exp`)");
    }
    for exp in [json!(i64::MIN), json!(-1e300)] {
        let claims = json!({"sub": "anna", "aud": "shop", "exp": exp});
        refused(&claims, ProblemCode::AuthExpired, "`exp`");
    }
}

#[test]
fn a_token_with_an_id_says_that_it_is_used_once() {
    let claims = json!({"sub": "anna", "aud": "shop", "exp": NOW + 600, "jti": "a"});
    let token_use = read(&claims).unwrap().token_use.unwrap();
    assert_eq!(token_use.expires.as_second(), NOW + 660);
}

#[test]
fn the_algorithm_is_the_stored_keys() {
    let key = IdentityKey {
        algorithm: IdentityAlgorithm::Rs256,
        ..key()
    };
    let token = signed(&json!({"sub": "anna", "aud": "shop", "exp": NOW + 600}));
    assert!(verify(&token, &app(), &key, Timestamp::UNIX_EPOCH).is_err());
}
