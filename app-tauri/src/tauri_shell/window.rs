//! The app's one window. Closing it ends its web view, which halves the app's memory; it is made
//! again when it is wanted.

use tauri::{AppHandle, Manager, Url, WebviewWindowBuilder, WindowEvent};

use crate::{view::Language, words};

/// The window's label, as `tauri.conf.json` has it.
const LABEL: &str = "main";

/// Brings the window up, and makes it first if there is none. `on_gone` is called when it is closed.
pub(super) fn show(app: &AppHandle, on_gone: impl Fn() + Send + 'static) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(LABEL) {
        window.unminimize()?;
        window.show()?;
        return window.set_focus();
    }
    let config = app
        .config()
        .app
        .windows
        .iter()
        .find(|config| config.label == LABEL);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    let window = WebviewWindowBuilder::from_config(app, config)?
        .on_navigation(is_own_page)
        .build()?;
    window.on_window_event(move |event| {
        if matches!(event, WindowEvent::Destroyed) {
            on_gone();
        }
    });
    Ok(())
}

/// Whether an address is the app's own page: the window never shows another.
fn is_own_page(url: &Url) -> bool {
    match (url.scheme(), url.host_str()) {
        ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost")) => true,
        ("http", Some("localhost")) => tauri::is_dev(),
        _ => false,
    }
}

/// Shows on title and badge how much is unread, if there is a window to show it on.
pub(super) fn show_unread(app: &AppHandle, count: u64, language: Language) {
    let Some(window) = app.get_webview_window(LABEL) else {
        return;
    };
    let badge = (count > 0).then(|| i64::try_from(count).unwrap_or(i64::MAX));
    let shown = window
        .set_title(&words::title(language, count))
        .and_then(|()| window.set_badge_count(badge));
    if let Err(error) = shown {
        tracing::warn!(%error, "the window does not show what is unread");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_page_is_shown() {
        for (url, is_own) in [
            ("tauri://localhost/index.html", true),
            ("http://tauri.localhost/", true),
            ("https://shop.example/", false),
            ("tauri://elsewhere/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,hello", false),
        ] {
            assert_eq!(is_own_page(&Url::parse(url).unwrap()), is_own, "{url}");
        }
    }
}
