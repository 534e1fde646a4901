//! Audiences that are uploaded as files.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    http::Request,
};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::world::{Answer, World, text};

/// Makes an audience of a CSV file.
async fn create(world: &World) -> String {
    let request = json!({"name": "march", "format": "csv"});
    let created = world.admin("POST /v1/audiences", Some(request)).await;
    assert_eq!(created.status, 201, "{created:?}");
    let id = text(&created.body["id"]).to_owned();
    assert_eq!(created.headers["location"], format!("audiences/{id}"));
    id
}

fn part(world: &World, id: &str, (from, complete): (u64, &str), body: Body) -> Request<Body> {
    let request = Request::patch(format!("/v1/audiences/{id}"))
        .header("authorization", format!("Bearer {}", world.keys.admin_key))
        .header("content-type", "application/partial-upload")
        .header("upload-offset", from)
        .header("upload-complete", complete);
    request.body(body).unwrap()
}

async fn append(world: &World, id: &str, place: (u64, &str), bytes: &str) -> Answer {
    let body = Body::from(bytes.to_owned());
    world.request(part(world, id, place, body)).await
}

#[track_caller]
fn stands(answer: &Answer, status: u16, (offset, complete): (&str, &str)) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.headers["upload-offset"], offset);
    assert_eq!(answer.headers["upload-complete"], complete);
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn a_file_is_uploaded_in_parts_and_sent_to() {
    let world = World::new().await;
    let id = create(&world).await;
    let first = append(&world, &id, (0, "?0"), "user,phone\nanna,\n,+49").await;
    stands(&first, 200, ("21", "?0"));
    let head = world.admin(&format!("HEAD /v1/audiences/{id}"), None).await;
    stands(&head, 200, ("21", "?0"));
    assert_eq!(head.headers["upload-limit"], "max-size=1073741824");
    assert_eq!(head.page, "");
    let lost = append(&world, &id, (20, "?1"), "9").await;
    stands(&lost, 409, ("21", "?0"));
    assert_eq!(lost.problem().1, "audience.offset");
    let rest = "4711\nanna,\n,+4930123456\nbert,+4930123456\n";
    let done = append(&world, &id, (21, "?1"), rest).await;
    stands(&done, 200, ("62", "?1"));
    let counts = ["lines", "good", "bad", "duplicates"].map(|name| done.body[name].clone());
    assert_eq!(counts.map(|count| count.as_u64().unwrap()), [5, 2, 2, 1]);
    assert_eq!(done.body["state"], "ready");
    let again = append(&world, &id, (62, "?1"), "eve,\n").await;
    stands(&again, 409, ("62", "?1"));

    let line = format!("GET /v1/audiences/{id}/problems?limit=1");
    let page = world.admin(&line, None).await;
    assert_eq!((page.body["total"].clone(), page.status), (json!(2), 200));
    let problem = &page.body["data"][0];
    assert_eq!(
        (&problem["line"], &problem["field"]),
        (&json!(3), &json!("phone"))
    );
    assert!(!page.page.contains("4711"), "{page:?}");
    let line = format!("{line}&cursor={}", text(&page.body["next_cursor"]));
    let rest = world.admin(&line, None).await;
    assert_eq!(rest.body["data"][0]["code"], "not_allowed");
    assert_eq!(rest.body.get("next_cursor"), None);

    let request = json!({"to": {"audiences": [&id]}, "notification": {"title": "Hi"}});
    let preview = world
        .admin("POST /v1/notifications:preview", Some(request.clone()))
        .await;
    assert_eq!(preview.body["audience"]["users"], 1, "{preview:?}");
    let sent = world.admin("POST /v1/notifications", Some(request)).await;
    assert_eq!(sent.status, 202, "{sent:?}");
    let line = format!("DELETE /v1/audiences/{id}");
    let deleted = world.admin(&line, None).await;
    assert_eq!(deleted.problem(), (409, "audience.in_use"));
    let cancel = format!("POST /v1/notifications/{}:cancel", text(&sent.body["id"]));
    assert_eq!(world.admin(&cancel, None).await.status, 200);
    assert_eq!(world.admin(&line, None).await.status, 204);
    assert_eq!(world.admin(&line, None).await.status, 404);
}

#[tokio::test]
async fn what_came_before_a_cut_is_stored() {
    let world = World::new().await;
    let id = create(&world).await;
    let lines: String = (0..10_000)
        .map(|number| format!("user-{number}\n"))
        .collect();
    let whole = format!("user\n{lines}");
    let pieces = whole.as_bytes()[..60_000]
        .chunks(1_000)
        .map(Bytes::copy_from_slice);
    let pieces = stream::iter(pieces.map(Ok).collect::<Vec<_>>());
    let cut = stream::once(async { Err(std::io::Error::other("the client went away")) });
    let body = Body::from_stream(pieces.chain(cut));
    let answer = world.request(part(&world, &id, (0, "?1"), body)).await;
    stands(&answer, 408, ("60000", "?0"));
    let rest = append(&world, &id, (60_000, "?1"), &whole[60_000..]).await;
    stands(&rest, 200, (&whole.len().to_string(), "?1"));
    assert_eq!(rest.body["good"], 10_000);
    assert_eq!(rest.body["lines"], 10_000);
}

#[tokio::test]
async fn bytes_that_do_not_come_are_not_waited_for() {
    let world = World::with(|config| config.limits.header_seconds = 1).await;
    let id = create(&world).await;
    let first = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"user\nanna\n")) });
    let body = Body::from_stream(first.chain(stream::pending()));
    let request = part(&world, &id, (0, "?1"), body);
    let answer = world.request(request).await;
    stands(&answer, 408, ("10", "?0"));
    assert_eq!(answer.problem().1, "request.timeout");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_says_why() {
    let world = World::with(|config| {
        config.audiences.file_bytes = 30;
        config.audiences.file_lines = 2;
    })
    .await;
    for (file, detail) in [
        ("name\nanna\n", "column"),
        ("user\na\nb\nc\n", "lines"),
        ("user\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "bytes"),
    ] {
        let id = create(&world).await;
        let refused = append(&world, &id, (0, "?1"), file).await;
        assert_eq!(refused.problem(), (422, "audience.failed"));
        assert!(
            text(&refused.body["detail"]).contains(detail),
            "{refused:?}"
        );
        let found = world.admin(&format!("GET /v1/audiences/{id}"), None).await;
        assert_eq!(found.body["state"], "failed");
        let request = json!({"to": {"audiences": [&id]}, "notification": {"title": "Hi"}});
        let sent = world.admin("POST /v1/notifications", Some(request)).await;
        assert_eq!(sent.problem(), (422, "audience.not_ready"));
    }
}

#[tokio::test]
async fn audiences_that_cannot_be_sent_to_are_pointed_at() {
    let world = World::new().await;
    let (id, unknown) = (create(&world).await, "aud_00000000000000000000000000000001");
    let to = json!({"users": ["anna"], "audiences": [unknown, id]});
    for line in ["POST /v1/notifications", "POST /v1/notifications:preview"] {
        let request = json!({"to": to, "notification": {"title": "Hi"}});
        let refused = world.admin(line, Some(request)).await;
        assert_eq!(refused.problem(), (422, "audience.unknown"));
        let errors = refused.body["errors"].as_array().unwrap();
        let pointers: Vec<_> = errors.iter().map(|error| text(&error["pointer"])).collect();
        assert_eq!(pointers, ["/to/audiences/0", "/to/audiences/1"]);
    }
    let list = world.admin("GET /v1/notifications", None).await;
    assert_eq!(list.body["data"], json!([]));
}

#[tokio::test]
async fn a_request_that_is_no_upload_is_refused() {
    let world = World::new().await;
    let id = create(&world).await;
    #[track_caller]
    fn check(answer: &Answer, expected: (u16, &str)) {
        assert_eq!(answer.problem(), expected);
    }
    for (header, value, expected) in [
        ("upload-offset", "", (400, "request.malformed")),
        ("upload-offset", "-1", (400, "request.malformed")),
        ("upload-complete", "1", (400, "request.malformed")),
        (
            "content-type",
            "application/json",
            (415, "request.media_type"),
        ),
        ("content-encoding", "gzip", (415, "request.media_type")),
    ] {
        let mut request = part(&world, &id, (0, "?1"), Body::from("user\n"));
        let value = value.parse().unwrap();
        request.headers_mut().insert(header, value);
        check(&world.request(request).await, expected);
    }
    let nowhere = "aud_00000000000000000000000000000001";
    check(
        &append(&world, nowhere, (0, "?1"), "").await,
        (404, "not_found"),
    );
    let request = json!({"name": "reader", "scopes": ["publish", "read"]});
    let key = world.admin("POST /v1/keys", Some(request)).await;
    let key = text(&key.body["key"]).to_owned();
    let mut request = part(&world, &id, (0, "?1"), Body::from("user\n"));
    let bearer = format!("Bearer {key}").parse().unwrap();
    request.headers_mut().insert("authorization", bearer);
    check(&world.request(request).await, (403, "auth.forbidden"));
    let list = world.call("GET /v1/audiences", &key, None).await;
    check(&list, (403, "auth.forbidden"));
    let list = world.admin("GET /v1/audiences", None).await;
    assert_eq!(list.body["data"][0]["bytes"], 0);
}

#[tokio::test]
async fn an_app_has_so_many_lines_and_goes_on_when_it_has_room() {
    let world = World::with(|config| config.audiences.lines_per_app = 2).await;
    let (first, second) = (create(&world).await, create(&world).await);
    let lines = "user\nanna\nbert\n";
    stands(
        &append(&world, &first, (0, "?1"), lines).await,
        200,
        ("15", "?1"),
    );
    let full = append(&world, &second, (0, "?1"), lines).await;
    stands(&full, 409, ("0", "?0"));
    assert_eq!(full.problem().1, "audience.full");
    let path = format!("DELETE /v1/audiences/{first}");
    assert_eq!(world.admin(&path, None).await.status, 204);
    let done = append(&world, &second, (0, "?1"), lines).await;
    stands(&done, 200, ("15", "?1"));
}

#[tokio::test]
async fn an_app_uploads_so_much_at_once() {
    let world = World::with(|config| config.audiences.uploads_per_app = 1).await;
    let (first, second) = (create(&world).await, create(&world).await);
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let bytes = stream::once(async {
        receiver.await.unwrap();
        Ok::<_, Infallible>(Bytes::from_static(b"user\nanna\n"))
    });
    let slow = part(&world, &first, (0, "?1"), Body::from_stream(bytes));
    let slow = world.request(slow);
    let other = async {
        let busy = append(&world, &second, (0, "?1"), "user\nbert\n").await;
        assert_eq!(busy.problem(), (503, "unavailable"));
        assert_eq!(busy.headers["retry-after"], "5");
        sender.send(()).unwrap();
    };
    let (done, ()) = futures_util::future::join(slow, other).await;
    assert_eq!(done.status, 200);
    let done = append(&world, &second, (0, "?1"), "user\nbert\n").await;
    assert_eq!(done.status, 200, "the place is free again");
}

#[tokio::test]
async fn an_audience_is_asked_for_strictly() {
    let world = World::with(|config| config.audiences.audiences_per_app = 1).await;
    let ask = async |body: Value| world.admin("POST /v1/audiences", Some(body)).await;
    let csv = json!({"name": "a", "format": "csv", "csv": {"columns": {"telephone": "Tel"}}});
    let refused = ask(csv).await;
    assert_eq!(refused.problem(), (422, "request.invalid"));
    let csv = json!({"name": "", "format": "csv", "csv": {"has_header": false}});
    let refused = ask(csv).await;
    let errors = refused.body["errors"].as_array().unwrap();
    let pointers: Vec<_> = errors.iter().map(|error| text(&error["pointer"])).collect();
    assert_eq!(pointers, ["/name", "/csv/columns"]);
    create(&world).await;
    let full = ask(json!({"name": "a", "format": "ndjson"})).await;
    assert_eq!(full.problem(), (409, "conflict"));
}
