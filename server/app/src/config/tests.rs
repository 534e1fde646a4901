use super::*;

#[expect(
    clippy::unwrap_in_result,
    reason = "the result is what is tested, the file is not"
)]
fn load(
    file: &str,
    environment: &[(&str, &str)],
    flags: ConfigOverlay,
) -> Result<Config, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vestnik.toml");
    std::fs::write(&path, file).unwrap();
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(Some(&path), environment, flags)
}

#[test]
fn nothing_said_is_the_default() {
    assert_eq!(
        load("", &[], ConfigOverlay::default()),
        Ok(Config::default())
    );
}

#[test]
fn flags_beat_the_environment_beats_the_file() {
    let file = "listen = '127.0.0.1:1'\n[limits]\nbody_bytes = 100000\nrequest_seconds = 5";
    let environment = [
        ("VESTNIK_LISTEN", "127.0.0.1:2"),
        ("VESTNIK_LIMITS_BODY_BYTES", "200000"),
    ];
    let flags = ConfigOverlay {
        listen: Some("127.0.0.1:3".to_owned()),
        database: None,
    };
    let config = load(file, &environment, flags).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.limits.body_bytes, 200_000);
    assert_eq!(config.limits.request_seconds, 5);
}

#[test]
fn what_is_printed_can_be_read_back() {
    let config = Config::default();
    assert_eq!(
        load(&config.to_toml(), &[], ConfigOverlay::default()),
        Ok(config)
    );
}

#[test]
fn a_wrong_setting_is_named_with_its_source() {
    #[track_caller]
    fn check(file: &str, environment: &[(&str, &str)], expected: (&str, &str)) {
        let error = load(file, environment, ConfigOverlay::default()).unwrap_err();
        assert_eq!(error.field, expected.0, "{error}");
        assert!(error.to_string().contains(expected.1), "{error}");
    }
    check("listen = 'nowhere'", &[], ("listen", "vestnik.toml"));
    check("lisen = '127.0.0.1:1'", &[], ("lisen", "vestnik.toml"));
    check(
        "[limits]\nbody_bytes = 'many'",
        &[],
        ("limits.body_bytes", "must be"),
    );
    check(
        "[limits]\nbody_bytes = 1",
        &[],
        ("limits.body_bytes", "at least 73728"),
    );
    check(
        "",
        &[("VESTNIK_DELIVERY_KEEP_DAYS", "soon")],
        ("delivery.keep_days", "VESTNIK_DELIVERY_KEEP_DAYS"),
    );
    check("[[", &[], ("", "vestnik.toml"));
}

#[test]
fn an_error_never_repeats_the_value() {
    let error = load("listen = 'hunter2'", &[], ConfigOverlay::default()).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn an_address_is_read_as_people_write_it() {
    let listen = |text: &str| {
        let file = format!("listen = '{text}'");
        load(&file, &[], ConfigOverlay::default()).map(|config| config.listen.to_string())
    };
    assert_eq!(listen("localhost:4000").as_deref(), Ok("127.0.0.1:4000"));
    assert_eq!(listen("[::1]:4000").as_deref(), Ok("[::1]:4000"));
    for wrong in [
        "4000",
        "localhost",
        "example.org:4000",
        "127.0.0.1",
        "localhost:70000",
    ] {
        let error = listen(wrong).unwrap_err();
        assert_eq!(error.field, "listen");
        assert!(
            error.detail.contains("must be an IP address and a port"),
            "{error}"
        );
    }
}

#[test]
fn an_empty_variable_counts_as_not_set_and_is_named() {
    let environment = [
        ("VESTNIK_LISTEN", ""),
        ("VESTNIK_DATABASE", ""),
        ("VESTNIK_SECRETS_KEY", ""),
        ("VESTNIK_OTHER", ""),
    ];
    let config = load("", &environment, ConfigOverlay::default()).unwrap();
    assert_eq!(config, Config::default());
    let pairs = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(
        Config::empty_variables(pairs),
        ["VESTNIK_LISTEN", "VESTNIK_DATABASE", "VESTNIK_SECRETS_KEY"]
    );
}

#[test]
fn an_empty_database_is_refused() {
    let error = load("database = ''", &[], ConfigOverlay::default()).unwrap_err();
    assert_eq!(error.field, "database");
    let flags = ConfigOverlay {
        listen: None,
        database: Some("".into()),
    };
    let error = load("", &[], flags).unwrap_err();
    assert_eq!(error.origin, Source::Flag("--database"));
}

#[test]
fn each_setting_can_come_from_the_environment() {
    let environment = [
        ("VESTNIK_NODE", "1"),
        ("VESTNIK_PROXY_TRUSTED", "10.0.0.0/8, 192.0.2.1"),
        ("VESTNIK_LIMITS_PAGE_BYTES", "65536"),
        ("VESTNIK_RATES_KEY_PER_SECOND", "7"),
        ("VESTNIK_FEED_CONNECTIONS_PER_USER", "3"),
    ];
    let config = load("", &environment, ConfigOverlay::default()).unwrap();
    assert_eq!(config.node.as_deref(), Some("1"));
    assert!(config.proxy.trusts([192, 0, 2, 1].into()));
    assert!(!config.proxy.trusts([127, 0, 0, 1].into()));
    assert_eq!(config.limits.page_bytes, 65_536);
    assert_eq!(config.rates.key_per_second, 7);
    assert_eq!(config.feed.connections_per_user, 3);
}

#[test]
fn sizes_keep_to_those_of_the_wire() {
    use vestnik_model::limits;
    for (field, value) in [
        ("page_bytes", limits::MAX_PAGE_BYTES + 1),
        ("page_bytes", limits::MIN_PAGE_BYTES - 1),
        ("hub_message_bytes", limits::MIN_HUB_MESSAGE_BYTES - 1),
        ("body_bytes", limits::PUBLISH_BYTES - 1),
    ] {
        let file = format!("[limits]\n{field} = {value}");
        let error = load(&file, &[], ConfigOverlay::default()).unwrap_err();
        assert_eq!(error.field, format!("limits.{field}"));
    }
}

#[test]
fn the_key_for_secrets_is_read_and_never_shown() {
    let text = "ab".repeat(32);
    let environment = [("VESTNIK_SECRETS_KEY", text.as_str())];
    let config = load("", &environment, ConfigOverlay::default()).unwrap();
    let key = config.secrets.read_key().unwrap().unwrap();
    assert_eq!(key.bytes(), &[0xab; 32]);
    assert!(!format!("{config:?}{}", config.to_toml()).contains("abab"));
    assert!(!format!("{config:?}").contains("171"));

    let error = load(
        "",
        &[("VESTNIK_SECRETS_KEY", "abc")],
        ConfigOverlay::default(),
    )
    .unwrap_err();
    assert_eq!(error.field, "secrets.key");
    let file = "[secrets]\nkey_file = 'k'";
    let error = load(file, &environment, ConfigOverlay::default()).unwrap_err();
    assert_eq!(error.field, "secrets.key_file");
}

#[test]
fn the_key_for_secrets_can_be_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    std::fs::write(&path, format!("{}\n", "0f".repeat(32))).unwrap();
    let secrets = SecretConfig {
        key_file: Some(path.clone()),
        key: None,
    };
    assert_eq!(secrets.read_key().unwrap().unwrap().bytes(), &[0x0f; 32]);
    std::fs::write(&path, "short").unwrap();
    assert_eq!(secrets.read_key().unwrap_err().field, "secrets.key_file");
}
