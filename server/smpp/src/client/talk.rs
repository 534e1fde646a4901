//! One session over one connection.

use std::{collections::BTreeMap, future::pending, io, pin::Pin, sync::Arc};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split},
    sync::oneshot,
    task::JoinSet,
    time::{sleep, timeout},
};
use vestnik_clock::Monotonic;
use vestnik_model::AttemptId;
use vestnik_outbound::{Stream, Writing};

use super::{
    condition::Condition,
    queue::{Job, Queue},
    task::{Task, stop},
};
use crate::{
    arrival::Answer,
    login::Version,
    outcome::{Outcome, Verdict},
    session::{ArrivalKey, Closing, Input, Output, Reconnect, Session, Ticket},
};

/// What is read at once.
const CHUNK: usize = 16 * 1_024;
/// The most messages of which late answers are told.
const MOST_LATE: usize = 1_024;

type Wire = Box<dyn Stream>;
type Write = Pin<Box<dyn Future<Output = io::Result<WriteHalf<Wire>>> + Send>>;

/// One session over one connection.
pub(super) struct Talk<'a> {
    task: &'a Task,
    reconnect: &'a mut Reconnect,
    session: Session,
    reader: ReadHalf<Wire>,
    pen: Pen,
    /// The messages that the session has.
    senders: BTreeMap<Ticket, Sender>,
    /// The messages of which an answer may come late.
    late: BTreeMap<Ticket, AttemptId>,
    tickets: u64,
    consumers: JoinSet<(ArrivalKey, Answer)>,
    bound: Option<Version>,
    is_stopping: bool,
}

/// Who waits for what becomes of a message.
struct Sender {
    attempt: AttemptId,
    writing: Writing,
    ended: oneshot::Sender<Outcome>,
}

/// What writes.
enum Pen {
    Idle(WriteHalf<Wire>),
    Writing(Write),
    /// The peer takes nothing more. What it said before is read still.
    Broken,
}

/// What happened.
enum Event {
    Read(usize),
    Lost,
    Written(WriteHalf<Wire>),
    WriteFailed,
    Answered(ArrivalKey, Answer),
    Stop,
    /// Time passed, or a message came.
    Look,
}

impl<'a> Talk<'a> {
    pub(super) fn new(task: &'a Task, reconnect: &'a mut Reconnect, stream: Wire) -> Self {
        let (reader, writer) = split(stream);
        Self {
            session: Session::new(task.config.clone(), task.clock.monotonic()),
            task,
            reconnect,
            reader,
            pen: Pen::Idle(writer),
            senders: BTreeMap::new(),
            late: BTreeMap::new(),
            tickets: 0,
            consumers: JoinSet::new(),
            bound: None,
            is_stopping: false,
        }
    }

    pub(super) async fn run(mut self) -> Closing {
        let mut chunk = vec![0; CHUNK];
        loop {
            if let Some(closing) = self.serve() {
                return closing;
            }
            self.tell_condition();
            let event = self.next(&mut chunk).await;
            let now = self.task.clock.monotonic();
            let input = match event {
                Event::Read(length) => Input::Received(&chunk[..length]),
                Event::Lost => Input::Lost,
                Event::Written(writer) => {
                    self.pen = Pen::Idle(writer);
                    Input::Written
                }
                Event::WriteFailed => {
                    self.pen = Pen::Broken;
                    Input::Tick
                }
                Event::Answered(key, answer) => Input::Answered(key, answer),
                Event::Stop => {
                    self.is_stopping = true;
                    Input::Stop
                }
                Event::Look => Input::Tick,
            };
            self.session.handle(now, input);
        }
    }

    /// Waits for what happens next.
    async fn next(&mut self, chunk: &mut [u8]) -> Event {
        let deadline = self.deadline();
        let wait = deadline.map(|at| at - self.task.clock.monotonic());
        let mut stopped = self.task.stopped.clone();
        tokio::select! {
            read = self.reader.read(chunk), if self.session.wants_read() => match read {
                Ok(0) | Err(_) => Event::Lost,
                Ok(length) => Event::Read(length),
            },
            written = self.pen.written() => match written {
                Ok(writer) => Event::Written(writer),
                Err(_) => Event::WriteFailed,
            },
            Some(answered) = self.consumers.join_next(), if !self.consumers.is_empty() => {
                // The session waits no longer than it does for any consumer if one panicked.
                answered.map_or(Event::Look, |(key, answer)| Event::Answered(key, answer))
            }
            () = stop(&mut stopped), if !self.is_stopping => Event::Stop,
            () = self.task.queue.changed(), if self.bound.is_some() => Event::Look,
            () = async {
                match wait {
                    Some(wait) => sleep(wait).await,
                    None => pending().await,
                }
            } => Event::Look,
        }
    }

    /// Until when to wait: the session's own deadline, or when the next message may be written or begun.
    fn deadline(&self) -> Option<Monotonic> {
        let now = self.task.clock.monotonic();
        let queue = &self.task.queue;
        let written = queue.has_jobs().then(|| self.session.next_submission());
        let begun = queue.has_claims().then(|| self.session.next_place());
        let next = [written, begun].into_iter().flatten();
        // What is due and does not happen waits for something else.
        let next = next.filter(|at| *at > now);
        next.chain(self.session.deadline()).min()
    }

    /// Does all that there is to do.
    fn serve(&mut self) -> Option<Closing> {
        loop {
            while let Some(output) = self.session.poll() {
                let closing = self.perform(output);
                if closing.is_some() {
                    return closing;
                }
            }
            if !self.serve_queue() {
                return None;
            }
        }
    }

    /// Writes a message that is in its place, or gives a place to who waits for one; false if there is nothing
    /// to do. The session is given only what it writes at once, so that what is not written can be taken back.
    fn serve_queue(&mut self) -> bool {
        let (now, queue) = (self.task.clock.monotonic(), &self.task.queue);
        if queue.take_freed() {
            self.session.handle(now, Input::Release);
            return true;
        }
        if let Some(verdict) = self.session.obstacle(now) {
            return queue.turn_away(&Outcome::unwritten(verdict));
        }
        if self.session.is_ready(now)
            && let Some(job) = queue.pop()
        {
            self.submit(now, job);
            return true;
        }
        // Those before it come first.
        let begins = self.session.has_room(now) && !queue.has_jobs() && Queue::grant(queue);
        if begins {
            self.session.handle(now, Input::Reserve);
        }
        begins
    }

    fn submit(&mut self, now: Monotonic, job: Job) {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let sender = Sender {
            attempt: job.submission.attempt(),
            writing: job.writing,
            ended: job.ended,
        };
        self.senders.insert(ticket, sender);
        self.session
            .handle(now, Input::Submit(ticket, job.submission));
    }

    fn perform(&mut self, output: Output) -> Option<Closing> {
        match output {
            Output::Write(bytes) => self.write(bytes),
            Output::Bound(version) => {
                self.bound = Some(version);
                self.reconnect.on_bound(self.task.clock.monotonic());
            }
            Output::Ended(ticket, outcome) => self.end(ticket, outcome),
            Output::Late(ticket, late) => {
                if let Some(attempt) = self.late.get(&ticket) {
                    self.task.consumer.on_late(*attempt, late);
                }
            }
            Output::Deliver(key, arrival) => {
                let consumer = Arc::clone(&self.task.consumer);
                let patience = self.task.config.patience.consumer;
                self.consumers.spawn(async move {
                    let taken = timeout(patience, consumer.take(arrival)).await;
                    (key, taken.unwrap_or(Answer::Later))
                });
            }
            Output::Trouble(trouble) => self.task.consumer.on_trouble(trouble),
            Output::Closed(closing) => return Some(closing),
        }
        None
    }

    fn write(&mut self, bytes: Vec<u8>) {
        let pen = std::mem::replace(&mut self.pen, Pen::Broken);
        self.pen = match pen {
            Pen::Idle(mut writer) => Pen::Writing(Box::pin(async move {
                writer.write_all(&bytes).await?;
                writer.flush().await?;
                Ok(writer)
            })),
            // The session gives nothing while something is being written.
            pen @ (Pen::Writing(_) | Pen::Broken) => pen,
        };
    }

    fn end(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some(sender) = self.senders.remove(&ticket) else {
            return;
        };
        if !outcome.verdict.may_be_taken() {
            sender.writing.take_back();
        }
        if matches!(outcome.verdict, Verdict::Unproven { .. }) {
            self.late.insert(ticket, sender.attempt);
            if self.late.len() > MOST_LATE {
                self.late.pop_first();
            }
        }
        // Its sender may have gone.
        drop(sender.ended.send(outcome));
    }

    fn tell_condition(&self) {
        let Some(version) = self.bound else {
            return;
        };
        let now = self.task.clock.monotonic();
        let condition = match self.session.paused_until(now) {
            Some(until) => Condition::Paused { until },
            None => Condition::Bound(version),
        };
        self.task.condition.send_if_modified(|seen| {
            let is_new = *seen != condition;
            *seen = condition;
            is_new
        });
    }
}

/// However it ended, also by a panic.
impl Drop for Talk<'_> {
    fn drop(&mut self) {
        self.task.queue.end_session();
    }
}

impl Pen {
    /// Ends when what is being written is; never if nothing is.
    async fn written(&mut self) -> io::Result<WriteHalf<Wire>> {
        match self {
            Self::Writing(write) => write.as_mut().await,
            Self::Idle(_) | Self::Broken => pending().await,
        }
    }
}
