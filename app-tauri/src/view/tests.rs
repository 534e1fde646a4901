use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use ts_rs::{Config, TS};
use vestnik_model::ClickKind;

use super::*;
use crate::sample;

#[test]
fn a_row_is_told_whole() {
    let view = NotificationView::from(&sample::read(7));
    let expected = NotificationView {
        id: sample::id(7).to_string(),
        title: "Order 7".to_owned(),
        body: "It is on its way.".to_owned(),
        category: Some("orders".to_owned()),
        priority: PriorityView::Normal,
        link: None,
        actions: Vec::new(),
        accepted_at: "2026-11-21T10:00:00Z".to_owned(),
        received_at: "2026-11-21T10:00:01Z".to_owned(),
        is_read: true,
        read_at: Some("2026-11-21T11:00:00Z".to_owned()),
    };
    assert_eq!(view, expected);
}

#[test]
fn a_button_is_told_by_what_the_window_can_do() {
    let view = NotificationView::from(&sample::with_buttons(1));
    let named = |name: &str| (name.to_owned(), name.to_owned());
    let ((pay, says), (answer, asks), (ok, tells)) = (named("pay"), named("answer"), named("ok"));
    let expected = [
        ActionView::Link {
            id: pay,
            title: says,
            host: "shop.example".to_owned(),
        },
        ActionView::Reply {
            id: answer,
            title: asks,
            placeholder: None,
        },
        ActionView::Callback {
            id: ok,
            title: tells,
        },
    ];
    assert_eq!(view.actions, expected);
}

#[test]
fn a_link_shows_the_host_that_it_really_leads_to() {
    for (kind, url, host) in [
        (
            ClickKind::Link,
            "https://shop.example/o/1?q#f",
            Some("shop.example"),
        ),
        (
            ClickKind::Link,
            "http://127.0.0.1:8080/",
            Some("127.0.0.1:8080"),
        ),
        (
            ClickKind::Webview,
            "https://SHOP.example:443",
            Some("shop.example"),
        ),
        // An earlier server let such links pass: they lead nowhere.
        (ClickKind::Link, "https://bank.example@evil.example/", None),
        (
            ClickKind::Link,
            "https://bank.example:pw@evil.example:99/",
            None,
        ),
        (
            ClickKind::Link,
            "https://bаnk.example/",
            Some("xn--bnk-6cd.example"),
        ),
        (ClickKind::App, "shop://order/1", None),
    ] {
        let view = NotificationView::from(&sample::linking(1, kind, url));
        assert_eq!(view.link.map(|link| link.host).as_deref(), host, "{url}");
    }
}

/// Writes the TypeScript into `TS_RS_EXPORT_DIR`; without it, compares it with the committed copy.
#[test]
fn export_bindings() {
    if std::env::var_os("TS_RS_EXPORT_DIR").is_some() {
        export(&Config::from_env());
        return;
    }
    let fresh = tempfile::tempdir().unwrap();
    export(
        &Config::new()
            .with_large_int("number")
            .with_out_dir(fresh.path()),
    );
    assert!(
        read(fresh.path()) == read(&committed()),
        "ui/src/generated is stale: run `cargo xtask codegen`"
    );
}

fn export(config: &Config) {
    UiEvent::export_all(config).unwrap();
    HistoryRequest::export_all(config).unwrap();
    HistoryView::export_all(config).unwrap();
    ConsentView::export_all(config).unwrap();
    OptOutRequest::export_all(config).unwrap();
    CodeView::export_all(config).unwrap();
    CommandError::export_all(config).unwrap();
}

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/generated")
}

fn read(folder: &Path) -> BTreeMap<String, String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ts"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}
