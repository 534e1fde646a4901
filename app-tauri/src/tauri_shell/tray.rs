//! The icon in the tray: how much is unread, and the way in and out. Linux trays have a menu and
//! nothing else, so everything is in the menu.

use std::sync::{Mutex, PoisonError};

use tauri::{
    AppHandle, Manager, Wry,
    image::Image,
    menu::{Menu, MenuItem, PredefinedMenuItem},
    tray::{TrayIcon, TrayIconBuilder},
};

use super::icon;
use crate::{
    controller::{Desk, Intent},
    view::Language,
    words,
};

const OPEN: &str = "open";
const QUIT: &str = "quit";

/// The icon and those parts of its menu that change.
pub(super) struct Tray {
    icon: TrayIcon,
    unread: MenuItem<Wry>,
    open: MenuItem<Wry>,
    quit: MenuItem<Wry>,
    /// What the icon shows now: drawing it anew writes a file on Linux.
    drawn: Mutex<Option<icon::Badge>>,
}

impl Tray {
    /// Puts the icon into the tray.
    pub(super) fn new(app: &AppHandle, language: Language) -> tauri::Result<Self> {
        let unread = MenuItem::new(app, words::unread(language, 0), false, None::<&str>)?;
        let open = MenuItem::with_id(app, OPEN, words::open(language), true, None::<&str>)?;
        let quit = MenuItem::with_id(app, QUIT, words::quit(language), true, None::<&str>)?;
        let line = PredefinedMenuItem::separator(app)?;
        let menu = Menu::with_items(app, &[&unread, &line, &open, &quit])?;
        let icon = TrayIconBuilder::with_id("vestnik")
            .icon(icon::plain())
            .menu(&menu)
            .on_menu_event(|app, event| obey(app, event.id().as_ref()))
            .build(app)?;
        Ok(Self {
            icon,
            unread,
            open,
            quit,
            drawn: Mutex::new(None),
        })
    }

    /// Shows how much is unread, in words of a language.
    pub(super) fn show_unread(&self, count: u64, language: Language) -> tauri::Result<()> {
        let unread = words::unread(language, count);
        self.unread.set_text(&unread)?;
        self.open.set_text(words::open(language))?;
        self.quit.set_text(words::quit(language))?;
        self.icon.set_tooltip(Some(&unread))?;
        self.draw(icon::Badge::of(count))
    }

    fn draw(&self, badge: Option<icon::Badge>) -> tauri::Result<()> {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if *drawn == badge {
            return Ok(());
        }
        *drawn = badge;
        self.icon.set_icon(Some(image(badge)))
    }
}

fn image(badge: Option<icon::Badge>) -> Image<'static> {
    badge.map_or_else(icon::plain, icon::with_badge)
}

fn obey(app: &AppHandle, item: &str) {
    let desk = app.state::<Desk>();
    match item {
        OPEN => desk.tell(Intent::ShowWindow),
        QUIT => desk.tell(Intent::Quit),
        _ => tracing::warn!(item, "the tray has an item that means nothing"),
    }
}
