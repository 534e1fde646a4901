//! A button on the command line: `ID:TYPE:TITLE`, and behind `=` what it opens or what stands in its field.

use vestnik_model::{ActionKind, ActionRequest, Word as _};

/// Reads a button.
pub(super) fn parse(text: &str) -> Result<ActionRequest, String> {
    let mut parts = text.splitn(3, ':');
    let (Some(id), Some(kind), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("must be ID:TYPE:TITLE, as ok:callback:Got it".to_owned());
    };
    let kind = ActionKind::from_word(kind)
        .ok_or_else(|| "the type must be link, reply or callback".to_owned())?;
    let (title, more) = match rest.split_once('=') {
        Some((title, more)) => (title, Some(more.to_owned())),
        None => (rest, None),
    };
    let (url, placeholder) = match kind {
        ActionKind::Link => (more, None),
        ActionKind::Reply => (None, more),
        ActionKind::Callback if more.is_some() => {
            return Err("a callback has nothing behind its title".to_owned());
        }
        ActionKind::Callback => (None, None),
    };
    Ok(ActionRequest {
        id: id.to_owned(),
        kind,
        title: title.to_owned(),
        url,
        placeholder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_is_read() {
        let pay = parse("pay:link:Pay now=https://shop.example/pay?a=1&b=2").unwrap();
        assert_eq!((pay.id.as_str(), pay.title.as_str()), ("pay", "Pay now"));
        assert_eq!(pay.url.as_deref(), Some("https://shop.example/pay?a=1&b=2"));
        let answer = parse("answer:reply:Answer=Your message").unwrap();
        assert_eq!(answer.placeholder.as_deref(), Some("Your message"));
        let ok = parse("ok:callback:Got it: now").unwrap();
        assert_eq!((ok.title.as_str(), ok.url), ("Got it: now", None));
    }

    #[test]
    fn what_is_no_button_is_refused() {
        for text in ["", "pay", "pay:link", "pay:tap:Pay", "ok:callback:OK=x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
