use clap::CommandFactory as _;

use super::*;

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn a_server_is_an_address_of_http() {
    for good in ["http://127.0.0.1:4000", "https://shared.example/push/"] {
        assert!(parse_server(good).is_ok(), "{good}");
    }
    for bad in ["localhost:4000", "ftp://a/", "push", "http://", ""] {
        assert!(parse_server(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_oldest_version_names_its_platform() {
    let sent = |version| {
        let line = [
            "vestnik",
            "send",
            "title",
            "--user",
            "anna",
            "--min-version",
            version,
        ];
        Cli::try_parse_from(line)
    };
    assert!(sent("android=3.1.0").is_ok());
    for bad in [
        "3.1.0",
        "android=",
        "android=v3",
        "fridge=3",
        "android=3=1",
        "",
    ] {
        assert!(sent(bad).is_err(), "{bad}");
    }
}

#[test]
fn somebody_must_be_addressed() {
    assert!(Cli::try_parse_from(["vestnik", "send", "title"]).is_err());
    assert!(Cli::try_parse_from(["vestnik", "send", "title", "--topic", "orders"]).is_ok());
}

#[test]
fn every_command_that_takes_more_than_a_word_shows_an_example() {
    for command in Cli::command().get_subcommands() {
        if matches!(command.get_name(), "keys" | "provider" | "completions") {
            continue;
        }
        assert!(has_example(command), "{}", command.get_name());
    }
}

/// Whether a command shows an example, or one of its subcommands does.
fn has_example(command: &clap::Command) -> bool {
    let help = command.clone().render_help().to_string();
    help.contains("Example") || command.get_subcommands().any(has_example)
}
