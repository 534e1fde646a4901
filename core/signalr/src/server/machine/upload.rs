use std::collections::BTreeMap;

use super::{CallKey, UploadKey, trim};

/// The streams that a client sends along with its calls, by the client's ids.
#[derive(Debug, Default)]
pub(super) struct Uploads(BTreeMap<String, Upload>);

#[derive(Debug)]
struct Upload {
    key: UploadKey,
    /// The call that reads the stream; the stream ends with it.
    call: CallKey,
    /// Items that were handed out and that the call has not taken yet.
    buffered: usize,
}

impl Uploads {
    /// Says why these streams cannot be opened, if so, as the client is told.
    pub(super) fn refusal(&self, ids: &[String], most: usize) -> Option<String> {
        if self.0.len() + ids.len() > most {
            return Some("Too many upload streams on this connection.".to_owned());
        }
        let taken =
            |(at, id): &(usize, &String)| self.0.contains_key(*id) || ids[..*at].contains(id);
        let (_, id) = ids.iter().enumerate().find(taken)?;
        Some(format!("Stream ID '{id}' is already in use."))
    }

    pub(super) fn open(&mut self, id: String, key: UploadKey, call: CallKey) {
        let upload = Upload {
            key,
            call,
            buffered: 0,
        };
        self.0.insert(id, upload);
    }

    pub(super) fn is_full(&self, id: &str, limit: usize) -> bool {
        self.0
            .get(id)
            .is_some_and(|upload| upload.buffered >= limit)
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// Counts one more item in, if the stream is known.
    pub(super) fn put(&mut self, id: &str) -> Option<UploadKey> {
        let upload = self.0.get_mut(id)?;
        upload.buffered += 1;
        Some(upload.key)
    }

    /// Counts an item out.
    pub(super) fn take(&mut self, key: UploadKey) {
        for upload in self.0.values_mut().filter(|upload| upload.key == key) {
            upload.buffered = upload.buffered.saturating_sub(1);
        }
    }

    /// Ends a stream by the client's id.
    pub(super) fn end(&mut self, id: &str) -> Option<UploadKey> {
        self.0.remove(id).map(|upload| upload.key)
    }

    /// Forgets a stream that the call does not read any more.
    pub(super) fn forget(&mut self, key: UploadKey) {
        self.0.retain(|_, upload| upload.key != key);
    }

    pub(super) fn trim(&mut self) {
        trim(&mut self.0);
    }

    /// Forgets the streams of a call that ended, and names them.
    pub(super) fn end_call(&mut self, call: CallKey) -> Vec<UploadKey> {
        let ended = self.0.extract_if(.., |_, upload| upload.call == call);
        ended.map(|(_, upload)| upload.key).collect()
    }
}
