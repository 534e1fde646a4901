//! `vestnik audience` and `vestnik send --audience-file`.

use std::{fmt::Write as _, fs, process::Stdio};

use serde_json::Value;

use crate::world::{World, result};

/// A file of more than one part of an upload.
fn lines(count: usize) -> String {
    let mut text = "user;Telephone\n".to_owned();
    for number in 0..count {
        writeln!(text, "person-{number};").unwrap();
    }
    text
}

#[test]
fn a_file_is_uploaded_and_sent_to() {
    let world = World::new(&[]);
    let server = world.serve("127.0.0.1:0");
    let ask = |arguments: &[&str]| {
        let all = [&["--json"], arguments].concat();
        world.sender(&server.url, &all).output().unwrap()
    };
    let (file, problems) = (world.path("march.csv"), world.path("wrong.ndjson"));
    fs::write(&file, lines(2) + ";12\n;\nperson-1;\n").unwrap();
    let file = file.to_str().unwrap();
    let form = [
        "--delimiter",
        ";",
        "--column",
        "user=user",
        "--column",
        "phone=Telephone",
    ];
    let upload = [&["audience", "upload", file], &form[..]].concat();
    let told = problems.to_str().unwrap();
    let audience = result(&ask(&[&upload[..], &["--problems", told]].concat()));
    let counts = ["good", "bad", "duplicates"].map(|name| audience[name].as_u64().unwrap());
    assert_eq!(counts, [2, 2, 1]);
    assert_eq!(
        (&audience["name"], &audience["state"]),
        (&"march.csv".into(), &"ready".into())
    );
    let written = fs::read_to_string(&problems).unwrap();
    let written: Vec<Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let wrong: Vec<_> = written
        .iter()
        .map(|problem| problem["line"].as_u64().unwrap())
        .collect();
    assert_eq!(wrong, [4, 5]);

    // In a terminal's words, on the side of notes.
    let words = world.sender(&server.url, &upload).output().unwrap();
    let notes = String::from_utf8(words.stderr).unwrap();
    assert!(notes.contains("line 4: phone "), "{notes}");

    let id = audience["id"].as_str().unwrap();
    let preview = result(&ask(&["preview", "--audience", id, "Spring sale"]));
    assert_eq!(preview["audience"]["users"], 2);
    let sent = [
        &["send", "--audience-file", file],
        &form[..],
        &["Spring sale"],
    ]
    .concat();
    let sent = result(&ask(&sent));
    assert!(sent["id"].as_str().unwrap().starts_with("ntf_"), "{sent}");
    let listed = result(&ask(&["audience", "list"]));
    assert_eq!(listed["data"].as_array().unwrap().len(), 3);
    assert_eq!(result(&ask(&["audience", "delete", id]))["deleted"], id);
    let gone = ask(&["audience", "show", id]);
    assert_eq!(gone.status.code(), Some(3), "{gone:?}");
}

#[test]
fn a_file_of_nobody_is_a_failure_of_its_own() {
    let world = World::new(&[]);
    let server = world.serve("127.0.0.1:0");
    let upload = |name: &str, text: &str| {
        let file = world.path(name);
        fs::write(&file, text).unwrap();
        let arguments = ["audience", "upload", file.to_str().unwrap()];
        world.sender(&server.url, &arguments).output().unwrap()
    };
    assert_eq!(upload("a.csv", "user\n\n").status.code(), Some(6));
    assert_eq!(upload("a.csv", "name\nanna\n").status.code(), Some(3));
    assert_eq!(upload("a.xlsx", "user\n").status.code(), Some(2));
    let file = world.path("none.csv");
    let arguments = ["audience", "upload", file.to_str().unwrap()];
    let missing = world.sender(&server.url, &arguments).output().unwrap();
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn an_upload_outlives_the_server_that_took_its_beginning() {
    let world = World::new(&[]);
    let mut server = world.serve("127.0.0.1:0");
    let (address, url) = (server.address(), server.url.clone());
    let file = world.path("many.csv");
    fs::write(
        &file,
        lines(120_000).replace(";Telephone", "").replace(';', ""),
    )
    .unwrap();
    let arguments = ["--json", "audience", "upload", file.to_str().unwrap()];
    let mut upload = world.sender(&url, &arguments);
    let upload = upload
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let list = || {
        let listed = world
            .sender(&url, &["--json", "audience", "list"])
            .output()
            .unwrap();
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
        listed["data"][0]["bytes"].as_u64().unwrap_or(0)
    };
    // Asking is what there is to wait by: the server tells nobody of bytes.
    let mut seen = 0;
    while seen == 0 {
        seen = list();
    }
    drop(server);
    server = world.serve(&address);
    assert!(list() >= seen, "what was stored stays");
    let audience = result(&upload.wait_with_output().unwrap());
    assert_eq!(
        (&audience["good"], &audience["lines"]),
        (&120_000.into(), &120_000.into())
    );
    drop(server);
}
