//! The size of the native library that apps embed.

use std::fs;

use anyhow::{Context as _, Result};

use super::options::Size;
use crate::{
    figure::{Figure, Goal},
    say,
    stat::Figures,
};

pub(super) fn figures(size: &Size) -> Result<Vec<Figure>> {
    let Some(library) = &size.library else {
        say::progress("library: skipped, none was given");
        return Ok(Vec::new());
    };
    let bytes = fs::metadata(library)
        .with_context(|| format!("there is no {}", library.display()))?
        .len();
    let megabytes = Figures::from_iter([bytes as f64 / 1e6]);
    Ok(vec![
        Figure::new("the native library for apps, stripped", "MB", megabytes)
            .with(Goal::Below(6.0)),
    ])
}
