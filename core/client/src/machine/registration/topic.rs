//! Topics that a user wants to join or leave.

use vestnik_model::TopicName;

/// The most wishes that are kept; at one more the oldest is dropped.
const MAX_WISHES: usize = 256;

/// A topic that a user wants to join or leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The topic.
    pub topic: TopicName,
    /// Whether they join.
    pub joins: bool,
}

/// Wishes, oldest first, one for each topic.
#[derive(Debug, Default)]
pub(super) struct Wishes(Vec<Wish>);

impl Wishes {
    pub(super) fn new(wishes: Vec<Wish>) -> Self {
        let mut kept = Self::default();
        for wish in wishes {
            kept.add(wish);
        }
        kept
    }

    /// The last wish for a topic wins.
    pub(super) fn add(&mut self, wish: Wish) {
        self.0.retain(|one| one.topic != wish.topic);
        if self.0.len() == MAX_WISHES {
            self.0.remove(0);
        }
        self.0.push(wish);
    }

    pub(super) fn first(&self) -> Option<&Wish> {
        self.0.first()
    }

    /// The server answered a wish. One that changed meanwhile stays.
    pub(super) fn answered(&mut self, wish: &Wish) {
        self.0.retain(|one| one != wish);
    }

    /// The others are told before it.
    pub(super) fn put_last(&mut self, wish: &Wish) {
        if let Some(at) = self.0.iter().position(|one| one == wish) {
            let wish = self.0.remove(at);
            self.0.push(wish);
        }
    }

    pub(super) fn all(&self) -> Vec<Wish> {
        self.0.clone()
    }
}
