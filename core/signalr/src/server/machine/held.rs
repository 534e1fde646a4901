use std::collections::VecDeque;

use crate::message::Message;

/// Messages that were read and cannot be acted on yet, in the client's order.
#[derive(Debug, Default)]
pub(super) struct Held {
    messages: VecDeque<Message>,
}

impl Held {
    pub(super) fn push(&mut self, message: Message) {
        self.messages.push_back(message);
    }

    pub(super) fn front(&self) -> Option<&Message> {
        self.messages.front()
    }

    pub(super) fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        if self.messages.is_empty() {
            // Idle connections keep no storage.
            self.messages = VecDeque::new();
        }
        Some(message)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}
