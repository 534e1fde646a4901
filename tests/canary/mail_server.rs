//! A test double of an SMTP server (RFC 5321) that repeats in its answers what it was told, as real ones do.

use std::{collections::BTreeMap, io, net::SocketAddr};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// How often each mailbox was named.
pub(crate) type Named = BTreeMap<String, u32>;

/// Takes letters until it is dropped.
#[derive(Debug)]
pub(crate) struct MailServer {
    address: SocketAddr,
    named: watch::Receiver<Named>,
    accepting: JoinHandle<()>,
}

impl MailServer {
    /// Opens on a free port.
    pub(crate) async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (naming, named) = watch::channel(Named::new());
        let accepting = tokio::spawn(async move {
            while let Ok((sender, _)) = listener.accept().await {
                tokio::spawn(talk(sender, naming.clone()));
            }
        });
        Ok(Self {
            address,
            named,
            accepting,
        })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often a mailbox was named.
    pub(crate) fn named(&self, mailbox: &str) -> u32 {
        self.named.borrow().get(mailbox).copied().unwrap_or(0)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection of a sender.
async fn talk(sender: TcpStream, named: watch::Sender<Named>) -> io::Result<()> {
    let mut line = BufReader::new(sender);
    say(&mut line, "220 canary ESMTP").await?;
    let mut mailbox = String::new();
    while let Some(said) = hear(&mut line).await? {
        let word = said.split([' ', ':']).next().unwrap_or_default();
        let answer = match word {
            "EHLO" => "250-canary\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN".to_owned(),
            "AUTH" => format!("235 2.7.0 welcome: {said}"),
            "RCPT" => {
                let to = said.split(['<', '>']).nth(1).unwrap_or_default();
                to.clone_into(&mut mailbox);
                named.send_modify(|named| *named.entry(mailbox.clone()).or_default() += 1);
                receive(&mailbox)
            }
            "DATA" => {
                say(&mut line, "354 go on").await?;
                let Some(answer) = take(&mut line, &mailbox).await? else {
                    return Ok(());
                };
                answer
            }
            "QUIT" => return say(&mut line, "221 goodbye").await,
            _ => format!("250 2.0.0 {said}"),
        };
        say(&mut line, &answer).await?;
    }
    Ok(())
}

/// What the server says of a recipient.
fn receive(mailbox: &str) -> String {
    if mailbox.starts_with("unknown") {
        return format!("550 5.1.1 <{mailbox}>: nobody of this name");
    }
    format!("250 2.1.5 <{mailbox}> is known")
}

/// Reads a letter; gives what the server says of it, or none when it says nothing and hangs up.
async fn take(line: &mut BufReader<TcpStream>, mailbox: &str) -> io::Result<Option<String>> {
    let mut letter = String::new();
    while let Some(said) = hear(line).await? {
        if said == "." {
            break;
        }
        letter = letter + " " + &said;
    }
    Ok(match mailbox {
        // A line of an answer has at most 512 bytes.
        _ if mailbox.starts_with("busy") => Some(format!("451 4.3.0 not now: {letter:.400}")),
        _ if mailbox.starts_with("cut") => None,
        _ => Some(format!("250 2.0.0 taken: {letter:.400}")),
    })
}

async fn say(line: &mut BufReader<TcpStream>, text: &str) -> io::Result<()> {
    let text = format!("{text}\r\n");
    line.get_mut().write_all(text.as_bytes()).await
}

async fn hear(line: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut said = Vec::new();
    let read = line.read_until(b'\n', &mut said).await?;
    let said = String::from_utf8_lossy(&said);
    Ok((read > 0).then(|| said.trim_end_matches(['\r', '\n']).to_owned()))
}
