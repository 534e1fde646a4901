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
    let Some(IdentityOrigin::File(file)) = configuration.identity else {
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
        ("VESTNIK_PROXY", "http://proxy.example:3128"),
        ("VESTNIK_DATA_DIR", "/elsewhere"),
    ];
    for text in ["", COMPLETE] {
        let configuration = read(text, &env).unwrap();
        assert_eq!(configuration.server.as_str(), "http://127.0.0.1:4000/");
        assert_eq!(configuration.app.as_str(), "other");
        assert_eq!(
            configuration.identity,
            Some(IdentityOrigin::Token(Secret::new("a.b.c")))
        );
        let proxy = configuration.network.proxy.unwrap();
        assert_eq!(proxy.as_str(), "http://proxy.example:3128/");
        assert_eq!(configuration.data_dir, Path::new("/elsewhere"));
    }
}

#[test]
fn a_code_need_not_be_configured() {
    let configuration = read("server = 'https://push.example'\napp = 'shop'", &[]).unwrap();
    assert_eq!(configuration.identity, None);
    assert!(!configuration.server_view().has_code);
}

#[test]
fn what_is_missing_is_named() {
    check("", &[], &missing(&["server", "app"]));
    check("app = 'shop'", &[], &missing(&["server"]));
    check("", &[("VESTNIK_SERVER", "http://x")], &missing(&["app"]));
}

#[test]
fn what_cannot_be_used_is_named() {
    for (server, more, setting, detail) in [
        (
            "push.example",
            "app = 'shop'",
            "server",
            "relative URL without a base",
        ),
        (
            "ftp://push.example",
            "app = 'shop'",
            "server",
            "must begin with https:// or http://",
        ),
        (
            "https://push.example",
            "app = 'a b'",
            "app",
            "must not contain ' '",
        ),
        (
            "https://push.example",
            "app = 'shop'\nproxy = 'proxy'",
            "proxy",
            "relative URL without a base",
        ),
    ] {
        let text = format!("server = '{server}'\n{more}");
        check(&text, &[], &invalid(setting, detail.to_owned()));
    }
}

#[test]
fn what_is_logged_of_a_configuration_has_no_secret() {
    let text = "server = 'https://anna:hunter2@push.example/?key=hunter2'\napp = 'shop'\n\
                identity_token = 'hunter2'\nproxy = 'http://anna:hunter2@proxy.example'";
    let folder = folder_with(text);
    let configuration = load(folder.path(), Path::new("/data"), |_| None).unwrap();
    let logged = format!("{configuration:?}");
    assert!(logged.contains("push.example"), "{logged}");
    assert!(!logged.contains("hunter2"), "{logged}");
}

#[test]
fn certificates_are_read_beside_the_file() {
    let folder = folder_with(&format!("{COMPLETE}\nca_file = 'company.pem'"));
    let read = || load(folder.path(), Path::new("/data"), |_| None);
    let Err(SetupProblem::InvalidSetting { setting, .. }) = read() else {
        panic!("there is no such file");
    };
    assert_eq!(setting, "ca_file");
    fs::write(folder.path().join("company.pem"), "-----BEGIN").unwrap();
    assert_eq!(read().unwrap().network.roots, [b"-----BEGIN".to_vec()]);
}

#[test]
fn a_broken_file_is_told_without_its_secrets() {
    for text in [
        "identity_token = s3cret",
        "identity_token = 's3cret'\nunknown = 1",
        "app = 's3cret",
    ] {
        let Err(SetupProblem::UnreadableFile { detail }) = read(text, &[]) else {
            panic!("{text} was taken");
        };
        assert!(!detail.is_empty() && !detail.contains("s3cret"), "{detail}");
    }
}

#[test]
fn a_token_is_not_printed() {
    let text = "server = 'https://x'\napp = 'shop'\nidentity_token = 's3cret'\nproxy = 'http://me:s3cret@x'";
    let configuration = read(text, &[]).unwrap();
    assert!(!format!("{configuration:?}").contains("s3cret"));
}

#[test]
fn an_unencrypted_way_to_another_machine_is_exposed() {
    for (server, host, is_exposed) in [
        ("https://push.example:8443/x", "push.example:8443", false),
        ("http://push.example/", "push.example", true),
        ("http://localhost:4000/", "localhost:4000", false),
        ("http://127.0.0.1:4000/", "127.0.0.1:4000", false),
        ("http://[::1]:4000/", "[::1]:4000", false),
        ("http://10.0.0.1/", "10.0.0.1", true),
    ] {
        let text = format!("server = '{server}'\napp = 'shop'");
        let view = read(&text, &[]).unwrap().server_view();
        assert_eq!((view.host.as_str(), view.is_exposed), (host, is_exposed));
    }
}

fn check(text: &str, env: &[(&str, &str)], problem: &SetupProblem) {
    assert_eq!(read(text, env).map(|_| ()).as_ref(), Err(problem));
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
