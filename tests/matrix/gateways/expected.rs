//! What each answer must mean, read off the platforms' pages and off no descriptor.

use vestnik_sim::gateway::Platform;

const AUTH: &str = "refused config.provider_auth";
const SENDER: &str = "refused config.sender_not_allowed";
const QUOTA: &str = "refused config.quota";
const DEAD: &str = "dead token.dead";
const BLOCKED: &str = "dead blocked.channel";
const REJECTED: &str = "rejected provider.rejected";
const LARGE: &str = "rejected provider.payload_too_large";
const CONTENT: &str = "rejected provider.content_rejected";
const RETRY: &str = "retry provider.unavailable";
const UNPROVEN: &str = "unproven provider.unproven";

/// What an answer must mean; none if the table has no such row.
pub(super) fn of(platform: Platform, answer: &str) -> Option<&'static str> {
    let rows: &[(&str, &[&str])] = match platform {
        Platform::Sms => SMS,
        Platform::SmsRu => SMS_RU,
        Platform::Twilio => TWILIO,
        Platform::FlashCall => FLASH_CALL,
        Platform::Telegram => TELEGRAM,
        Platform::Max => MAX,
        Platform::Vk => VK,
        Platform::Whatsapp => WHATSAPP,
        Platform::Viber => VIBER,
    };
    let rows = rows.iter().chain(ALL);
    let mut found = rows.filter(|(_, answers)| answers.contains(&answer));
    found.next().map(|(wanted, _)| *wanted)
}

/// What is the same everywhere.
const ALL: &[(&str, &[&str])] = &[
    ("accepted", &["taken", "taken after all that"]),
    ("2 taken", &["taken, and again"]),
    (AUTH, &["wrong credentials", "check, wrong credentials"]),
    (BLOCKED, &["somebody who blocks"]),
    (DEAD, &["somebody unknown"]),
    ("good", &["check"]),
    ("delivered", &["report: delivered"]),
    ("read", &["report: read"]),
    ("started by aZ0-_", &["report: started"]),
    ("blocked", &["report: blocked"]),
    ("unblocked", &["report: unblocked"]),
];

const SMS: &[(&str, &[&str])] = &[
    ("1 taken", &["taken, and again"]),
    (AUTH, &["unauthorized"]),
    (QUOTA, &["no_funds"]),
    (SENDER, &["sender_not_allowed"]),
    (DEAD, &["unknown_number", "not_mobile"]),
    (BLOCKED, &["opted_out"]),
    (LARGE, &["too_long"]),
    (CONTENT, &["content_refused"]),
    ("throttled recipient, 60 s", &["number_throttled"]),
    (RETRY, &["try_again"]),
    ("failed sms.undeliverable", &["report: failed"]),
];

const SMS_RU: &[(&str, &[&str])] = &[
    (QUOTA, &["201", "206", "request 201"]),
    (DEAD, &["202", "request 202"]),
    (CONTENT, &["203", "212"]),
    (SENDER, &["204", "request 204"]),
    (LARGE, &["205"]),
    (REJECTED, &["207", "208", "210", "211", "213", "214"]),
    (BLOCKED, &["209"]),
    (RETRY, &["220", "request 220"]),
    ("throttled recipient, 3600 s", &["230", "231", "232"]),
    (
        AUTH,
        &["request 200", "request 300", "request 301", "request 302"],
    ),
    (UNPROVEN, &["request 500"]),
];

const TWILIO: &[(&str, &[&str])] = &[
    (
        SENDER,
        &[
            "10001", "20005", "21212", "21603", "21606", "21659", "21660",
        ],
    ),
    ("throttled account, 1 s", &["14107", "20429"]),
    (AUTH, &["20003"]),
    (REJECTED, &["20404", "21408", "21612"]),
    (UNPROVEN, &["20500"]),
    (RETRY, &["20503"]),
    (DEAD, &["21211", "21214", "21614"]),
    (CONTENT, &["21602"]),
    (BLOCKED, &["21610"]),
    ("throttled account, 30 s", &["21611", "30001"]),
    (LARGE, &["21617"]),
    (QUOTA, &["30002"]),
    ("failed sms.undeliverable", &["report: failed"]),
];

const FLASH_CALL: &[(&str, &[&str])] = &[
    ("1 taken", &["taken, and again"]),
    // The call is known and is not expected to connect; nothing is said of the number.
    (
        REJECTED,
        &[
            "unreachable",
            "somebody who blocks",
            "1",
            "2",
            "9",
            "20",
            "405",
        ],
    ),
    (SENDER, &["0", "4", "1001", "1003", "1004", "1005"]),
    (DEAD, &["3"]),
    ("retry provider.internal", &["5"]),
    ("throttled recipient, 60 s", &["18"]),
    ("throttled recipient, 15 s", &["19"]),
    (AUTH, &["401"]),
    ("throttled account, 1 s", &["429"]),
    (UNPROVEN, &["500"]),
    (QUOTA, &["1002"]),
];

const TELEGRAM: &[(&str, &[&str])] = &[
    (
        BLOCKED,
        &[
            "bot was blocked by the user",
            "bot can't initiate conversation with a user",
            "bot was kicked from the group chat",
            "bot is not a member of the channel chat",
        ],
    ),
    (
        DEAD,
        &[
            "user is deactivated",
            "the group chat was deleted",
            "bot can't send messages to bots",
            "chat not found",
            "user not found",
            "PEER_ID_INVALID",
            "chat_id is empty",
            "group upgraded",
        ],
    ),
    (LARGE, &["message is too long"]),
    (CONTENT, &["message text is empty", "can't parse entities"]),
    ("throttled account, 34 s", &["Too Many Requests"]),
    (AUTH, &["Unauthorized", "Not Found"]),
    (UNPROVEN, &["Internal Server Error"]),
];

const MAX: &[(&str, &[&str])] = &[
    (REJECTED, &["proto.payload", "method.not.allowed"]),
    (AUTH, &["verify.token"]),
    (BLOCKED, &["chat.denied"]),
    (DEAD, &["not.found"]),
    ("throttled account, 1 s", &["too.many.requests"]),
    (UNPROVEN, &["internal.error"]),
    (RETRY, &["service.unavailable"]),
    ("started by aZ0-_, unblocked", &["report: started"]),
];

const VK: &[(&str, &[&str])] = &[
    ("1 taken", &["taken, and again"]),
    ("throttled account, 1 s", &["6", "29"]),
    ("throttled recipient, 60 s", &["9", "940", "944"]),
    (BLOCKED, &["900", "901", "902", "950", "987", "988"]),
    (DEAD, &["18", "37", "39", "113", "936", "3610"]),
    (LARGE, &["914"]),
    (AUTH, &["4", "5", "27", "28", "42"]),
    (
        SENDER,
        &[
            "2", "7", "14", "15", "17", "20", "21", "23", "24", "38", "203", "912", "943", "985",
        ],
    ),
    (UNPROVEN, &["1", "10", "13"]),
    (RETRY, &["43"]),
    (
        REJECTED,
        &[
            "3", "8", "100", "104", "911", "913", "917", "921", "922", "925", "945", "946", "962",
            "969", "1012",
        ],
    ),
    ("200 OK \"0a1b2c3d\"", &["report: handshake"]),
];

const WHATSAPP: &[(&str, &[&str])] = &[
    ("throttled recipient, 6 s", &["131056"]),
    ("throttled account, 5 s", &["4", "80007", "130429"]),
    ("throttled account, 3600 s", &["131048"]),
    (AUTH, &["0", "190", "131045"]),
    (
        SENDER,
        &[
            "3", "10", "200", "299", "368", "131005", "131031", "131037", "133010",
        ],
    ),
    (QUOTA, &["131042"]),
    (RETRY, &["2", "131016", "131057", "133004"]),
    (UNPROVEN, &["1", "131000"]),
    ("rejected blocked.channel", &["131050"]),
    (LARGE, &["132005"]),
    (CONTENT, &["132000", "132001", "132012", "132015"]),
    (
        REJECTED,
        &[
            "33",
            "100",
            "130472",
            "130497",
            "131008",
            "131009",
            "131021",
            "131026",
            "131047",
            "131049",
            "131051",
            // Whether the number has no WhatsApp or its owner blocks is not said.
            "somebody who blocks",
            "somebody unknown",
        ],
    ),
    ("failed provider.rejected", &["report: failed"]),
    ("200 OK \"1158201444\"", &["report: handshake"]),
];

const VIBER: &[(&str, &[&str])] = &[
    (
        REJECTED,
        &[
            "invalidUrl",
            "badData",
            "missingData",
            "receiverNoSuitableDevice",
            "apiVersionNotSupported",
            "incompatibleWithVersion",
            "inchatReplyMessageNotAllowed",
            "publicAccountIsNotInline",
            "noPublicChat",
            "cannotSendBroadcast",
            "broadcastNotAllowed",
        ],
    ),
    (AUTH, &["invalidAuthToken"]),
    (DEAD, &["receiverNotRegistered"]),
    (BLOCKED, &["receiverNotSubscribed"]),
    (
        SENDER,
        &[
            "publicAccountBlocked",
            "publicAccountNotFound",
            "publicAccountSuspended",
            "webhookNotSet",
            "publicAccountNotAuthorized",
            "unsupportedCountry",
            "paymentUnsupported",
        ],
    ),
    ("throttled account, 10 s", &["tooManyRequests"]),
    (QUOTA, &["freeMessagesExceeded", "noBalance"]),
    (UNPROVEN, &["generalError"]),
    ("failed provider.rejected", &["report: failed"]),
    ("200 OK \"\"", &["report: handshake"]),
];
