//! The client's calls and the streams that belong to them.

use std::time::Instant;

use super::{Call, CallKey, Output, ServerMachine, UploadKey};
use crate::{
    message::{
        Completion, CompletionOutcome, Headers, Invocation, InvocationId, Message,
        StreamInvocation, StreamItem,
    },
    payload::Payload,
};

impl ServerMachine {
    pub(super) fn on_completed(&mut self, now: Instant, key: CallKey, outcome: CompletionOutcome) {
        let Some(id) = self.running.remove(&key) else {
            return;
        };
        // The time that the call took does not count against the client.
        self.last_received = now;
        self.end_uploads(key);
        if let Some(id) = id {
            self.complete(now, id, outcome);
        }
        self.advance(now);
    }

    pub(super) fn on_stream_ended(
        &mut self,
        now: Instant,
        key: CallKey,
        outcome: CompletionOutcome,
    ) {
        if let Some(id) = self.streams.remove(&key) {
            self.end_uploads(key);
            self.complete(now, id, outcome);
            self.advance(now);
        }
    }

    pub(super) fn on_item(&mut self, now: Instant, key: CallKey, item: Payload) {
        if let Some(id) = self.streams.get(&key) {
            let invocation_id = id.clone();
            let item = StreamItem {
                invocation_id,
                item,
                headers: Headers::new(),
            };
            self.send(now, &Message::StreamItem(item));
        }
    }

    pub(super) fn must_wait(&self, message: &Message) -> bool {
        match message {
            Message::Invocation(_) => {
                self.running.len() >= self.config.parallel_calls.max(1) || !self.takes_output()
            }
            Message::StreamInvocation(_) => !self.takes_output(),
            Message::StreamItem(item) => {
                let limit = self.config.upload_buffer.max(1);
                self.uploads.is_full(item.invocation_id.as_str(), limit)
            }
            Message::Completion(_)
            | Message::CancelInvocation(_)
            | Message::Ping
            | Message::Close(_)
            | Message::Ack(_)
            | Message::Sequence(_) => false,
        }
    }

    pub(super) fn dispatch(&mut self, now: Instant, call: Invocation) {
        if let Some(text) = self.refusal(&call.target, &call.stream_ids) {
            if let Some(id) = call.invocation_id {
                self.complete(now, id, CompletionOutcome::Error(text));
            }
            return;
        }
        let key = self.next_key();
        let is_answered = call.invocation_id.is_some();
        self.running.insert(key, call.invocation_id);
        let uploads = self.open_uploads(key, call.stream_ids);
        self.outputs.push_back(Output::Dispatch(Call {
            key,
            target: call.target,
            arguments: call.arguments,
            streaming: false,
            is_answered,
            uploads,
        }));
    }

    pub(super) fn dispatch_stream(&mut self, now: Instant, call: StreamInvocation) {
        let id = call.invocation_id;
        let refusal = self
            .stream_refusal(&id, &call.target)
            .or_else(|| self.refusal(&call.target, &call.stream_ids));
        if let Some(text) = refusal {
            return self.complete(now, id, CompletionOutcome::Error(text));
        }
        let key = self.next_key();
        self.streams.insert(key, id);
        let uploads = self.open_uploads(key, call.stream_ids);
        self.outputs.push_back(Output::Dispatch(Call {
            key,
            target: call.target,
            arguments: call.arguments,
            streaming: true,
            is_answered: true,
            uploads,
        }));
    }

    /// Says why another stream may not run.
    fn stream_refusal(&self, id: &InvocationId, target: &str) -> Option<String> {
        if self.streams.values().any(|live| live == id) {
            return Some(format!("Invocation ID '{id}' is already in use."));
        }
        let is_one_too_many = self.streams.len() >= self.config.max_streams;
        is_one_too_many.then(|| not_invoked(target, "Too many streams on this connection."))
    }

    /// Says why a call may not bring these streams along.
    fn refusal(&self, target: &str, stream_ids: &[String]) -> Option<String> {
        let detail = self.uploads.refusal(stream_ids, self.config.max_uploads)?;
        Some(not_invoked(target, &detail))
    }

    fn open_uploads(&mut self, call: CallKey, stream_ids: Vec<String>) -> Vec<UploadKey> {
        let mut keys = Vec::with_capacity(stream_ids.len());
        for id in stream_ids {
            let key = UploadKey(self.next_number());
            self.uploads.open(id, key, call);
            keys.push(key);
        }
        keys
    }

    pub(super) fn on_upload_item(&mut self, item: StreamItem) {
        if let Some(key) = self.uploads.put(item.invocation_id.as_str()) {
            self.outputs.push_back(Output::UploadItem(key, item.item));
        }
    }

    /// Ends a stream that the client sends, or else takes an answer; anything else is ignored.
    pub(super) fn on_completion(&mut self, completion: Completion) {
        let Some(key) = self.uploads.end(completion.invocation_id.as_str()) else {
            return self.on_answer(completion);
        };
        let error = match completion.outcome {
            CompletionOutcome::Error(text) => Some(text),
            CompletionOutcome::Void | CompletionOutcome::Result(_) => None,
        };
        self.outputs.push_back(Output::UploadEnded(key, error));
    }

    fn end_uploads(&mut self, call: CallKey) {
        let ended = self.uploads.end_call(call);
        self.outputs
            .extend(ended.into_iter().map(Output::DropUpload));
    }

    /// Ends a stream without an error. A plain call is only told, and ends as it likes.
    pub(super) fn cancel(&mut self, now: Instant, id: &InvocationId) {
        let stream = self.streams.extract_if(.., |_, live| live == id).next();
        if let Some((key, id)) = stream {
            self.outputs.push_back(Output::Cancel(key));
            self.end_uploads(key);
            return self.complete(now, id, CompletionOutcome::Void);
        }
        let named = self
            .running
            .iter()
            .filter(|(_, live)| live.as_ref() == Some(id));
        self.outputs
            .extend(named.map(|(key, _)| Output::CancelCall(*key)));
    }

    fn complete(&mut self, now: Instant, invocation_id: InvocationId, outcome: CompletionOutcome) {
        let completion = Completion {
            invocation_id,
            outcome,
            headers: Headers::new(),
        };
        self.send(now, &Message::Completion(completion));
    }
}

fn not_invoked(target: &str, detail: &str) -> String {
    format!(
        "An unexpected error occurred invoking '{target}' on the server. HubException: {detail}"
    )
}
