//! Logging in: identity tokens and refresh tokens, false in every way that is known.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use vestnik_model::problem::FieldCode::{Malformed, Missing, Unknown};
use vestnik_testkit::{
    TestServer,
    backend::{self, Backend},
    clock::{self, AheadClock},
    name::{installation, user},
    server::Setup,
};

use super::attacked::{Attacked, Want, field, plain};

struct Case {
    name: &'static str,
    request: Value,
    want: Want,
}

async fn check(attacked: &mut Attacked, case: Case) -> anyhow::Result<()> {
    let backend = &attacked.server.backend;
    let url = format!("http://{}/v1/token", attacked.server.address());
    let request = backend.request(reqwest::Method::POST, &url)?;
    let answer = request.json(&case.request).send().await?;
    attacked.check(case.name, answer, case.want).await
}

#[tokio::test]
async fn logging_in() -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
    let mut cases = misshapen();
    cases.extend(false_claims(&attacked.server.backend)?);
    cases.extend(false_signatures(&attacked)?);
    cases.extend(false_refreshes());
    let count = cases.len();
    for case in cases {
        check(&mut attacked, case).await?;
    }
    attacked.end(count).await
}

/// The one case that does change something: everything of the stolen family is revoked. For a minute the
/// former token gives the same successor, so that a lost answer does no harm.
#[tokio::test]
async fn a_refresh_token_used_a_second_time_ends_its_family() -> anyhow::Result<()> {
    let clock = AheadClock::default();
    let setup = Setup::default().clock(clock.clone());
    let server = TestServer::with(setup).await?;
    let first = server
        .backend
        .log_in(&user("anna"), installation(1))
        .await?;
    let ask = async |token: &str| {
        let request = json!({ "grant_type": "refresh_token", "refresh_token": token });
        let answer = server.backend.post("/v1/token", &request).await?;
        let status = answer.status().as_u16();
        let answer: Value = answer.json().await?;
        let token = answer["refresh_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        anyhow::Ok((status, token, answer["code"].clone()))
    };
    let (status, second, _) = ask(&first.refresh_token).await?;
    assert_eq!(status, 200);
    let (status, third, _) = ask(&second).await?;
    assert_eq!(status, 200);
    let (status, again, _) = ask(&first.refresh_token).await?;
    assert_eq!((status, &again), (200, &second), "within the minute");

    clock.advance(Duration::from_secs(61));
    let (status, _, code) = ask(&first.refresh_token).await?;
    assert_eq!((status, code), (401, json!("auth.reused")));
    let (status, _, code) = ask(&third).await?;
    assert_eq!((status, code), (401, json!("auth.invalid")));
    server.stop().await
}

/// An installation belongs to the secret that it was first logged in with, whoever is vouched for.
#[tokio::test]
async fn an_installation_is_not_taken_over_without_its_secret() -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
    let identity = attacked.server.backend.identity(&user("mallory"))?;
    let mut case = login(
        "a wrong secret",
        &identity,
        plain(401, "auth.secret_mismatch"),
    );
    case.request["installation_id"] = json!(installation(1));
    check(&mut attacked, case).await?;
    attacked.end(1).await
}

fn login(name: &'static str, token: &str, want: Want) -> Case {
    let request = json!({
        "grant_type": "identity_token",
        "app": "shop",
        "installation_id": installation(5),
        "installation_secret": backend::secret(installation(5)),
        "identity_token": token,
    });
    Case {
        name,
        request,
        want,
    }
}

fn misshapen() -> Vec<Case> {
    let case = |name, request, want| Case {
        name,
        request,
        want,
    };
    let with = |key: &str, value: Value| {
        let mut request = login("", "x", plain(0, "")).request;
        request[key] = value;
        request
    };
    vec![
        case("nothing", json!({}), field("/grant_type", Missing)),
        case(
            "another grant",
            json!({ "grant_type": "password", "username": "a", "password": "b" }),
            field("/grant_type", Malformed),
        ),
        case(
            "no token",
            json!({ "grant_type": "refresh_token" }),
            field("/refresh_token", Missing),
        ),
        case(
            "no installation's id",
            with("installation_id", json!("x")),
            field("/installation_id", Malformed),
        ),
        case(
            "no secret",
            with("installation_secret", Value::Null),
            field("/installation_secret", Missing),
        ),
        case(
            "a short secret",
            with("installation_secret", json!("A".repeat(42))),
            field("/installation_secret", Malformed),
        ),
        case(
            "an App with a slash",
            with("app", json!("a/b")),
            field("/app", Malformed),
        ),
        case(
            "something more",
            with("scope", json!("admin")),
            field("/scope", Unknown),
        ),
        case(
            "an unknown App",
            with("app", json!("nobody")),
            plain(401, "auth.invalid"),
        ),
    ]
}

fn false_claims(backend: &Backend) -> anyhow::Result<Vec<Case>> {
    let now = clock::timestamp().as_second();
    let (invalid, expired) = (plain(401, "auth.invalid"), plain(401, "auth.expired"));
    let good = json!({ "sub": "mallory", "aud": "shop", "exp": now + 600 });
    let with = |key: &str, value: Value| {
        let mut claims = good.clone();
        claims[key] = value;
        claims
    };
    let without = |key: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().map(|claims| claims.remove(key));
        claims
    };
    let claims = [
        ("for another App", with("aud", json!("other")), invalid),
        ("for no App", without("aud"), invalid),
        ("of an hour ago", with("exp", json!(now - 3_600)), expired),
        ("without an end", without("exp"), invalid),
        (
            "for more than a day",
            with("exp", json!(now + 3 * 86_400)),
            invalid,
        ),
        ("from the future", with("nbf", json!(now + 3_600)), invalid),
        ("of nobody", without("sub"), invalid),
        ("of an empty name", with("sub", json!("")), invalid),
        ("of a numbered user", with("sub", json!(7)), invalid),
        ("with an odd end", with("exp", json!("tomorrow")), invalid),
        (
            "with an end past all counting",
            with("exp", json!(1e300)),
            invalid,
        ),
        (
            "of a name of two lines",
            with("sub", json!("a\nb")),
            invalid,
        ),
    ];
    claims
        .into_iter()
        .map(|(name, claims, want)| Ok(login(name, &backend.sign(&claims)?, want)))
        .collect()
}

fn false_signatures(attacked: &Attacked) -> anyhow::Result<Vec<Case>> {
    let backend = &attacked.server.backend;
    let secrets = backend.secrets();
    let claims =
        json!({ "sub": "mallory", "aud": "shop", "exp": clock::timestamp().as_second() + 600 });
    let sign = |header: &Header, secret: &[u8]| {
        jsonwebtoken::encode(header, &claims, &EncodingKey::from_secret(secret))
    };
    let kid = |kid: Option<&str>| Header {
        kid: kid.map(str::to_owned),
        ..Header::new(Algorithm::HS256)
    };
    let ours = kid(Some(&secrets.identity_key_id));
    let good = backend.sign(&claims)?;
    let parts: Vec<&str> = good.split('.').collect();
    let encode = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let none = encode(&json!({ "alg": "none", "typ": "JWT", "kid": secrets.identity_key_id }));
    let other_algorithm = Header {
        alg: Algorithm::HS512,
        ..ours.clone()
    };
    let others_key = attacked.server.other.sign(&claims)?;
    let tokens = [
        ("unsigned", format!("{none}.{}.", parts[1])),
        (
            "unsigned with the signature left",
            format!("{none}.{}.{}", parts[1], parts[2]),
        ),
        (
            "without its signature",
            format!("{}.{}.", parts[0], parts[1]),
        ),
        (
            "with other claims",
            format!(
                "{}.{}.{}",
                parts[0],
                encode(&json!({ "sub": "root" })),
                parts[2]
            ),
        ),
        ("by another secret", sign(&ours, &[7; 32])?),
        ("by an empty secret", sign(&ours, b"")?),
        (
            "by another algorithm",
            sign(&other_algorithm, secrets.identity_secret.as_bytes())?,
        ),
        (
            "by a key that never was",
            sign(&kid(Some("nope")), &[7; 32])?,
        ),
        (
            "by a key with a path",
            sign(&kid(Some("../../dev/null")), b"")?,
        ),
        (
            "by a key with a quote",
            sign(&kid(Some("' OR 1=1 --")), b"")?,
        ),
        ("by no named key", sign(&kid(None), &[7; 32])?),
        ("by another App's key", others_key),
        ("the access token of a device", attacked.token.clone()),
        ("no JWT", "x".to_owned()),
        ("three dots", "...".to_owned()),
        ("nothing", String::new()),
    ];
    let invalid = plain(401, "auth.invalid");
    let case = |(name, token): (&'static str, String)| login(name, &token, invalid);
    Ok(tokens.into_iter().map(case).collect())
}

fn false_refreshes() -> Vec<Case> {
    let tokens = [
        ("a refresh token that never was", "A".repeat(43)),
        ("a refresh token of other letters", "пароль".to_owned()),
        ("an endless refresh token", "A".repeat(10_000)),
    ];
    let case = |(name, token): (&'static str, String)| Case {
        name,
        request: json!({ "grant_type": "refresh_token", "refresh_token": token }),
        want: plain(401, "auth.invalid"),
    };
    tokens.into_iter().map(case).collect()
}
