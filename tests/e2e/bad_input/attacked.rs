//! A server in use, whose file is compared after each case: bad input must change nothing.

use std::{path::Path, time::Duration};

use reqwest::{Response, header::CONTENT_TYPE};
use serde_json::Value;
use vestnik_model::{NotificationId, Problem, Scope, problem::FieldCode};
use vestnik_testkit::{
    TestServer,
    backend::to_user,
    digest::{Digest, differences, digest},
    name::{installation, user},
};

/// The longest interval at which the server writes what it does not have to write at once.
const BATCH: Duration = Duration::from_millis(100);

/// A server in use.
pub(crate) struct Attacked {
    pub(crate) server: TestServer,
    /// The access token of Anna's installation 1.
    pub(crate) token: String,
    /// A notification of Anna's.
    pub(crate) notification: NotificationId,
    /// A key that may only read.
    pub(crate) reader: String,
    before: Digest,
    wrong: Vec<String>,
}

/// The answer that a case must get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    /// The place and the kind of the first field at fault.
    pub(crate) field: Option<(&'static str, FieldCode)>,
}

/// An answer without a field at fault.
pub(crate) const fn plain(status: u16, code: &'static str) -> Want {
    Want {
        status,
        code,
        field: None,
    }
}

/// The answer to content with a field at fault.
pub(crate) const fn field(pointer: &'static str, kind: FieldCode) -> Want {
    Want {
        status: 422,
        code: "request.invalid",
        field: Some((pointer, kind)),
    }
}

/// What a file holds once nothing has been written to it for several intervals of the server's batches.
async fn quiet(path: &Path) -> anyhow::Result<Digest> {
    const SAME: u32 = 5;
    let (mut last, mut same) = (digest(path)?, 0);
    while same < SAME {
        tokio::time::sleep(BATCH).await;
        let now = digest(path)?;
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    Ok(last)
}

impl Attacked {
    pub(crate) async fn prepare() -> anyhow::Result<Self> {
        let server = TestServer::start().await?;
        let anna = user("anna");
        let tokens = server.backend.log_in(&anna, installation(1)).await?;
        let notification = server.backend.publish(&to_user(&anna, "there")).await?.id;
        let reader = server.backend.key(&[Scope::Read]).await?.key;
        // The first use of a token is noted.
        let path = format!("/v1/installations/{}", installation(1));
        let used = reqwest::Client::builder().no_proxy().build()?;
        let used = used.get(server.url().join(&path)?);
        used.bearer_auth(&tokens.access_token).send().await?;
        Ok(Self {
            before: quiet(server.database()).await?,
            server,
            token: tokens.access_token,
            notification,
            reader,
            wrong: Vec::new(),
        })
    }

    /// Takes what the file holds now as what it must go on holding. Hand-overs, presence and key uses
    /// are written behind the calls, in batches: it waits until nothing more comes.
    pub(crate) async fn settled(mut self) -> anyhow::Result<Self> {
        self.before = quiet(self.server.database()).await?;
        Ok(self)
    }

    /// Compares a problem with what it must be, and the file with what it was.
    pub(crate) async fn check(
        &mut self,
        name: &str,
        answer: Response,
        want: Want,
    ) -> anyhow::Result<()> {
        let status = answer.status().as_u16();
        let kind = answer.headers().get(CONTENT_TYPE).cloned();
        let body = answer.bytes().await?;
        let problem = serde_json::from_slice::<Problem>(&body);
        let got = problem.as_ref().map(|problem| {
            let first = problem.errors.first();
            let field = first.map(|error| (error.pointer.clone(), error.code.as_str().to_owned()));
            (
                status,
                problem.status,
                problem.code.as_str().to_owned(),
                field,
            )
        });
        let field = want
            .field
            .map(|(at, kind)| (at.to_owned(), kind.as_str().to_owned()));
        let wanted = (want.status, want.status, want.code.to_owned(), field);
        self.expect(name, &got.ok(), &Some(wanted));
        if kind.is_none_or(|kind| kind != "application/problem+json") {
            let text = String::from_utf8_lossy(&body).into_owned();
            self.wrong
                .push(format!("{name}: no problem document: {text}"));
        }
        self.unchanged(name)
    }

    /// Notes a difference.
    pub(crate) fn expect<T: PartialEq + std::fmt::Debug>(&mut self, name: &str, got: &T, want: &T) {
        if got != want {
            self.wrong
                .push(format!("{name}:\n    got  {got:?}\n    want {want:?}"));
        }
    }

    /// Insists that the file holds what it held.
    pub(crate) fn unchanged(&mut self, name: &str) -> anyhow::Result<()> {
        let now = digest(self.server.database())?;
        let changed = differences(&self.before, &now);
        if !changed.is_empty() {
            self.wrong.push(format!("{name}: changed {changed:?}"));
            self.before = now;
        }
        Ok(())
    }

    /// Ends the family: every case was as it had to be, and the server still serves.
    pub(crate) async fn end(self, cases: usize) -> anyhow::Result<()> {
        let Self { server, wrong, .. } = self;
        let view: Value = server.backend.get("/v1/notifications").await?;
        assert_eq!(view["data"].as_array().map(Vec::len), Some(1));
        server.stop().await?;
        assert!(
            wrong.is_empty(),
            "{} of {cases} cases:\n  {}",
            wrong.len(),
            wrong.join("\n  ")
        );
        Ok(())
    }
}
