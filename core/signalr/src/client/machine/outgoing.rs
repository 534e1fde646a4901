//! What the application asks of the machine.

use std::time::Instant;

use super::{Begun, Call, ClientMachine, Event};
use crate::{
    message::{
        CancelInvocation, Completion, CompletionOutcome, Headers, Invocation, InvocationId,
        Message, StreamInvocation, StreamItem,
    },
    payload::Payload,
};

/// The official text for a stream that its sender gave up.
const UPLOAD_CANCELED: &str = "Stream canceled by client.";

impl ClientMachine {
    /// Calls a method that answers once.
    pub fn invoke(&mut self, now: Instant, call: Call) -> Begun {
        let uploads = self.names(call.uploads);
        let id = self.begin(&uploads);
        let message = invocation(Some(id.clone()), call, &uploads);
        self.write(now, &Message::Invocation(message));
        Begun { id, uploads }
    }

    /// Calls a method that answers with a stream.
    pub fn stream(&mut self, now: Instant, call: Call) -> Begun {
        let uploads = self.names(call.uploads);
        let id = self.begin(&uploads);
        let message = StreamInvocation {
            invocation_id: id.clone(),
            target: call.target,
            arguments: call.arguments,
            stream_ids: stream_ids(&uploads),
            headers: Headers::new(),
        };
        self.write(now, &Message::StreamInvocation(message));
        Begun { id, uploads }
    }

    /// Calls a method without asking for an answer, and gives the ids for the streams of this side.
    pub fn send(&mut self, now: Instant, call: Call) -> Vec<InvocationId> {
        let uploads = self.names(call.uploads);
        if self.is_live() {
            self.uploads.add(&uploads, None);
        }
        let message = invocation(None, call, &uploads);
        self.write(now, &Message::Invocation(message));
        uploads
    }

    /// Asks the server to end a call; items on their way are dropped. The streams that went along
    /// are ended as the official clients end theirs, lest the method waits for more.
    pub fn cancel(&mut self, now: Instant, id: &InvocationId) {
        if self.pending.remove(id) {
            let message = CancelInvocation {
                invocation_id: id.clone(),
                headers: Headers::new(),
            };
            self.write(now, &Message::CancelInvocation(message));
            for upload in self.uploads.remove_of(id) {
                let outcome = CompletionOutcome::Error(UPLOAD_CANCELED.to_owned());
                self.write_completion(now, upload.clone(), outcome);
                self.tell(Event::UploadOver(upload));
            }
        }
    }

    /// Sends an item of a stream of this side's, unless it is over.
    pub fn upload(&mut self, now: Instant, id: &InvocationId, item: Payload) {
        if self.uploads.contains(id) {
            let message = StreamItem {
                invocation_id: id.clone(),
                item,
                headers: Headers::new(),
            };
            self.write(now, &Message::StreamItem(message));
        }
    }

    /// Ends a stream of this side's, with an error text for the method or well.
    pub fn end_upload(&mut self, now: Instant, id: &InvocationId, error: Option<String>) {
        if self.uploads.remove(id) {
            let outcome = error.map_or(CompletionOutcome::Void, CompletionOutcome::Error);
            self.write_completion(now, id.clone(), outcome);
        }
    }

    /// Answers a call that the server made with an id, once.
    pub fn complete(&mut self, now: Instant, id: &InvocationId, outcome: CompletionOutcome) {
        if self.asked.remove(id) {
            self.write_completion(now, id.clone(), outcome);
        }
    }

    /// Begins a call that will be answered, along with these streams.
    fn begin(&mut self, uploads: &[InvocationId]) -> InvocationId {
        let id = self.name();
        if self.is_live() {
            self.pending.insert(id.clone());
            self.uploads.add(uploads, Some(&id));
        }
        id
    }

    fn names(&mut self, count: usize) -> Vec<InvocationId> {
        (0..count).map(|_| self.name()).collect()
    }

    fn name(&mut self) -> InvocationId {
        let id = InvocationId::new(self.next_id.to_string()).expect("a number has digits");
        self.next_id += 1;
        id
    }

    pub(super) fn write_completion(
        &mut self,
        now: Instant,
        id: InvocationId,
        outcome: CompletionOutcome,
    ) {
        let message = Completion {
            invocation_id: id,
            outcome,
            headers: Headers::new(),
        };
        self.write(now, &Message::Completion(message));
    }
}

fn invocation(id: Option<InvocationId>, call: Call, uploads: &[InvocationId]) -> Invocation {
    Invocation {
        invocation_id: id,
        target: call.target,
        arguments: call.arguments,
        stream_ids: stream_ids(uploads),
        headers: Headers::new(),
    }
}

fn stream_ids(uploads: &[InvocationId]) -> Vec<String> {
    uploads.iter().map(|id| id.as_str().to_owned()).collect()
}
