//! HTTP/2 by hand (RFC 9113), for what no library does.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::peer::Io;

pub(super) const NO_ERROR: u32 = 0;
pub(super) const INTERNAL_ERROR: u32 = 2;
pub(super) const REFUSED_STREAM: u32 = 7;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PREFACE_BYTES: usize = 24;

pub(super) struct Frames(Io);

impl Frames {
    /// Takes the client's preface and sends settings.
    pub(super) async fn accept(mut io: Io, settings: &[(u16, u32)]) -> Self {
        let mut preface = [0; PREFACE_BYTES];
        io.read_exact(&mut preface).await.unwrap();
        let mut frames = Self(io);
        frames.settings(settings).await;
        frames
    }

    /// Sends settings: pairs of a number and a value.
    pub(super) async fn settings(&mut self, settings: &[(u16, u32)]) {
        let mut payload = Vec::new();
        for (number, value) in settings {
            payload.extend_from_slice(&number.to_be_bytes());
            payload.extend_from_slice(&value.to_be_bytes());
        }
        self.write(SETTINGS, 0, 0, &payload).await;
    }

    /// Answers a request: 200, and nothing more.
    pub(super) async fn answer(&mut self, stream: u32) {
        // The static table of HPACK has `:status: 200` at 8 (RFC 7541, appendix A).
        let flags = END_STREAM | END_HEADERS;
        self.write(HEADERS, flags, stream, &[0x80 | 8]).await;
    }

    /// Reads until a request is whole; gives the number of its stream.
    pub(super) async fn request(&mut self) -> u32 {
        loop {
            let (kind, flags, stream) = self.read().await;
            if kind == DATA && flags & END_STREAM != 0 {
                return stream;
            }
        }
    }

    /// Reads until the client closes the connection.
    pub(super) async fn end(&mut self) {
        let mut bytes = [0; 1_024];
        while self.0.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
    }

    pub(super) async fn reset(&mut self, stream: u32, error: u32) {
        self.write(RST_STREAM, 0, stream, &error.to_be_bytes())
            .await;
    }

    pub(super) async fn go_away(&mut self, last: u32, error: u32) {
        let payload = [last.to_be_bytes(), error.to_be_bytes()].concat();
        self.write(GOAWAY, 0, 0, &payload).await;
    }

    async fn read(&mut self) -> (u8, u8, u32) {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.unwrap();
        let [a, b, c, kind, flags, d, e, f, g] = head;
        let length = u32::from_be_bytes([0, a, b, c]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).await.unwrap();
        (kind, flags, u32::from_be_bytes([d, e, f, g]))
    }

    async fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        self.0.write_all(&frame).await.unwrap();
    }
}
