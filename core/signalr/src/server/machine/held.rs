use std::collections::VecDeque;

use crate::message::Message;

/// Messages that were read and cannot be acted on yet, in the client's order.
#[derive(Debug, Default)]
pub(super) struct Held {
    messages: VecDeque<(Message, usize)>,
    bytes: usize,
}

impl Held {
    /// Adds a message that had so many bytes on the wire.
    pub(super) fn push(&mut self, message: Message, size: usize) {
        self.bytes += size;
        self.messages.push_back((message, size));
    }

    pub(super) fn front(&self) -> Option<&Message> {
        self.messages.front().map(|(message, _)| message)
    }

    pub(super) fn pop(&mut self) -> Option<Message> {
        let (message, size) = self.messages.pop_front()?;
        self.bytes -= size;
        if self.messages.is_empty() {
            // Idle connections keep no storage.
            self.messages = VecDeque::new();
        }
        Some(message)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Counts the bytes that the messages had on the wire.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
