//! A message centre over SMPP 3.4 that does to each submission what the test says.
//!
//! It reads and writes PDUs by itself, and has nothing of the server's own client.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};
use tokio_util::task::AbortOnDropHandle;

/// The largest PDU that is read.
const MAX_BYTES: u32 = 64 * 1_024;
/// `ESME_ROK`.
const OK: u32 = 0;
/// `ESME_RTHROTTLED`.
pub const THROTTLED: u32 = 0x58;
/// `ESME_RINVDSTADR`.
pub const INVALID_NUMBER: u32 = 0x0b;
/// `ESME_RBINDFAIL`.
const BIND_FAILED: u32 = 0x0d;

/// What is done to a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// It is taken, by the next id.
    Take,
    /// The same, and the receipt that it is on the phone comes before the answer.
    TakeReceipted,
    /// It is refused with a status.
    Refuse(u32),
    /// The connection ends without an answer.
    Cut,
    /// Nothing is answered.
    Silence,
}

/// A submission that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// Whom it is to, without a plus.
    pub to: String,
    /// Its octets behind the header, if there is one.
    pub text: Vec<u8>,
    /// How they are coded: 0 for the default alphabet, 8 for UCS-2.
    pub coding: u8,
    /// Which part it is of how many.
    pub part: (u8, u8),
    /// Whether a receipt is asked for.
    pub wants_receipt: bool,
    /// The id that it got; none if it was not taken.
    pub id: Option<String>,
}

/// What it saw.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The submissions, in order.
    pub submitted: Vec<Submitted>,
    /// How many sessions were bound, and how many were unbound.
    pub bound: usize,
    /// See [`bound`](Self::bound).
    pub unbound: usize,
    /// The statuses of the answers to receipts.
    pub receipted: Vec<u32>,
}

/// A message centre on a free port of loopback. What no reaction was planned for is taken.
#[derive(Debug)]
pub struct MessageCentre {
    address: SocketAddr,
    shared: Arc<Shared>,
    _task: AbortOnDropHandle<()>,
}

#[derive(Debug)]
struct Shared {
    plan: Mutex<Plan>,
    seen: watch::Sender<Seen>,
    /// What is written to the session that was bound last.
    session: Mutex<Option<mpsc::Sender<Vec<u8>>>>,
}

#[derive(Debug)]
struct Plan {
    next: VecDeque<Reaction>,
    otherwise: Reaction,
    ids: u32,
}

impl MessageCentre {
    /// Starts to listen.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            plan: Mutex::new(Plan {
                next: VecDeque::new(),
                otherwise: Reaction::Take,
                ids: 0xa0,
            }),
            seen: watch::Sender::new(Seen::default()),
            session: Mutex::default(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            _task: AbortOnDropHandle::new(task),
        })
    }

    /// Host and port, as an operator lists them.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The settings by which it is bound to. Its ids are hexadecimal in answers and decimal in receipts.
    #[must_use]
    pub fn settings(&self) -> Value {
        json!({
            "host": self.address.ip().to_string(), "port": self.address.port(), "security": "none",
            "system_id": "shop", "password": "secret08", "source": "Shop", "receipt_ids": "decimal",
        })
    }

    /// Plans what is done to the next submissions.
    pub fn plan(&self, reactions: impl IntoIterator<Item = Reaction>) {
        lock(&self.shared.plan).next.extend(reactions);
    }

    /// Sets what is done to submissions without a plan.
    pub fn otherwise(&self, reaction: Reaction) {
        lock(&self.shared.plan).otherwise = reaction;
    }

    /// What it saw so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.shared.seen.borrow().clone()
    }

    /// Tells of what it sees.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Seen> {
        self.shared.seen.subscribe()
    }

    /// Sends a receipt of a submission by its id: `DELIVRD`, `UNDELIV` and the like.
    ///
    /// # Errors
    /// When no session is bound, or the id is none of its own.
    pub async fn receipt(&self, id: &str, state: &str) -> anyhow::Result<()> {
        let session = lock(&self.shared.session).clone();
        let session = session.context("a session is bound")?;
        session.send(receipt(id, state)?).await?;
        Ok(())
    }
}

/// The receipt of a submission. Its id is hexadecimal in the answer and decimal here.
fn receipt(id: &str, state: &str) -> anyhow::Result<Vec<u8>> {
    let id = u32::from_str_radix(id, 16)?;
    let text = format!(
        "id:{id} sub:001 dlvrd:001 submit date:2611301200 done date:2611301201 stat:{state} err:000 text:"
    );
    let mut body = b"\0\x01\x014930123456\0\x05\0Shop\0".to_vec();
    // A receipt (SMPP 3.4, 5.2.12), and eight fields that are not used.
    body.extend_from_slice(&[4, 0, 0, 0, 0, 0, 0, 0, 0]);
    body.push(u8::try_from(text.len())?);
    body.extend_from_slice(text.as_bytes());
    Ok(pdu(5, OK, 1_000_000 + id, &body))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut sessions = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // A connection that breaks is the peer's affair.
        sessions.spawn(async move { drop(serve(stream, &shared).await) });
        while sessions.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, shared: &Shared) -> anyhow::Result<()> {
    let (mut reader, mut writer) = stream.into_split();
    let (session, mut written) = mpsc::channel::<Vec<u8>>(100);
    let write = async move {
        while let Some(bytes) = written.recv().await {
            writer.write_all(&bytes).await?;
        }
        anyhow::Ok(())
    };
    let read = async move {
        loop {
            let length = reader.read_u32().await?;
            anyhow::ensure!((16..MAX_BYTES).contains(&length), "a PDU of {length} bytes");
            let mut rest = vec![0; usize::try_from(length)? - 4];
            reader.read_exact(&mut rest).await?;
            let (head, body) = rest.split_at(12);
            let mut fields = head
                .as_chunks()
                .0
                .iter()
                .map(|field| u32::from_be_bytes(*field));
            let mut field = || fields.next().unwrap_or_default();
            let head = (field(), field(), field());
            if !take(shared, &session, head, body).await? {
                return anyhow::Ok(());
            }
        }
    };
    tokio::select! {
        read = read => read,
        written = write => written,
    }
}

/// Does what a PDU asks; false if the connection ends.
async fn take(
    shared: &Shared,
    session: &mpsc::Sender<Vec<u8>>,
    (command, status, sequence): (u32, u32, u32),
    body: &[u8],
) -> anyhow::Result<bool> {
    let answer = |status: u32, body: &[u8]| pdu(command | 0x8000_0000, status, sequence, body);
    match command {
        // Transmitter and transceiver.
        2 | 9 => {
            let is_known = body.starts_with(b"shop\0secret08\0");
            session
                .send(answer(if is_known { OK } else { BIND_FAILED }, b"centre\0"))
                .await?;
            *lock(&shared.session) = Some(session.clone());
            shared
                .seen
                .send_modify(|seen| seen.bound += usize::from(is_known));
        }
        4 => {
            let submitted = submitted(body).context("a submission")?;
            let (reaction, id) = shared.meets(submitted);
            match (reaction, id) {
                (Reaction::Take | Reaction::TakeReceipted, Some(id)) => {
                    if reaction == Reaction::TakeReceipted {
                        session.send(receipt(&id, "DELIVRD")?).await?;
                    }
                    session
                        .send(answer(OK, format!("{id}\0").as_bytes()))
                        .await?;
                }
                (Reaction::Refuse(status), _) => session.send(answer(status, b"")).await?,
                (Reaction::Cut, _) => return Ok(false),
                (Reaction::Silence | Reaction::Take | Reaction::TakeReceipted, _) => {}
            }
        }
        6 => {
            session.send(answer(OK, b"")).await?;
            shared.seen.send_modify(|seen| seen.unbound += 1);
        }
        0x15 => session.send(answer(OK, b"")).await?,
        0x8000_0005 => shared.seen.send_modify(|seen| seen.receipted.push(status)),
        _ => {}
    }
    Ok(true)
}

impl Shared {
    /// What is done to a submission, with the id that it gets if it is taken.
    fn meets(&self, mut submitted: Submitted) -> (Reaction, Option<String>) {
        let mut plan = lock(&self.plan);
        let next = plan.next.pop_front();
        let reaction = next.unwrap_or(plan.otherwise);
        if matches!(reaction, Reaction::Take | Reaction::TakeReceipted) {
            plan.ids += 1;
            submitted.id = Some(format!("{:X}", plan.ids));
        }
        drop(plan);
        let id = submitted.id.clone();
        self.seen.send_modify(|seen| seen.submitted.push(submitted));
        (reaction, id)
    }
}

fn pdu(command: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 16).unwrap_or(u32::MAX);
    let head = [length, command, status, sequence];
    let mut bytes: Vec<u8> = head.iter().flat_map(|field| field.to_be_bytes()).collect();
    bytes.extend_from_slice(body);
    bytes
}

/// Reads the body of a `submit_sm` (SMPP 3.4, 4.4.1).
fn submitted(body: &[u8]) -> Option<Submitted> {
    let mut body = Body(body);
    body.text()?;
    body.octets(2)?;
    body.text()?;
    body.octets(2)?;
    let to = body.text()?;
    let class = *body.octets(3)?.first()?;
    body.text()?;
    body.text()?;
    let [receipt, _, coding, _, length] = *body.octets(5)?.first_chunk()?;
    let content = body.octets(usize::from(length))?;
    // A header says its own length first; the last two octets are how many parts there are, and which it is.
    let has_header = class & 0x40 != 0;
    let header = if has_header {
        usize::from(*content.first()?) + 1
    } else {
        0
    };
    let (header, text) = content.split_at_checked(header)?;
    let part = match header {
        [.., count, number] => (*number, *count),
        _ => (1, 1),
    };
    Some(Submitted {
        to,
        text: text.to_vec(),
        coding,
        part,
        wants_receipt: receipt & 1 != 0,
        id: None,
    })
}

/// What is not read of a body.
struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    fn octets(&mut self, count: usize) -> Option<&'a [u8]> {
        let (octets, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(octets)
    }

    /// A text that ends with a zero.
    fn text(&mut self) -> Option<String> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = self.octets(end)?;
        self.octets(1)?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}
