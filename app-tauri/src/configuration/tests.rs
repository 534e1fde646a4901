use std::collections::BTreeMap;

use super::*;

const COMPLETE: &str = r#"
    server = "https://push.example/base"
    app = "shop"
    identity_file = "identity.jwt"
"#;

#[test]
fn a_complete_file_is_enough() {
    let configuration = read(COMPLETE, &[]).unwrap();
    assert_eq!(configuration.server.as_str(), "https://push.example/base/");
    assert_eq!(configuration.app.as_str(), "shop");
    assert_eq!(configuration.data_dir, Path::new("/data"));
    let IdentityOrigin::File(file) = configuration.identity else {
        panic!("the identity is in a file");
    };
    assert!(file.is_absolute() && file.ends_with("identity.jwt"));
}

#[test]
fn the_environment_is_enough_and_wins() {
    let env = [
        ("VESTNIK_SERVER", "http://127.0.0.1:4000"),
        ("VESTNIK_APP", "other"),
        ("VESTNIK_IDENTITY_TOKEN", "a.b.c"),
        ("VESTNIK_DATA_DIR", "/elsewhere"),
    ];
    for text in ["", COMPLETE] {
        let configuration = read(text, &env).unwrap();
        assert_eq!(configuration.server.as_str(), "http://127.0.0.1:4000/");
        assert_eq!(configuration.app.as_str(), "other");
        assert_eq!(
            configuration.identity,
            IdentityOrigin::Token("a.b.c".to_owned())
        );
        assert_eq!(configuration.data_dir, Path::new("/elsewhere"));
    }
}

#[test]
fn what_is_missing_is_named() {
    check("", &[], &missing(&["server", "app", "identity_file"]));
    check("app = 'shop'", &[], &missing(&["server", "identity_file"]));
    check(
        "",
        &[("VESTNIK_SERVER", "http://x"), ("VESTNIK_APP", "a")],
        &missing(&["identity_file"]),
    );
}

#[test]
fn what_cannot_be_used_is_named() {
    for (server, app, detail) in [
        (
            "push.example",
            "shop",
            "server: relative URL without a base",
        ),
        (
            "ftp://push.example",
            "shop",
            "server: must begin with https:// or http://",
        ),
        ("https://push.example", "a b", "app: must not contain ' '"),
    ] {
        let text = format!("server = '{server}'\napp = '{app}'\nidentity_token = 't'");
        check(&text, &[], &invalid(detail.to_owned()));
    }
}

#[test]
fn a_broken_file_is_told_without_its_secrets() {
    for text in [
        "identity_token = s3cret",
        "identity_token = 's3cret'\nunknown = 1",
        "app = 's3cret",
    ] {
        let Err(SetupProblem::Invalid { detail }) = read(text, &[]) else {
            panic!("{text} was taken");
        };
        assert!(!detail.is_empty() && !detail.contains("s3cret"), "{detail}");
    }
}

#[test]
fn a_token_is_not_printed() {
    let origin = IdentityOrigin::Token("s3cret".to_owned());
    assert_eq!(format!("{origin:?}"), "Token(..)");
}

fn check(text: &str, env: &[(&str, &str)], problem: &SetupProblem) {
    assert_eq!(read(text, env).as_ref(), Err(problem));
}

fn read(text: &str, env: &[(&str, &str)]) -> Result<Configuration, SetupProblem> {
    let folder = folder_with(text);
    let env: BTreeMap<&str, &str> = env.iter().copied().collect();
    load(folder.path(), Path::new("/data"), |name| {
        env.get(name).map(OsString::from)
    })
}

fn folder_with(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    if !text.is_empty() {
        fs::write(folder.path().join(FILE_NAME), text).unwrap();
    }
    folder
}

fn missing(settings: &[&str]) -> SetupProblem {
    SetupProblem::Missing {
        settings: settings.iter().map(|name| (*name).to_owned()).collect(),
    }
}
