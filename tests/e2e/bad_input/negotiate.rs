//! The hub's HTTP door: negotiation and the upgrade.

use reqwest::Method;
use serde_json::Value;
use vestnik_testkit::{
    name::{installation, user},
    raw_hub::RawHub,
};

use super::attacked::Attacked;

struct Case {
    name: &'static str,
    method: Method,
    path: &'static str,
    /// The `Authorization` header.
    bearer: Option<String>,
    headers: &'static [(&'static str, &'static str)],
    want: (u16, Body),
}

/// What the answer's body must be.
#[derive(Debug, Clone, Copy)]
enum Body {
    /// Exactly this text.
    Text(&'static str),
    /// A problem of this code.
    Problem(&'static str),
}

const UPGRADE: &[(&str, &str)] = &[
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];
const OLD_UPGRADE: &[(&str, &str)] = &[
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "8"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

async fn check(attacked: &mut Attacked, case: Case) -> anyhow::Result<()> {
    let url = format!("http://{}{}", attacked.server.address(), case.path);
    let http = reqwest::Client::builder().no_proxy().http1_only().build()?;
    let mut request = http.request(case.method, url);
    for (name, value) in case.headers {
        request = request.header(*name, *value);
    }
    if let Some(bearer) = &case.bearer {
        request = request.bearer_auth(bearer);
    }
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let body = answer.text().await?;
    match case.want.1 {
        Body::Text(text) => {
            attacked.expect(case.name, &(status, body.as_str()), &(case.want.0, text));
        }
        Body::Problem(code) => {
            let problem: Value = serde_json::from_str(&body).unwrap_or_default();
            let got = (status, problem["code"].as_str());
            attacked.expect(case.name, &got, &(case.want.0, Some(code)));
        }
    }
    attacked.unchanged(case.name)
}

#[tokio::test]
async fn negotiating_and_upgrading() -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
    let cases = cases(&attacked.token);
    let count = cases.len();
    for case in cases {
        check(&mut attacked, case).await?;
    }
    attacked.end(count).await
}

fn cases(token: &str) -> Vec<Case> {
    let case = |name, method, path, want| Case {
        name,
        method,
        path,
        bearer: Some(token.to_owned()),
        headers: &[],
        want,
    };
    let negotiate = |name, path, want| case(name, Method::POST, path, want);
    let connect = |name, path, headers, want| Case {
        headers,
        ..case(name, Method::GET, path, want)
    };
    let without = |bearer: Option<&str>, case: Case| Case {
        bearer: bearer.map(str::to_owned),
        ..case
    };
    let not_integer = r#"{"error":"The client requested a non-integer protocol version."}"#;
    let (missing, invalid) = (Body::Problem("auth.missing"), Body::Problem("auth.invalid"));
    let no_connection = (404, Body::Text("No Connection with that ID"));
    vec![
        negotiate(
            "a version of words",
            "/hub/negotiate?negotiateVersion=one",
            (200, Body::Text(not_integer)),
        ),
        negotiate(
            "no version",
            "/hub/negotiate?negotiateVersion=",
            (200, Body::Text(not_integer)),
        ),
        negotiate(
            "half a version",
            "/hub/negotiate?negotiateVersion=1.5",
            (200, Body::Text(not_integer)),
        ),
        case(
            "negotiating by GET",
            Method::GET,
            "/hub/negotiate",
            (405, Body::Text("")),
        ),
        without(
            None,
            negotiate(
                "negotiating as nobody",
                "/hub/negotiate?negotiateVersion=1",
                (401, missing),
            ),
        ),
        without(
            Some("x"),
            negotiate(
                "negotiating by nonsense",
                "/hub/negotiate?negotiateVersion=1",
                (401, invalid),
            ),
        ),
        without(
            None,
            negotiate(
                "nonsense in the query",
                "/hub/negotiate?access_token=x",
                (401, invalid),
            ),
        ),
        without(
            None,
            connect("connecting as nobody", "/hub", UPGRADE, (401, missing)),
        ),
        connect(
            "an id that never was",
            "/hub?id=AAAAAAAAAAAAAAAAAAAAAA",
            UPGRADE,
            no_connection,
        ),
        connect(
            "an id of other letters",
            "/hub?id=..%2f..",
            UPGRADE,
            no_connection,
        ),
        connect(
            "a poll for nobody",
            "/hub",
            &[],
            (400, Body::Text("Connection ID required")),
        ),
        connect(
            "an old WebSocket",
            "/hub",
            OLD_UPGRADE,
            (426, Body::Text("")),
        ),
        case(
            "posting to the hub",
            Method::POST,
            "/hub",
            (400, Body::Text("Connection ID required")),
        ),
        case(
            "deleting the hub",
            Method::DELETE,
            "/hub",
            (400, Body::Text("Connection ID required")),
        ),
    ]
}

/// A negotiated connection can be opened only with the credentials that negotiated it.
#[tokio::test]
async fn a_stolen_connection_token_opens_nothing() -> anyhow::Result<()> {
    let attacked = Attacked::prepare().await?;
    let server = &attacked.server;
    let url = format!(
        "http://{}/hub/negotiate?negotiateVersion=1",
        server.address()
    );
    let http = reqwest::Client::builder().no_proxy().build()?;
    let negotiated: Value = http
        .post(url)
        .bearer_auth(&attacked.token)
        .send()
        .await?
        .json()
        .await?;
    let token = negotiated["connectionToken"].as_str().unwrap_or_default();

    let thief = server
        .backend
        .log_in(&user("mallory"), installation(6))
        .await?
        .access_token;
    let refused = RawHub::connect_to(server.address(), &thief, token)
        .await
        .unwrap_err();
    let (status, body) = RawHub::refusal(&refused).expect("refused before the upgrade");
    assert_eq!((status.as_u16(), body.as_str()), (403, ""));
    RawHub::connect_to(server.address(), &attacked.token, token)
        .await?
        .shake_hands()
        .await?;
    attacked.server.stop().await
}
