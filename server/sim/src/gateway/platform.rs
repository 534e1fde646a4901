//! The platforms that are simulated and the errors that they document.

use serde_json::{Value, json};

use super::{
    flash_call,
    hook::{Happening, Hook},
    max, own_sms,
    request::{Asked, Reply},
    sms_ru,
    state::State,
    telegram, twilio, viber, vk, whatsapp,
};

/// A platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// An SMS service of one's own, by the contract that the descriptor `sms` has.
    Sms,
    /// SMS.RU.
    SmsRu,
    /// Twilio.
    Twilio,
    /// Flash calls of uCaller.
    FlashCall,
    /// Telegram's Bot API.
    Telegram,
    /// MAX's Bot API.
    Max,
    /// Messages of a community of VK.
    Vk,
    /// `WhatsApp`'s Cloud API.
    Whatsapp,
    /// Viber's REST bot API.
    Viber,
}

/// An error that a platform documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documented {
    /// Its name: the platform's code, or its text.
    pub name: String,
    /// The status of the answer.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Documented {
    pub(crate) fn json(name: impl Into<String>, status: u16, body: &Value) -> Self {
        Self {
            name: name.into(),
            status,
            body: body.to_string(),
        }
    }
}

impl Platform {
    /// Every platform.
    pub const ALL: [Self; 9] = [
        Self::Sms,
        Self::SmsRu,
        Self::Twilio,
        Self::FlashCall,
        Self::Telegram,
        Self::Max,
        Self::Vk,
        Self::Whatsapp,
        Self::Viber,
    ];

    /// The name of the gateway.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::SmsRu => "sms_ru",
            Self::Twilio => "twilio",
            Self::FlashCall => "flash_call",
            Self::Telegram => "telegram",
            Self::Max => "max",
            Self::Vk => "vk",
            Self::Whatsapp => "whatsapp",
            Self::Viber => "viber",
        }
    }

    /// The errors that it documents for sending a message, each once.
    #[must_use]
    pub fn documented(self) -> Vec<Documented> {
        match self {
            Self::Sms => own_sms::documented(),
            Self::SmsRu => sms_ru::documented(),
            Self::Twilio => twilio::documented(),
            Self::FlashCall => flash_call::documented(),
            Self::Telegram => telegram::documented(),
            Self::Max => max::documented(),
            Self::Vk => vk::documented(),
            Self::Whatsapp => whatsapp::documented(),
            Self::Viber => viber::documented(),
        }
    }

    /// What an operator enters, as the platform gave it to them.
    pub(crate) fn settings(self) -> Value {
        match self {
            Self::Sms => json!({"token": "sim-sms-token", "webhook_secret": "sim-sms-hook"}),
            Self::SmsRu => json!({"api_id": "F2D79B58-0000-0000-0000-000000000000"}),
            Self::Twilio => json!({
                "account_sid": "AC00000000000000000000000000000000",
                "key_sid": "SK00000000000000000000000000000000",
                "key_secret": "sim-twilio-secret",
                "from": "+15005550006",
                "webhook_password": "sim-twilio-hook",
            }),
            Self::FlashCall => {
                json!({"key": "sim0call0key00000000000000000000", "service_id": "1692"})
            }
            Self::Telegram => json!({
                "token": "123456:sim-telegram-token", "bot": "sim_bot", "webhook_secret": "sim-telegram-hook",
            }),
            Self::Max => {
                json!({"token": "sim-max-token", "bot": "sim_bot", "webhook_secret": "sim-max-hook"})
            }
            Self::Vk => json!({
                "token": "vk1.a.sim", "community": "sim", "webhook_secret": "simVkHook", "confirmation": "0a1b2c3d",
            }),
            Self::Whatsapp => json!({
                "token": "EAAsim", "phone_number_id": "106540352242922", "template": "notice",
                "app_secret": "sim-app-secret", "verify_token": "sim-verify-token",
            }),
            Self::Viber => json!({"token": "445da6az1s345z78-sim", "uri": "sim", "sender": "Sim"}),
        }
    }

    pub(crate) fn answer(self, asked: &Asked, state: &mut State) -> Reply {
        match self {
            Self::Sms => own_sms::answer(asked, state),
            Self::SmsRu => sms_ru::answer(asked, state),
            Self::Twilio => twilio::answer(asked, state),
            Self::FlashCall => flash_call::answer(asked, state),
            Self::Telegram => telegram::answer(asked, state),
            Self::Max => max::answer(asked, state),
            Self::Vk => vk::answer(asked, state),
            Self::Whatsapp => whatsapp::answer(asked, state),
            Self::Viber => viber::answer(asked, state),
        }
    }

    pub(crate) fn hook(self, happening: &Happening, state: &State) -> Option<Hook> {
        match self {
            Self::Sms => own_sms::hook(happening, state),
            Self::Twilio => twilio::hook(happening, state),
            Self::Telegram => telegram::hook(happening, state),
            Self::Max => max::hook(happening, state),
            Self::Vk => vk::hook(happening, state),
            Self::Whatsapp => whatsapp::hook(happening, state),
            Self::Viber => viber::hook(happening, state),
            // SMS.RU's reports have a hash and no MAC, and uCaller is asked: nothing to send here.
            Self::SmsRu | Self::FlashCall => None,
        }
    }
}
