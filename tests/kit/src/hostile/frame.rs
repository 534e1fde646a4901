//! WebSocket frames by hand (RFC 6455, section 5), so that they can be cut and put together at any byte.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use vestnik_signalr::protocol::TransferFormat;

/// The longest frame that is read from a device, in bytes.
const LONGEST: u64 = 16 << 20;
/// Marks the last frame of a message.
const FINAL: u8 = 0x80;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    const ALL: [Self; 5] = [
        Self::Text,
        Self::Binary,
        Self::Close,
        Self::Ping,
        Self::Pong,
    ];

    const fn byte(self) -> u8 {
        match self {
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    /// The frame that carries messages of a protocol.
    pub(super) const fn of(format: TransferFormat) -> Self {
        match format {
            TransferFormat::Text => Self::Text,
            TransferFormat::Binary => Self::Binary,
        }
    }
}

/// Writes a frame of a server: whole and without a mask.
pub(super) fn encode(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![FINAL | opcode.byte()];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ 0..=125), _) => frame.push(short),
        (_, Ok(medium)) => {
            frame.push(126);
            frame.extend(medium.to_be_bytes());
        }
        (_, Err(_)) => {
            frame.push(127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// Reads a frame of a client, which is masked and never a part of a message.
pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<(Opcode, Vec<u8>)> {
    let first = from.read_u8().await?;
    let opcode = Opcode::ALL
        .into_iter()
        .find(|opcode| FINAL | opcode.byte() == first);
    let opcode = opcode.ok_or_else(|| io::Error::other("not a whole message in a frame"))?;
    let length = match from.read_u8().await? & 0x7f {
        126 => u64::from(from.read_u16().await?),
        127 => from.read_u64().await?,
        short => u64::from(short),
    };
    if length > LONGEST {
        return Err(io::Error::other("a frame is too long"));
    }
    let mut mask = [0; 4];
    from.read_exact(&mut mask).await?;
    let mut payload = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    from.read_exact(&mut payload).await?;
    for (byte, mask) in payload.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
    Ok((opcode, payload))
}
