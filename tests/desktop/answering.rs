//! Something on the network that answers every request in the same way, as a captive portal, a
//! proxy or a server in trouble does.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, http::StatusCode, response::IntoResponse};
use tokio::{net::TcpListener, task::JoinHandle};

/// What is answered: a status, the type of the body, and the body.
pub(crate) type Answer = (u16, &'static str, String);

/// Something that answers.
pub(crate) struct Answering {
    pub(crate) address: SocketAddr,
    answer: Arc<Mutex<Answer>>,
    serving: JoinHandle<()>,
}

impl Answering {
    pub(crate) async fn start(answer: Answer) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let answer = Arc::new(Mutex::new(answer));
        let given = Arc::clone(&answer);
        let router = Router::new().fallback(async move || {
            let (status, kind, body) = given.lock().expect("no test panicked").clone();
            let status = StatusCode::from_u16(status).expect("a status");
            (status, [("content-type", kind)], body).into_response()
        });
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.ok();
        });
        Ok(Self {
            address,
            answer,
            serving,
        })
    }

    /// Answers differently from now on.
    pub(crate) fn answer(&self, answer: Answer) {
        *self.answer.lock().expect("no test panicked") = answer;
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The page of a network that wants people to sign in.
pub(crate) fn portal() -> Answer {
    (
        200,
        "text/html",
        "<html>Welcome to the hotel</html>".to_owned(),
    )
}

/// A program that is not Vestnik.
pub(crate) fn stranger() -> Answer {
    (404, "text/plain", "no such page".to_owned())
}

/// A refusal as Vestnik's server writes it.
pub(crate) fn problem(status: u16, code: &str) -> Answer {
    let body = serde_json::json!({
        "type": "about:blank", "title": "A problem", "status": status, "code": code,
        "detail": "as the test wants it", "request_id": "req_1",
    });
    (status, "application/problem+json", body.to_string())
}
