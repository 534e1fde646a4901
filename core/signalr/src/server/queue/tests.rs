use std::time::Duration;

use futures_util::FutureExt;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::*;
use crate::server::{
    clock,
    wire::{
        WireEnd,
        tests::{LONG, messages, pair},
    },
    written::NotWritten,
};

const PATIENCE: Duration = Duration::from_secs(1);

fn queue(frames: usize, bytes: usize) -> SendQueue {
    SendQueue::new(QueueLimits {
        frames,
        bytes,
        batch: 1_024,
    })
}

fn frame(length: usize) -> Bytes {
    Bytes::from(vec![b'x'; length])
}

#[test]
fn is_bounded_by_count() {
    let queue = queue(2, 1_000);
    assert_eq!(queue.try_push(clock::now(), frame(1)), Ok(()));
    assert_eq!(queue.try_push(clock::now(), frame(1)), Ok(()));
    assert_eq!(queue.try_push(clock::now(), frame(1)), Err(SendError::Full));
    assert_eq!(queue.pop().0, Popped::Frame(frame(1)));
    assert_eq!(queue.try_push(clock::now(), frame(1)), Ok(()));
}

#[test]
fn is_bounded_by_bytes_but_takes_one_large_frame() {
    let queue = queue(100, 10);
    assert_eq!(queue.try_push(clock::now(), frame(50)), Ok(()));
    assert_eq!(queue.try_push(clock::now(), frame(1)), Err(SendError::Full));
    assert_eq!(queue.pop().0, Popped::Frame(frame(50)));
    assert_eq!(queue.try_push(clock::now(), frame(6)), Ok(()));
    assert_eq!(queue.try_push(clock::now(), frame(5)), Err(SendError::Full));
    assert_eq!(queue.try_push(clock::now(), frame(4)), Ok(()));
}

#[test]
fn closes_after_what_was_queued() {
    let queue = queue(10, 10);
    queue.try_push(clock::now(), frame(1)).unwrap();
    queue.close(true);
    queue.close(false);
    assert_eq!(queue.try_push(clock::now(), frame(1)), Err(SendError::Gone));
    assert_eq!(queue.pop().0, Popped::Frame(frame(1)));
    assert_eq!(
        queue.pop().0,
        Popped::Close {
            allow_reconnect: true
        }
    );
    assert_eq!(queue.pop().0, Popped::Empty);
}

#[tokio::test(start_paused = true)]
async fn a_patient_sender_is_woken_by_room_and_by_the_end() {
    let queue = queue(1, 10);
    queue.try_push(clock::now(), frame(1)).unwrap();
    let patient = async || {
        tokio::time::timeout(PATIENCE, queue.push(clock::now, frame(2)))
            .await
            .unwrap()
    };
    let (sent, popped) = tokio::join!(patient(), async { queue.pop().0 });
    assert_eq!((sent, popped), (Ok(()), Popped::Frame(frame(1))));
    let (sent, ()) = tokio::join!(patient(), async { queue.end() });
    assert_eq!(sent, Err(SendError::Gone));
}

/// A queue with room whose task rests, and the client's end of its socket.
async fn resting() -> (SendQueue, Arc<Wire>, TcpStream) {
    let (wire, peer) = pair().await;
    let queue = queue(1_000, 1_000_000);
    queue.open_bypass(Arc::clone(&wire), TransferFormat::Text);
    assert!(queue.rest());
    (queue, wire, peer)
}

fn text(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn later(start: Instant, times: u32) -> Instant {
    start + times * Duration::from_millis(1)
}

#[tokio::test]
async fn a_frame_for_a_task_at_rest_is_written_without_waking_it() {
    let (queue, _, peer) = resting().await;
    let start = clock::now();
    queue.try_push(later(start, 0), text("a")).unwrap();
    queue.try_push(later(start, 1), text("b")).unwrap();
    assert!(queue.changed().now_or_never().is_none());
    assert_eq!(messages(peer, 2).await, ["a", "b"]);
    assert_eq!(queue.take_over().last, Some(later(start, 1)));
    assert_eq!(queue.pop().0, Popped::Empty);
}

#[tokio::test]
async fn frames_in_quick_succession_are_left_for_the_task_to_put_together() {
    let (queue, _, peer) = resting().await;
    let start = clock::now();
    for number in ["1", "2", "3"] {
        queue.try_push(start, text(number)).unwrap();
    }
    assert!(queue.changed().now_or_never().is_some());
    queue.take_over();
    assert_eq!(queue.pop().0, Popped::Frame(text("2")));
    assert_eq!(queue.pop().0, Popped::Frame(text("3")));
    assert_eq!(messages(peer, 1).await, ["1"]);
}

#[tokio::test]
async fn a_task_at_work_is_never_written_past() {
    let (queue, _, _peer) = resting().await;
    queue.take_over();
    queue.try_push(clock::now(), text("a")).unwrap();
    assert_eq!(
        queue.try_enqueue(clock::now(), text("b")),
        Ok(Carriage::Seen)
    );
    queue.flush(clock::now());
    assert!(!queue.rest(), "it must not rest while frames wait");
    queue.try_push(clock::now(), text("c")).unwrap();
    assert_eq!(queue.pop().0, Popped::Frame(text("a")));
    assert_eq!(queue.pop().0, Popped::Frame(text("b")));
    assert_eq!(queue.pop().0, Popped::Frame(text("c")));
    assert!(queue.rest());
}

#[tokio::test]
async fn one_flush_is_owed_for_many_frames() {
    let (queue, _, peer) = resting().await;
    let start = clock::now();
    assert_eq!(queue.try_enqueue(start, text("a")), Ok(Carriage::Owed));
    assert_eq!(queue.try_enqueue(start, text("b")), Ok(Carriage::Seen));
    // Whoever pushes meanwhile writes the others' first.
    queue.try_push(start, text("c")).unwrap();
    queue.flush(start);
    assert!(queue.changed().now_or_never().is_none());
    assert_eq!(messages(peer, 2).await, ["ab", "c"]);
}

#[tokio::test]
async fn what_the_socket_does_not_take_is_left_for_the_task() {
    let (queue, wire, peer) = resting().await;
    let start = clock::now();
    let texts = ["x".repeat(LONG), "y".repeat(200), "z".repeat(300)];
    for (number, frame) in (0..).zip(&texts) {
        queue.try_push(later(start, number), text(frame)).unwrap();
    }
    assert!(queue.changed().now_or_never().is_some());
    queue.take_over();
    assert!(wire.has_rest());
    let mut end = WireEnd::new(wire);
    let write = async {
        end.flush().await.unwrap();
        while let Popped::Frame(frame) = queue.pop().0 {
            let length = u16::try_from(frame.len()).unwrap();
            end.write_all(&[0x81, 126]).await.unwrap();
            end.write_u16(length).await.unwrap();
            end.write_all(&frame).await.unwrap();
        }
    };
    let ((), read) = tokio::join!(write, messages(peer, texts.len()));
    assert_eq!(read, texts);
}

#[tokio::test]
async fn a_queue_that_ended_writes_no_more_and_lets_go_of_the_socket() {
    let (queue, wire, _peer) = resting().await;
    queue.end();
    assert_eq!(
        queue.try_push(clock::now(), text("a")),
        Err(SendError::Gone)
    );
    assert_eq!(Arc::strong_count(&wire), 1);
}

fn is_pending(written: &mut Written) -> bool {
    written.now_or_never().is_none()
}

#[tokio::test]
async fn a_tracked_frame_that_is_written_past_the_task_is_reported_at_once() {
    let (queue, _, peer) = resting().await;
    let start = clock::now();
    let written = queue.try_push_tracked(start, text("a")).unwrap();
    assert_eq!(written.now_or_never(), Some(Ok(())));
    // What is left to be flushed is tracked as well.
    queue.try_enqueue(later(start, 1), text("b")).unwrap();
    let mut written = queue.try_push_tracked(start, text("c")).unwrap();
    assert!(is_pending(&mut written));
    queue.flush(later(start, 1));
    assert_eq!(written.now_or_never(), Some(Ok(())));
    assert_eq!(messages(peer, 2).await, ["a", "bc"]);
}

#[tokio::test]
async fn a_tracked_frame_that_the_socket_takes_in_part_is_the_tasks_to_report() {
    let (queue, _, _peer) = resting().await;
    let mut written = queue
        .try_push_tracked(clock::now(), text(&"x".repeat(LONG)))
        .unwrap();
    assert!(is_pending(&mut written));
    let begun = queue.take_over().begun;
    assert!(is_pending(&mut written));
    begun.into_iter().for_each(Receipt::confirm);
    assert_eq!(written.now_or_never(), Some(Ok(())));
    assert!(queue.take_over().begun.is_empty());
}

#[test]
fn a_tracked_frame_takes_its_receipt_along_or_is_never_written() {
    let queue = queue(10, 100);
    let now = clock::now();
    queue.try_push(now, frame(1)).unwrap();
    let mut first = queue.try_push_tracked(now, frame(2)).unwrap();
    let last = queue.try_push_tracked(now, frame(3)).unwrap();
    assert_eq!(queue.pop().1.len(), 0);
    let (popped, receipts) = queue.pop();
    assert_eq!((popped, receipts.len()), (Popped::Frame(frame(2)), 1));
    queue.end();
    assert!(is_pending(&mut first));
    drop(receipts);
    for written in [first, last] {
        assert_eq!(written.now_or_never(), Some(Err(NotWritten)));
    }
    let refused = queue.try_push_tracked(now, frame(1));
    assert_eq!(refused.unwrap_err(), SendError::Gone);
}
