//! The demo's mail server: takes letters by SMTP (RFC 5321) on loopback, and keeps them for the story.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// The most bytes of a letter.
const MAX_LETTER: usize = 1_024 * 1_024;

/// A letter that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// Whom the envelope names.
    pub(crate) to: String,
    /// The value of its `Subject`, as it was written.
    pub(crate) subject: String,
}

/// Takes letters until it is dropped.
#[derive(Debug)]
pub(crate) struct PostOffice {
    address: SocketAddr,
    letters: watch::Receiver<Vec<Letter>>,
    stop: CancellationToken,
}

impl PostOffice {
    /// Opens on a free port.
    pub(crate) async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (taken, letters) = watch::channel(Vec::new());
        let stop = CancellationToken::new();
        tokio::spawn(
            stop.clone()
                .run_until_cancelled_owned(accept(listener, taken)),
        );
        Ok(Self {
            address,
            letters,
            stop,
        })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The letters that it took, in their order.
    pub(crate) fn letters(&self) -> watch::Receiver<Vec<Letter>> {
        self.letters.clone()
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(listener: TcpListener, taken: watch::Sender<Vec<Letter>>) {
    let mut talks = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((sender, _)) = accepted else { return };
                talks.spawn(talk(sender, taken.clone()));
            }
            Some(_) = talks.join_next() => {}
        }
    }
}

/// One connection of a sender.
async fn talk(sender: TcpStream, taken: watch::Sender<Vec<Letter>>) -> io::Result<()> {
    let mut line = Line(BufReader::new(sender));
    line.say("220 demo ESMTP").await?;
    let mut to = None;
    while let Some(said) = line.next().await? {
        let word = said.split([' ', ':']).next().unwrap_or_default();
        match word.to_ascii_uppercase().as_str() {
            "EHLO" => line.say("250-demo\r\n250-8BITMIME\r\n250 SMTPUTF8").await?,
            "RCPT" => {
                to = recipient(&said);
                line.say("250 known").await?;
            }
            "DATA" => {
                line.say("354 go on").await?;
                let subject = line.letter().await?;
                let to = to.take().unwrap_or_default();
                taken.send_modify(|letters| letters.push(Letter { to, subject }));
                line.say("250 taken").await?;
            }
            "QUIT" => return line.say("221 goodbye").await,
            "HELO" | "MAIL" | "RSET" | "NOOP" => line.say("250 well").await?,
            _ => line.say("502 not here").await?,
        }
    }
    Ok(())
}

/// The address of `RCPT TO:<anna@shop.example>`.
fn recipient(said: &str) -> Option<String> {
    let (_, rest) = said.split_once('<')?;
    Some(rest.split_once('>')?.0.to_owned())
}

/// What is said line by line.
struct Line(BufReader<TcpStream>);

impl Line {
    async fn say(&mut self, text: &str) -> io::Result<()> {
        let sender = self.0.get_mut();
        sender.write_all(format!("{text}\r\n").as_bytes()).await
    }

    async fn next(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let read = self.0.read_until(b'\n', &mut line).await?;
        let line = String::from_utf8_lossy(&line);
        Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// Reads a letter to its end; gives its subject.
    async fn letter(&mut self) -> io::Result<String> {
        let (mut subject, mut bytes) = (String::new(), 0);
        while let Some(line) = self.next().await? {
            if line == "." {
                break;
            }
            bytes += line.len();
            if bytes > MAX_LETTER {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if let Some(text) = line.strip_prefix("Subject: ") {
                text.clone_into(&mut subject);
            }
        }
        Ok(subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_letter_is_taken_and_kept() {
        let office = PostOffice::open().await.unwrap();
        let sender = TcpStream::connect(office.address()).await.unwrap();
        let mut line = Line(BufReader::new(sender));
        let mut heard = vec![line.next().await.unwrap().unwrap()];
        for said in [
            "HELO here",
            "MAIL FROM:<a@b.example>",
            "RCPT TO:<vera@home.example>",
            "DATA",
            "Subject: Order 1\r\n\r\nHello\r\n.",
            "QUIT",
        ] {
            line.say(said).await.unwrap();
            heard.push(line.next().await.unwrap().unwrap());
        }
        let codes: Vec<_> = heard.iter().map(|said| &said[..3]).collect();
        assert_eq!(codes, ["220", "250", "250", "250", "354", "250", "221"]);
        let letter = Letter {
            to: "vera@home.example".to_owned(),
            subject: "Order 1".to_owned(),
        };
        assert_eq!(*office.letters().borrow(), [letter]);
    }
}
