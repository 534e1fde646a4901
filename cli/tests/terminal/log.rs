//! What clients write is not in the server's log: no ids of users, no lines of their own.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::world::{World, end};

/// In paths, queries and key ids; the server knows the first two.
const PERSONS: [&str; 4] = ["79991234567", "anna@example.org", "person", "forged"];

#[test]
fn a_log_names_routes_and_no_persons() {
    let world = World::new(&[]);
    let log = world.path("log");
    let mut command = world.on_the_database(&["--json", "serve", "--listen", "127.0.0.1:0"]);
    command.env(
        "VESTNIK_LOG_FILTER",
        "debug,vestnik_server=trace,vestnik=trace",
    );
    command
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap());
    let mut server = command.spawn().unwrap();
    let address = listening(server.stdout.take().unwrap());
    let key = world.keys["key"].as_str().unwrap();
    for (line, body, status) in requests() {
        let got = ask(&address, &line, key, &body);
        assert!(got.contains(status), "{line}: {got}");
    }
    end(&server, Signal::SIGTERM);
    assert_eq!(server.wait().unwrap().code(), Some(0));
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(
        text.contains("/v1/users/{user}"),
        "requests are logged by route: {text}"
    );
    assert!(!text.contains('\u{1b}'), "{text}");
    for person in PERSONS {
        let lines: Vec<_> = text.lines().filter(|line| line.contains(person)).collect();
        assert!(lines.is_empty(), "{person}: {lines:#?}");
    }
}

fn requests() -> Vec<(String, String, &'static str)> {
    let request = |line: &str, body: Value, status| (line.to_owned(), body.to_string(), status);
    vec![
        request(
            "PUT /v1/topics/news",
            json!({"self_subscribe": true}),
            " 204 ",
        ),
        request(
            "PUT /v1/topics/news/subscribers/+79991234567",
            json!({}),
            " 204 ",
        ),
        request(
            "POST /v1/users/anna@example.org:log_out",
            json!({}),
            " 204 ",
        ),
        request("DELETE /v1/users/anna@example.org", json!({}), " 204 "),
        request("GET /nosuch/person?access_token=forged", json!({}), " 404 "),
        request("GET /hub?access_token=forged&id=person", json!({}), " 401 "),
        request(
            "PUT /v1/identity-keys/a%0A%1B[2JINFO%20forged",
            json!({}),
            " 4",
        ),
        request("DELETE /v1/identity-keys/a%0Aforged", json!({}), " 404 "),
        request("POST /v1/token", login("a\nINFO forged \u{1b}[2J"), " 401 "),
    ]
}

/// A login whose token names a key by such an id.
fn login(kid: &str) -> Value {
    let part = |part: Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
    let header = part(json!({"alg": "HS256", "typ": "JWT", "kid": kid}));
    let claims = part(json!({"sub": "person", "aud": "shop", "exp": 4_000_000_000_u64}));
    let signature = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
    json!({
        "grant_type": "identity_token",
        "app": "shop",
        "installation_id": "ins_00000000000000000000000000000001",
        "installation_secret": BASE64_URL_SAFE_NO_PAD.encode([1; 32]),
        "identity_token": format!("{header}.{claims}.{signature}"),
    })
}

fn listening(stdout: impl std::io::Read) -> String {
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
    let url: Value = serde_json::from_str(&line).unwrap();
    let url = url["listening"].as_str().unwrap();
    url.trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned()
}

/// The head and the body of an answer.
fn ask(address: &str, line: &str, bearer: &str, body: &str) -> String {
    // The query of the hub is what identifies there, and a login identifies itself.
    let credentials = if line.contains("/hub") || line.contains("/token") {
        String::new()
    } else {
        format!("authorization: Bearer {bearer}\r\n")
    };
    let request = format!(
        "{line} HTTP/1.1\r\nhost: a\r\n{credentials}connection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
