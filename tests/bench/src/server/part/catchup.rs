//! Devices that read their logs from the beginning, beside plain reads of the same pages.

use std::{thread, time::Duration};

use anyhow::{Context as _, Result, ensure};
use memchr::memmem;
use serde_json::{Value, json};
use vestnik_model::contract::server;

use super::super::{
    device::{Device, is_refusal},
    load::joined,
    login::{Login, log_in},
    role::PagesRead,
    running::{Kind, Running},
    seed,
    site::Site,
};
use super::Bench;
use crate::{
    clock,
    figure::{Figure, Goal},
    say,
    stat::Figures,
};

/// Devices that read at the same time.
const READERS: usize = 8;

pub(in super::super) fn catch_up(bench: &Bench) -> Result<Vec<Figure>> {
    let size = &bench.size;
    let site = Site::make()?;
    seed::users(&site, size.readers)?;
    seed::mailings(&site, size.readers, size.entries)?;
    let running = Running::start(bench, &site, Kind::default())?;
    let users: Vec<usize> = (1..=size.readers).collect();
    let logins = log_in(running.target(), &site.keys, &users)?;
    let mut devices = logins
        .iter()
        .map(|login: &Login| Device::greeted(running.address, login))
        .collect::<Result<Vec<_>>>()?;
    // The first reading notes each hand-over.
    read(&mut devices, size.entries, Duration::ZERO)?;
    let mut figures = Gathered::default();
    for run in 1..=size.runs {
        let cpu = running.server.cpu_nanos();
        let server = read(&mut devices, size.entries, size.reading)?;
        let cpu = (running.server.cpu_nanos() - cpu) as f64 / 1e9;
        let server = PagesRead { cpu, ..server };
        let plain = plain(bench, &site)?;
        say::progress(format!(
            "  run {run}: {:.0} pages/s, plain {:.0}",
            server.pages / server.seconds,
            plain.pages / plain.seconds
        ));
        figures.add(server, plain);
    }
    Ok(figures.into_figures())
}

#[derive(Debug, Default)]
struct Gathered {
    pages: Figures,
    messages: Figures,
    plain_pages: Figures,
    plain_messages: Figures,
    pages_ratio: Figures,
    messages_ratio: Figures,
}

impl Gathered {
    fn add(&mut self, server: PagesRead, plain: PagesRead) {
        let pages = |read: PagesRead| read.pages / read.seconds;
        let messages = |read: PagesRead| read.messages / read.cpu;
        self.pages.push(pages(server));
        self.plain_pages.push(pages(plain));
        self.pages_ratio.push(pages(server) / pages(plain));
        self.messages.push(messages(server));
        self.plain_messages.push(messages(plain));
        self.messages_ratio.push(messages(server) / messages(plain));
    }

    fn into_figures(self) -> Vec<Figure> {
        let ratio = |name, values| Figure::ratio(name, Goal::None, values);
        vec![
            ratio(
                "catch-up pages a second, over plain reads",
                self.pages_ratio,
            ),
            Figure::new("catch-up pages of 100", "/s", self.pages),
            Figure::new("plain page reads", "/s", self.plain_pages),
            ratio(
                "messages a second per core, over plain reads",
                self.messages_ratio,
            ),
            Figure::new("messages per core", "/s", self.messages),
            Figure::new("plain messages per core", "/s", self.plain_messages),
        ]
    }
}

/// Reads all logs from beginning to end, again and again for a while and at least once.
fn read(devices: &mut [Device], entries: usize, span: Duration) -> Result<PagesRead> {
    let begun = clock::now();
    let end = begun + span;
    let share = devices.len().div_ceil(READERS);
    let counts: Vec<(u64, u64)> = thread::scope(|scope| {
        let threads: Vec<_> = devices
            .chunks_mut(share)
            .map(|devices| scope.spawn(move || read_until(devices, entries, end)))
            .collect();
        threads.into_iter().map(joined).collect::<Result<_>>()
    })?;
    let pages: u64 = counts.iter().map(|(pages, _)| pages).sum();
    let messages: u64 = counts.iter().map(|(_, messages)| messages).sum();
    Ok(PagesRead {
        pages: pages as f64,
        messages: messages as f64,
        seconds: (clock::now() - begun).as_secs_f64(),
        cpu: f64::NAN,
    })
}

fn read_until(
    devices: &mut [Device],
    entries: usize,
    end: std::time::Instant,
) -> Result<(u64, u64)> {
    let (mut pages, mut messages) = (0, 0);
    loop {
        for device in &mut *devices {
            let (read_pages, read_messages) = whole_log(device)?;
            ensure!(
                read_messages == entries as u64,
                "{read_messages} of {entries} entries were read"
            );
            pages += read_pages;
            messages += read_messages;
        }
        if clock::now() >= end {
            return Ok((pages, messages));
        }
    }
}

/// Reads a log from beginning to end: pages and entries.
fn whole_log(device: &mut Device) -> Result<(u64, u64)> {
    let (mut pages, mut messages) = (0, 0);
    let mut argument = json!({});
    loop {
        let page = device.call(server::SYNC, &argument)?;
        ensure!(!is_refusal(&page), "reading on was refused");
        pages += 1;
        messages += memmem::find_iter(&page, b"\"deliveryId\":").count() as u64;
        if memmem::rfind(&page, b"\"more\":true").is_none() {
            return Ok((pages, messages));
        }
        argument = json!({ "cursor": cursor(&page)? });
    }
}

/// The place behind a page. Texts of notifications cannot look like it: their quotes are escaped.
fn cursor(page: &[u8]) -> Result<Value> {
    const NAME: &[u8] = b"\"cursor\":\"";
    let start = memmem::find(page, NAME).context("a page without a cursor")? + NAME.len();
    let length = memchr::memchr(b'"', &page[start..]).context("a cursor without an end")?;
    Ok(Value::from(std::str::from_utf8(
        &page[start..start + length],
    )?))
}

fn plain(bench: &Bench, site: &Site) -> Result<PagesRead> {
    let (database, size) = (site.database().display().to_string(), &bench.size);
    let words = [
        "pages",
        "--database",
        &database,
        "--users",
        &size.readers.to_string(),
        "--millis",
        &size.reading.as_millis().to_string(),
    ];
    PagesRead::parse(&bench.role(&words)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_of_a_page_is_found() {
        let page = br#"{"result":{"after":"1:0:0","cursor":"1:9:a","entries":[]}}"#;
        assert_eq!(cursor(page).unwrap(), json!("1:9:a"));
        assert!(cursor(b"{}").is_err());
    }
}
