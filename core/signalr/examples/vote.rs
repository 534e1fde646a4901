//! A vote: the server asks each other client and awaits what its handler returns.
//!
//! Run `cargo run -p vestnik-signalr --features server --example vote`, then connect several
//! clients to `http://127.0.0.1:5000/vote`, let each return true or false
//! `on("Vote", question)`, and let one `invoke("Put", question)`.

use std::time::Duration;

use axum::Router;
use futures_util::future::join_all;
use serde::Serialize;
use tokio::net::TcpListener;
use vestnik_signalr::server::{Connection, Hub, HubError, InvokeError};

/// How long a voter may think.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a vote went.
#[derive(Default, Serialize)]
struct Tally {
    yes: usize,
    no: usize,
    /// Those who went away, thought too long, or said something else.
    abstained: usize,
}

/// Puts a question to everybody but the one who asks.
async fn put(asker: Connection, question: String) -> Result<Tally, HubError> {
    if question.is_empty() {
        return Err(HubError::new("ask something"));
    }
    let voters = asker.others().connections();
    let question = (question,);
    // All think at the same time.
    let votes = voters
        .iter()
        .map(|voter| voter.invoke("Vote", &question, PATIENCE));
    Ok(join_all(votes).await.into_iter().collect())
}

impl FromIterator<Result<bool, InvokeError>> for Tally {
    fn from_iter<I: IntoIterator<Item = Result<bool, InvokeError>>>(votes: I) -> Self {
        let mut tally = Self::default();
        for vote in votes {
            match vote {
                Ok(true) => tally.yes += 1,
                Ok(false) => tally.no += 1,
                Err(_) => tally.abstained += 1,
            }
        }
        tally
    }
}

/// Serves the vote to whoever comes.
pub(crate) async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let hub = Hub::builder(()).on("Put", put).build();
    axum::serve(listener, Router::new().nest_service("/vote", hub)).await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    serve(TcpListener::bind("127.0.0.1:5000").await?).await
}
