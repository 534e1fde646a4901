//! `vestnik bounce`: brings a message that came to where bounces go.

use std::path::PathBuf;

use clap::Args;

use super::ServerArgs;

/// Bring the server a message that came to where bounces of letters go.
#[derive(Debug, Args)]
#[command(
    after_help = "It is made for the pipe of a mail server: it reads one message, and a message that is no
bounce is no failure. If the server cannot be reached or does not take the key, it ends with the exit
code 75, by which a mail server keeps the message and tries again. The key needs the scope audience.

Examples:
  vestnik bounce message.eml
  vestnik bounce - --recipient \"$ORIGINAL_RECIPIENT\"

Postfix, in master.cf:
  vestnik unix - n n - 4 pipe user=mail argv=vestnik bounce - --recipient ${recipient}"
)]
pub(crate) struct BounceArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The file with the message; - for the standard input.
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,
    /// The address that the message came to, by the envelope.
    #[arg(long, value_name = "ADDRESS", value_parser = line)]
    pub(crate) recipient: Option<String>,
}

/// A text that is one line: it becomes a header.
fn line(text: &str) -> Result<String, &'static str> {
    if text.chars().any(char::is_control) {
        return Err("must be one line");
    }
    Ok(text.to_owned())
}
