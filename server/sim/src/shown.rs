//! What a device would show of a message, without the app that draws it.

use serde::Serialize;
use serde_json::Value;

use crate::message::{Content, Message};

/// The most characters of a text that are shown.
const LONGEST: usize = 300;

/// What a device would show of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The message.
    pub id: String,
    /// How it shows itself.
    pub form: Form,
    /// The first line, as the platform would draw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Which notification of Vestnik's the message is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
    /// Which notification of Vestnik's the app takes off the screen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdraws: Option<String>,
    /// What is drawn with the same key takes its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// How a message shows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The platform draws the texts.
    Alert,
    /// The content is sealed for the app; the texts, if there are any, are what the platform draws
    /// until the app has read it.
    Sealed,
    /// The app gets it and draws what it wants.
    Data,
    /// A Live Activity.
    Live,
    /// The app is woken and nothing is drawn.
    Silent,
    /// The app is told to take a notification off the screen.
    Withdrawal,
}

/// What a device would show of a message that it got.
pub(crate) fn shown(message: &Message) -> Shown {
    let shown = drawn(message);
    let parcel = parcel(message);
    let named = |name: &str| text(&parcel[name]);
    let withdraws = named("withdraws");
    Shown {
        form: if withdraws.is_some() {
            Form::Withdrawal
        } else {
            shown.form
        },
        notification: named("notification"),
        withdraws,
        ..shown
    }
}

/// What Vestnik's app reads in a message: the member `vestnik`, which FCM carries as a text.
fn parcel(message: &Message) -> Value {
    let whole = match &message.content {
        Content::Fcm { message } | Content::Rustore { message } => message["data"].clone(),
        Content::Hms { message, .. } => hms_data(message),
        Content::Apns { payload, .. } => payload.clone(),
        Content::WebPush { text, .. } => {
            let text = text.as_deref().unwrap_or_default();
            serde_json::from_str(text).unwrap_or(Value::Null)
        }
        Content::Unreadable { .. } => Value::Null,
    };
    let parcel = &whole["vestnik"];
    match parcel.as_str() {
        Some(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        None => parcel.clone(),
    }
}

fn drawn(message: &Message) -> Shown {
    match &message.content {
        Content::Fcm { message: sent } | Content::Rustore { message: sent } => fcm(message, sent),
        Content::Hms { message: sent, .. } => hms(message, sent),
        Content::Apns { push_type, payload } => apns(message, push_type, payload),
        Content::WebPush {
            text, declarative, ..
        } => web_push(message, text.as_deref().unwrap_or_default(), *declarative),
        Content::Unreadable { .. } => of(message, Form::Silent),
    }
}

fn fcm(message: &Message, sent: &Value) -> Shown {
    let android = &sent["android"]["notification"];
    let part = |name: &str| text(&android[name]).or_else(|| text(&sent["notification"][name]));
    let data = &sent["data"];
    let (title, body) = (part("title"), part("body"));
    let form = match (is_sealed(data), title.is_some() || body.is_some()) {
        (true, _) => Form::Sealed,
        (false, true) => Form::Alert,
        (false, false) => Form::Data,
    };
    Shown {
        title: title.or_else(|| text(&data["title"])),
        body: body.or_else(|| text(&data["body"])),
        replaces: text(&android["tag"]),
        ..of(message, form)
    }
}

/// What the app gets of a message of Huawei: the data of version 1, or that of a tap or of the background in
/// version 3. It is JSON, as a text or not.
fn hms_data(sent: &Value) -> Value {
    let places = [
        &sent["data"],
        &sent["notification"]["clickAction"]["data"],
        &sent["extraData"],
    ];
    let data = places.into_iter().find(|data| !data.is_null());
    let data = data.unwrap_or(&Value::Null);
    let inner = data
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    inner.unwrap_or_else(|| data.clone())
}

fn hms(message: &Message, sent: &Value) -> Shown {
    let drawn = [&sent["notification"], &sent["android"]["notification"]];
    let part = |name: &str| drawn.iter().find_map(|part| text(&part[name]));
    let (title, body) = (part("title"), part("body"));
    let is_drawn = title.is_some() || body.is_some();
    let form = match (is_sealed(&parcel(message)), is_drawn) {
        (true, _) => Form::Sealed,
        (false, true) => Form::Alert,
        (false, false) => Form::Data,
    };
    Shown {
        title,
        body,
        ..of(message, form)
    }
}

fn apns(message: &Message, push_type: &str, payload: &Value) -> Shown {
    let aps = &payload["aps"];
    let alert = &aps["alert"];
    let is_sealed = payload.as_object().is_some_and(|fields| {
        let mut parts = fields.iter().filter(|(name, _)| *name != "aps");
        parts.any(|(name, part)| name == "envelope" || is_sealed(part))
    });
    let form = match (push_type, is_sealed) {
        ("background", _) => Form::Silent,
        ("liveactivity", _) => Form::Live,
        (_, true) => Form::Sealed,
        (_, false) => Form::Alert,
    };
    Shown {
        title: text(&alert["title"]),
        // An alert may be a text alone.
        body: text(&alert["body"])
            .or_else(|| text(alert))
            .or_else(|| (form == Form::Live).then(|| text(&aps["event"])).flatten()),
        replaces: message.collapse.clone(),
        ..of(message, form)
    }
}

fn web_push(message: &Message, clear: &str, declarative: bool) -> Shown {
    let parsed: Value = serde_json::from_str(clear).unwrap_or(Value::Null);
    let notification = &parsed["notification"];
    let is_sealed =
        is_sealed(&parsed) || is_sealed(&parsed["data"]) || is_sealed(&notification["data"]);
    let form = match (clear.is_empty(), is_sealed, declarative) {
        (true, _, _) => Form::Silent,
        (false, true, _) => Form::Sealed,
        (false, false, true) => Form::Alert,
        (false, false, false) => Form::Data,
    };
    let part = |name: &str| text(&notification[name]).or_else(|| text(&parsed[name]));
    let whole = (form == Form::Data && !parsed.is_object()).then(|| cut(clear));
    Shown {
        title: part("title"),
        body: part("body").or(whole),
        replaces: text(&notification["tag"]),
        ..of(message, form)
    }
}

fn of(message: &Message, form: Form) -> Shown {
    Shown {
        id: message.id.clone(),
        form,
        title: None,
        body: None,
        notification: None,
        withdraws: None,
        replaces: None,
    }
}

/// Vestnik's parcels carry what is sealed for the installation as `envelope`.
fn is_sealed(part: &Value) -> bool {
    part["envelope"].is_string()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(cut)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::service::Service;

    fn look(content: Content) -> (Form, String, String) {
        let message = Message {
            id: "1".to_owned(),
            service: Service::Fcm,
            accepted_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            urgency: String::new(),
            collapse: Some("order".to_owned()),
            bytes: 0,
            content,
        };
        let shown = shown(&message);
        let words = |text: Option<String>| text.unwrap_or_default();
        (shown.form, words(shown.title), words(shown.body))
    }

    fn check(content: Content, form: Form, title: &str, body: &str) {
        assert_eq!(look(content), (form, title.to_owned(), body.to_owned()));
    }

    #[test]
    fn messages_of_fcm_are_drawn_or_handed_over() {
        let fcm = |message| Content::Fcm { message };
        let alert = json!({"notification": {"title": "a", "body": "b"},
            "android": {"notification": {"title": "c"}}});
        check(fcm(alert), Form::Alert, "c", "b");
        check(
            fcm(json!({"data": {"envelope": "x"}})),
            Form::Sealed,
            "",
            "",
        );
        check(fcm(json!({"data": {"title": "t"}})), Form::Data, "t", "");
    }

    #[test]
    fn payloads_of_apns_are_drawn() {
        let apns = |push_type: &str, payload| Content::Apns {
            push_type: push_type.to_owned(),
            payload,
        };
        check(
            apns("alert", json!({"aps": {"alert": "text"}})),
            Form::Alert,
            "",
            "text",
        );
        let sealed = json!({"aps": {"alert": {"title": "New"}}, "vestnik": {"envelope": "x"}});
        check(apns("alert", sealed), Form::Sealed, "New", "");
        let silent = json!({"aps": {"content-available": 1}});
        check(apns("background", silent), Form::Silent, "", "");
        let live = json!({"aps": {"event": "update"}});
        check(apns("liveactivity", live), Form::Live, "", "update");
    }

    #[test]
    fn pushes_to_browsers_are_drawn_or_handed_over() {
        let web = |text: &str, declarative| Content::WebPush {
            text: Some(text.to_owned()),
            hex: None,
            declarative,
        };
        let text = r#"{"web_push":8030,"notification":{"title":"t","body":"b"}}"#;
        check(web(text, true), Form::Alert, "t", "b");
        check(web(r#"{"envelope":"x"}"#, false), Form::Sealed, "", "");
        check(web("plain", false), Form::Data, "", "plain");
        check(web("", false), Form::Silent, "", "");
        let long = "я".repeat(400);
        let (_, _, body) = look(web(&long, false));
        assert_eq!(body.chars().count(), 301);
    }
}
