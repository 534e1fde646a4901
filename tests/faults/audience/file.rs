//! The file, and what has to come of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use rand::{RngExt as _, rngs::StdRng};

/// How many people are named by an address.
const ADDRESSES: u64 = 40;

/// What has to come of a file.
#[derive(Debug, Default)]
pub(super) struct Recipients {
    /// Whom its good lines name.
    pub(super) people: BTreeSet<String>,
    /// The numbers of its bad lines.
    pub(super) bad: BTreeSet<u64>,
    /// How many lines name somebody anew.
    pub(super) duplicates: u64,
    /// The mailbox of each who is named by it.
    pub(super) mailboxes: BTreeMap<String, String>,
    pub(super) bytes: u64,
}

/// Counts the ends of lines as it writes.
struct Writer {
    file: BufWriter<File>,
    line: u64,
    bytes: u64,
}

impl Writer {
    fn write(&mut self, text: &[u8]) -> anyhow::Result<()> {
        self.file.write_all(text)?;
        self.bytes += text.len() as u64;
        self.line += text.iter().filter(|byte| **byte == b'\n').count() as u64;
        Ok(())
    }
}

impl Recipients {
    /// Writes a file of so many lines, of which one in a hundred is bad.
    pub(super) fn write(path: &Path, lines: u64, rng: &mut StdRng) -> anyhow::Result<Self> {
        let mut recipients = Self::default();
        let file = BufWriter::new(File::create(path)?);
        let mut writer = Writer {
            file,
            line: 0,
            bytes: 0,
        };
        writer.write("\u{feff}note,user,email\r\n".as_bytes())?;
        for number in 0..lines {
            let first = writer.line + 1;
            if number % 100 == 7 {
                recipients.bad.insert(first);
                writer.write(bad(rng.random_range(0..6)))?;
            } else {
                let line = recipients.good(number, rng);
                writer.write(line.as_bytes())?;
            }
            if number % 1_000 == 0 {
                writer.write(b"\n")?;
            }
        }
        writer.file.flush()?;
        recipients.bytes = writer.bytes;
        Ok(recipients)
    }

    fn good(&mut self, number: u64, rng: &mut StdRng) -> String {
        if number % 200 == 9 {
            // One who was named before; the first line is a good one.
            let before = rng.random_range(0..(number / 100).max(1)) * 100;
            self.duplicates += 1;
            return format!(",{},\n", name(before));
        }
        let person = name(number);
        self.people.insert(person.clone());
        if number % 100 == 3 && self.mailboxes.len() < ADDRESSES as usize {
            let mailbox = format!("box-{number}@a.example");
            let line = format!(",,{mailbox}\r\n");
            self.mailboxes.insert(person, mailbox);
            return line;
        }
        match rng.random_range(0..10) {
            0 => format!("\"a note\nof two \"\"lines\"\"\",{person},\r\n"),
            1 => format!("x,\"{person}\",\n"),
            _ => format!(",{person},\n"),
        }
    }
}

fn name(number: u64) -> String {
    format!("person-{number}")
}

fn bad(kind: u32) -> &'static [u8] {
    match kind {
        0 => b"nobody,,\n",
        1 => b",\xff\xfe,\n",
        2 => b",,no-mailbox\r\n",
        3 => b",both,both@a.example\n",
        4 => b"short\n",
        _ => "x,an\u{200b}na,\n".as_bytes(),
    }
}
