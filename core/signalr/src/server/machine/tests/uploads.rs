//! Streams that clients send along with their calls.

use super::*;

/// A call that brings one stream along, named `u`.
pub(super) const UPLOADING: &str =
    r#"{"type":1,"invocationId":"7","target":"M","arguments":[],"streamIds":["u"]}"#;

pub(super) fn upload_item(id: &str, item: u32) -> String {
    format!(r#"{{"type":2,"invocationId":"{id}","item":{item}}}"#)
}

#[test]
fn an_upload_goes_to_its_call_until_the_client_ends_it() {
    for (end, expected) in [
        (r#"{"type":3,"invocationId":"u"}"#, "end 2"),
        (
            r#"{"type":3,"invocationId":"u","error":"no more"}"#,
            "end 2 by no more",
        ),
    ] {
        let mut bench = Bench::open();
        bench.check(UPLOADING, &["call 1 M"]);
        bench.check(&upload_item("u", 5), &["item 2 5"]);
        bench.check(&upload_item("other", 5), &[]);
        bench.check(end, &[expected]);
        bench.check(end, &[]);
        bench.check(&upload_item("u", 5), &[]);
        bench.check_input(void(1), &[r#"send {"type":3,"invocationId":"7"}"#]);
    }
}

#[test]
fn a_full_upload_stops_reading_until_its_method_takes_an_item() {
    let mut bench = Bench::with(ServerConfig {
        upload_buffer: 2,
        ..ServerConfig::default()
    });
    bench.open_up();
    bench.check(UPLOADING, &["call 1 M"]);
    let items: Vec<String> = (1..=4).map(|item| upload_item("u", item)).collect();
    let rest = [
        items.join("\n"),
        r#"{"type":3,"invocationId":"u"}"#.to_owned(),
    ]
    .join("\n");
    bench.check(&rest, &["item 2 1", "item 2 2"]);
    assert!(!bench.machine.wants_input());
    let key = UploadKey(2);
    bench.check_input(Input::UploadTaken(key), &["item 2 3"]);
    assert!(!bench.machine.wants_input());
    bench.check_input(Input::UploadTaken(key), &["item 2 4", "end 2"]);
    assert!(bench.machine.wants_input());
}

#[test]
fn a_full_upload_does_not_hold_up_other_messages_before_its_next_item() {
    let mut bench = Bench::with(ServerConfig {
        upload_buffer: 1,
        ..ServerConfig::default()
    });
    bench.open_up();
    let call = r#"{"type":4,"invocationId":"7","target":"M","arguments":[],"streamIds":["u"]}"#;
    bench.check(call, &["stream 1 M"]);
    bench.check(&upload_item("u", 1), &["item 2 1"]);
    let plain = r#"{"type":1,"invocationId":"8","target":"N","arguments":[]}"#;
    bench.check(plain, &["call 3 N"]);
    bench.check_input(void(3), &[r#"send {"type":3,"invocationId":"8"}"#]);
    bench.check("{\"type\":6}", &[]);
    // The client is not missed while it is the server that does not read.
    bench.check(&upload_item("u", 2), &[]);
    bench.check_after(60, &[r#"send {"type":6}"#]);
    bench.check_input(Input::UploadTaken(UploadKey(2)), &["item 2 2"]);
    assert!(bench.machine.wants_input());
    bench.check_after(29, &[r#"send {"type":6}"#]);
}

#[test]
fn an_upload_that_nobody_reads_holds_nobody_up() {
    for (input, expected) in [
        (Input::UploadDropped(UploadKey(2)), vec![]),
        (
            void(1),
            vec!["drop 2", r#"send {"type":3,"invocationId":"7"}"#],
        ),
    ] {
        let mut bench = Bench::with(ServerConfig {
            upload_buffer: 1,
            ..ServerConfig::default()
        });
        bench.open_up();
        bench.check(UPLOADING, &["call 1 M"]);
        bench.check(&upload_item("u", 1), &["item 2 1"]);
        bench.check(&upload_item("u", 2), &[]);
        assert!(!bench.machine.wants_input());
        bench.check_input(input, &expected);
        assert!(bench.machine.wants_input());
        bench.check(&upload_item("u", 3), &[]);
    }
}

#[test]
fn a_cancelled_stream_takes_its_uploads_with_it() {
    let mut bench = Bench::open();
    let call = r#"{"type":4,"invocationId":"s","target":"M","arguments":[],"streamIds":["u"]}"#;
    bench.check(call, &["stream 1 M"]);
    bench.check(
        r#"{"type":5,"invocationId":"s"}"#,
        &[
            "cancel 1",
            "drop 2",
            r#"send {"type":3,"invocationId":"s"}"#,
        ],
    );
    // The stream's id is free again, its key is not.
    bench.check(call, &["stream 3 M"]);
    bench.check(&upload_item("u", 1), &["item 4 1"]);
}

#[test]
fn refuses_streams_whose_ids_are_in_use_and_too_many_of_them() {
    let mut bench = Bench::with(ServerConfig {
        max_uploads: 2,
        ..ServerConfig::default()
    });
    bench.open_up();
    let call = |ids: &str| {
        format!(r#"{{"type":4,"invocationId":"s","target":"M","arguments":[],"streamIds":{ids}}}"#)
    };
    let refusal = |detail: &str| {
        format!(
            r#"send {{"type":3,"invocationId":"s","error":"An unexpected error occurred invoking 'M' on the server. HubException: {detail}"}}"#
        )
    };
    let in_use = refusal("Stream ID 'u' is already in use.");
    bench.check(&call(r#"["u","u"]"#), &[&in_use]);
    bench.check(UPLOADING, &["call 1 M"]);
    bench.check(&call(r#"["u"]"#), &[&in_use]);
    let too_many = refusal("Too many upload streams on this connection.");
    bench.check(&call(r#"["v","w"]"#), &[&too_many]);
    bench.check(&call(r#"["v"]"#), &["stream 3 M"]);
}
