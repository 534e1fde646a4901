//! What is called, and the streams that go along with a call.

use std::collections::BTreeMap;

use crate::message::{Arguments, InvocationId};

/// A call to be made.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method's name; servers compare it without case.
    pub target: String,
    /// The positional arguments.
    pub arguments: Arguments,
    /// How many streams this side sends along. They are parameters of the method as well, but
    /// are no arguments.
    pub uploads: usize,
}

impl Call {
    /// A call without streams.
    pub fn new(target: impl Into<String>, arguments: Arguments) -> Self {
        Self {
            target: target.into(),
            arguments,
            uploads: 0,
        }
    }

    /// The same with so many streams of this side.
    #[must_use]
    pub fn with_uploads(self, uploads: usize) -> Self {
        Self { uploads, ..self }
    }
}

/// A call that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The id that its answer or its items will have.
    pub id: InvocationId,
    /// The ids for the streams of this side, in order.
    pub uploads: Vec<InvocationId>,
}

/// The streams that this side sends and has not ended.
#[derive(Debug, Default)]
pub(super) struct Uploads(BTreeMap<InvocationId, Option<InvocationId>>);

impl Uploads {
    /// Adds the streams of a call, which is named when it is answered.
    pub(super) fn add(&mut self, ids: &[InvocationId], call: Option<&InvocationId>) {
        self.0
            .extend(ids.iter().map(|id| (id.clone(), call.cloned())));
    }

    pub(super) fn contains(&self, id: &InvocationId) -> bool {
        self.0.contains_key(id)
    }

    /// Ends a stream, and says whether it was there.
    pub(super) fn remove(&mut self, id: &InvocationId) -> bool {
        self.0.remove(id).is_some()
    }

    /// Ends all streams of a call.
    pub(super) fn remove_of(&mut self, call: &InvocationId) -> Vec<InvocationId> {
        let ended = self
            .0
            .extract_if(.., |_, owner| owner.as_ref() == Some(call));
        ended.map(|(id, _)| id).collect()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
