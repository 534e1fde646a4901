//! A server with something in it that bad input could harm, and a watch over its file.

use reqwest::{Response, header::CONTENT_TYPE};
use serde_json::Value;
use vestnik_model::{NotificationId, Problem, Scope, problem::FieldCode};
use vestnik_tests::{
    backend::to_user,
    digest::{Digest, differences, digest},
    world::{World, installation, user},
};

/// A server in use.
pub(crate) struct Ground {
    pub(crate) world: World,
    /// The access token of Anna's installation 1.
    pub(crate) token: String,
    /// Her refresh token, not used yet.
    pub(crate) refresh: String,
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

impl Ground {
    pub(crate) async fn prepare() -> anyhow::Result<Self> {
        let world = World::start().await?;
        let anna = user("anna");
        let tokens = world.backend.log_in(&anna, installation(1)).await?;
        let notification = world.backend.publish(&to_user(&anna, "there")).await?.id;
        let reader = world.backend.key(&[Scope::Read]).await?;
        // A key notes by the hour that it is used: from now on there is nothing to note.
        for key in [&reader, &world.other.secrets().key] {
            let url = format!("http://{}/v1/notifications", world.address());
            reqwest::Client::new()
                .get(url)
                .bearer_auth(key)
                .send()
                .await?;
        }
        Ok(Self {
            before: digest(world.database())?,
            world,

            token: tokens.access_token,
            refresh: tokens.refresh_token,
            notification,
            reader,
            wrong: Vec::new(),
        })
    }

    /// Takes what the file holds now as what it must go on holding.
    pub(crate) fn settled(mut self) -> anyhow::Result<Self> {
        self.before = digest(self.world.database())?;
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
        let told = serde_json::from_slice::<Problem>(&body);
        let got = told.as_ref().map(|problem| {
            let first = problem.errors.first();
            let field = first.map(|error| (error.pointer.clone(), error.code));
            (status, problem.status, problem.code.as_str(), field)
        });
        let field = want.field.map(|(at, kind)| (at.to_owned(), kind));
        let wanted = (want.status, want.status, want.code, field);
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
        let now = digest(self.world.database())?;
        let changed = differences(&self.before, &now);
        if !changed.is_empty() {
            self.wrong.push(format!("{name}: changed {changed:?}"));
            self.before = now;
        }
        Ok(())
    }

    /// Ends the family: everything was as it had to be, and the server is well.
    pub(crate) async fn end(self, cases: usize) -> anyhow::Result<()> {
        let Self { world, wrong, .. } = self;
        let view: Value = world.backend.get("/v1/notifications").await?;
        assert_eq!(view["data"].as_array().map(Vec::len), Some(1));
        world.stop().await?;
        assert!(
            wrong.is_empty(),
            "{} of {cases} cases:\n  {}",
            wrong.len(),
            wrong.join("\n  ")
        );
        Ok(())
    }
}
