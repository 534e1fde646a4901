mod exchange;
mod frames;
mod hostile;
mod peer;
mod pool;
mod reach;

use std::{future::Future, io, net::SocketAddr, sync::Mutex, time::Duration};

use http::Request;
use tokio::sync::mpsc;

use crate::{
    Client, Limits, Protocol, Reach, Trust,
    resolve::{Addresses, Resolve},
};

const ROOT: &str = include_str!("../tests/certificate/root.pem");

/// Answers each question with the next of its answers, and with the last from then on.
#[derive(Debug)]
struct Scripted {
    answers: Mutex<Vec<Vec<SocketAddr>>>,
    asked: mpsc::UnboundedSender<String>,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> (Self, mpsc::UnboundedReceiver<String>) {
        let parse = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let (asked, questions) = mpsc::unbounded_channel();
        let answers = Mutex::new(answers.iter().map(parse).collect());
        (Self { answers, asked }, questions)
    }
}

impl Resolve for Scripted {
    fn resolve<'a>(&'a self, host: &'a str, _: u16) -> Addresses<'a> {
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0].clone()
        };
        let sent = self.asked.send(host.to_owned());
        Box::pin(async move { sent.map(|()| answer).map_err(io::Error::other) })
    }
}

/// Bounds that no slow machine exceeds.
fn patient() -> Limits {
    let long = Duration::from_secs(300);
    Limits {
        connect: long,
        answer: long,
        body: long,
        ..Limits::default()
    }
}

/// A client that may talk to this machine and trusts the root of the tests.
fn client(limits: Limits) -> Client {
    Client::new(here(), &trust(), limits).unwrap()
}

fn here() -> Reach {
    let reach = Reach::public().and("127.0.0.1").unwrap();
    reach.and("localhost").unwrap()
}

fn trust() -> Trust {
    Trust::system().and(ROOT).unwrap()
}

fn post(url: &str) -> Request<Vec<u8>> {
    Request::post(url).body(b"content".to_vec()).unwrap()
}

/// Lets all time pass that anybody waits for, once what comes before it in the test has happened.
fn let_time_pass() {
    tokio::time::pause();
}

/// Sends in a task of its own.
fn start(
    client: &Client,
    url: &str,
    protocol: Protocol,
) -> tokio::task::JoinHandle<Result<crate::Answer, crate::SendError>> {
    let (client, request) = (client.clone(), post(url));
    tokio::spawn(async move { client.send(request, protocol).await })
}

/// Waits until something that other tasks do is so. Never ends if it never is.
async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// So that a fault is a failed test and not one that hangs.
async fn bounded<T>(test: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(600);
    tokio::time::timeout(limit, test).await.unwrap()
}
