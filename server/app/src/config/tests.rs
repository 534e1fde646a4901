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
    let file = "listen = '127.0.0.1:1'\n[limits]\nbody_bytes = 10000\nrequest_seconds = 5";
    let environment = [
        ("VESTNIK_LISTEN", "127.0.0.1:2"),
        ("VESTNIK_LIMITS_BODY_BYTES", "20000"),
    ];
    let flags = ConfigOverlay {
        listen: Some("127.0.0.1:3".to_owned()),
        database: None,
    };
    let config = load(file, &environment, flags).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.limits.body_bytes, 20_000);
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
        ("limits.body_bytes", "at least 8192"),
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
