//! From the start of a process to the first page of the history, and until it is online.

use std::{fs::File, os::fd::AsFd as _};

use anyhow::Result;
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

use super::{own::Process, stored::Stored};
use crate::{
    client::history::Bench,
    figure::Figure,
    server::{Kind, Running, Site},
    setting::own_program,
    stat::Figures,
};

pub(in crate::client) fn figures(bench: &mut Bench) -> Result<Vec<Figure>> {
    let site = Site::make()?;
    let program = own_program()?.display().to_string();
    let running = Running::launch(&program, None, &site, Kind::default())?;
    let stored = Stored::make(bench, &running, &site)?;
    let server = format!("http://{}/", running.address);
    // The first start has what only a first start has to do.
    Process::start(stored.folder(), &server)?.stop()?;
    let [mut page, mut online] = [(); 2].map(|()| Figures::default());
    let [mut cold_page, mut cold_online] = [(); 2].map(|()| Figures::default());
    for _ in 0..bench.size.runs {
        let process = Process::start(stored.folder(), &server)?;
        page.push(process.page as f64 / 1e6);
        online.push(process.online as f64 / 1e6);
        process.stop()?;
        forget(&stored)?;
        let process = Process::start(stored.folder(), &server)?;
        cold_page.push(process.page as f64 / 1e6);
        cold_online.push(process.online as f64 / 1e6);
        process.stop()?;
    }
    Ok(vec![
        Figure::new(
            "from the start of the process to the first page",
            "ms",
            page,
        ),
        Figure::new("from the start of the process to online", "ms", online),
        Figure::new(
            "to the first page, the history not in the system's memory",
            "ms",
            cold_page,
        ),
        Figure::new(
            "to online, the history not in the system's memory",
            "ms",
            cold_online,
        ),
    ])
}

/// Lets the system forget the history, so that it is read from the disk.
fn forget(stored: &Stored) -> Result<()> {
    let file = File::open(stored.history()?)?;
    file.sync_all()?;
    let whole = 0;
    posix_fadvise(
        file.as_fd(),
        0,
        whole,
        PosixFadviseAdvice::POSIX_FADV_DONTNEED,
    )?;
    Ok(())
}
