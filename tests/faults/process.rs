//! Child processes of this same program, so that SIGKILL is real.

use std::{
    ffi::OsString,
    io,
    net::SocketAddr,
    process::{ExitStatus, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, Command},
    sync::watch,
    task::JoinHandle,
    time::interval,
};

use crate::progress::Progress;
use vestnik_testkit::{
    ledger::Shown,
    wait::{SILENCE, within},
};

/// How often a starting server is asked whether it is ready.
const ASK: Duration = Duration::from_millis(5);

/// A child process; killed at the latest when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Held open as long as this process lives: see [`end_with_parent`].
    input: Option<ChildStdin>,
    reading: Option<JoinHandle<()>>,
    /// How many lines it has printed.
    lines: watch::Receiver<u64>,
}

impl Process {
    /// Starts this program in another role. Secrets go by the environment.
    pub(crate) fn start(arguments: &[OsString], secrets: &[(&str, &str)]) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let mut child = Command::new(program)
            .args(arguments)
            .envs(secrets.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            // Waiting for a child closes what input it still has.
            input: child.stdin.take(),
            child,
            reading: None,
            lines: watch::channel(0).1,
        })
    }

    /// Gives it all its input.
    pub(crate) async fn give(&mut self, input: &[u8]) -> anyhow::Result<()> {
        let mut given = self.input.take().context("its input is open")?;
        // A process that was killed takes none.
        given.write_all(input).await.ok();
        given.shutdown().await.ok();
        Ok(())
    }

    /// Counts what the process prints that it has shown.
    pub(crate) fn follow(&mut self, progress: watch::Sender<Progress>) -> anyhow::Result<()> {
        let output = self.child.stdout.take().context("its output is piped")?;
        let mut lines = BufReader::new(output).lines();
        let (count, counted) = watch::channel(0);
        self.lines = counted;
        self.reading = Some(tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                count.send_modify(|count| *count += 1);
                if let Ok(shown) = serde_json::from_str::<Shown>(&line) {
                    progress.send_modify(|progress| progress.show(shown));
                }
            }
        }));
        Ok(())
    }

    /// Its number at the system, until it has ended.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills it the hard way and waits until it is gone.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.strike()?;
        self.gone().await.map(drop)
    }

    /// Kills it the hard way, whether it has ended or not.
    pub(crate) fn strike(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            Some(_) => Ok(()),
            None => Ok(self.child.start_kill()?),
        }
    }

    /// Waits until it has said that something is written, or is gone.
    pub(crate) async fn written_or_gone(&mut self) -> anyhow::Result<()> {
        let mut lines = self.lines.clone();
        let said = lines.wait_for(|count| *count > 0);
        tokio::select! {
            said = said => said.map(drop).or(Ok(())),
            ended = self.child.wait() => Ok(ended.map(drop)?),
        }
    }

    /// Asks it to stop and insists that it does so well.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().context("it has ended before")?;
        kill(Pid::from_raw(i32::try_from(id)?), Signal::SIGTERM)?;
        let status = self.gone().await?;
        ensure!(status.success(), "ended with {status}");
        Ok(())
    }

    /// Waits until it has ended, for at most `limit`; tells whether it has.
    pub(crate) async fn ended_within(&mut self, limit: Duration) -> anyhow::Result<bool> {
        match tokio::time::timeout(limit, self.child.wait()).await {
            Ok(status) => status.map(|_| true).map_err(Into::into),
            Err(_) => Ok(false),
        }
    }

    async fn gone(&mut self) -> anyhow::Result<ExitStatus> {
        let status = within("the end of a process", SILENCE, self.child.wait()).await??;
        if let Some(reading) = self.reading.take() {
            within("its last lines", SILENCE, reading).await??;
        }
        Ok(status)
    }
}

/// Ends this process when the one that started it is gone: the parent's end of the input closes with it.
pub(crate) fn end_with_parent() -> io::Result<()> {
    let wait = || {
        // Whether the input ends or fails, the parent is gone.
        io::copy(&mut io::stdin(), &mut io::sink()).ok();
        std::process::exit(1);
    };
    thread::Builder::new()
        .name("parent".to_owned())
        .spawn(wait)
        .map(drop)
}

/// Waits until a server answers that it is ready.
pub(crate) async fn ready(address: SocketAddr) -> anyhow::Result<()> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(1))
        .pool_max_idle_per_host(0)
        .build()?;
    let url = format!("http://{address}{}", vestnik_model::route::READYZ);
    let asking = async {
        let mut tick = interval(ASK);
        loop {
            tick.tick().await;
            if let Ok(answer) = http.get(&url).send().await
                && answer.status().is_success()
            {
                return;
            }
        }
    };
    within("a ready server", SILENCE, asking).await
}
