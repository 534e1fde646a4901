//! The status of a response.

use std::fmt;

/// The `command_status` of a response (SMPP 3.4, 5.1.3; SMPP 5.0, 4.7.6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(pub u32);

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $value:literal, $text:literal;)*) => {
        impl Status {
            $($(#[$doc])* pub const $name: Self = Self($value);)*

            /// Its name in the specification, if it has one.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    /// No error.
    OK = 0x00, "ESME_ROK";
    /// The message is too long.
    INVALID_MESSAGE_LENGTH = 0x01, "ESME_RINVMSGLEN";
    /// The PDU is too long or too short.
    INVALID_COMMAND_LENGTH = 0x02, "ESME_RINVCMDLEN";
    /// The command is not known.
    INVALID_COMMAND = 0x03, "ESME_RINVCMDID";
    /// The command does not fit the state of the session.
    INVALID_BIND_STATUS = 0x04, "ESME_RINVBNDSTS";
    /// The session is bound already.
    ALREADY_BOUND = 0x05, "ESME_RALYBND";
    /// A system error.
    SYSTEM_ERROR = 0x08, "ESME_RSYSERR";
    /// The source address is refused.
    INVALID_SOURCE = 0x0a, "ESME_RINVSRCADR";
    /// The destination address is none.
    INVALID_DESTINATION = 0x0b, "ESME_RINVDSTADR";
    /// The bind failed.
    BIND_FAILED = 0x0d, "ESME_RBINDFAIL";
    /// The password is wrong.
    INVALID_PASSWORD = 0x0e, "ESME_RINVPASWD";
    /// The system id is wrong.
    INVALID_SYSTEM_ID = 0x0f, "ESME_RINVSYSID";
    /// The queue is full.
    QUEUE_FULL = 0x14, "ESME_RMSGQFUL";
    /// The service type is not known.
    INVALID_SERVICE_TYPE = 0x15, "ESME_RINVSERTYP";
    /// The `esm_class` is refused.
    INVALID_ESM_CLASS = 0x43, "ESME_RINVESMCLASS";
    /// The submission failed, for no said reason.
    SUBMIT_FAILED = 0x45, "ESME_RSUBMITFAIL";
    /// The type of number of the source is refused.
    INVALID_SOURCE_TON = 0x48, "ESME_RINVSRCTON";
    /// The numbering plan of the source is refused.
    INVALID_SOURCE_NPI = 0x49, "ESME_RINVSRCNPI";
    /// The type of number of the destination is refused.
    INVALID_DESTINATION_TON = 0x50, "ESME_RINVDSTTON";
    /// The numbering plan of the destination is refused.
    INVALID_DESTINATION_NPI = 0x51, "ESME_RINVDSTNPI";
    /// The system type is wrong.
    INVALID_SYSTEM_TYPE = 0x53, "ESME_RINVSYSTYP";
    /// Too many messages in too short a time.
    THROTTLED = 0x58, "ESME_RTHROTTLED";
    /// The validity period is refused.
    INVALID_EXPIRY = 0x62, "ESME_RINVEXPIRY";
    /// The receiver cannot take it for now.
    TEMPORARY = 0x64, "ESME_RX_T_APPN";
    /// The receiver can never take it.
    PERMANENT = 0x65, "ESME_RX_P_APPN";
    /// The receiver refuses it.
    REFUSED = 0x66, "ESME_RX_R_APPN";
    /// A delivery failed.
    DELIVERY_FAILED = 0xfe, "ESME_RDELIVERYFAILURE";
    /// An unknown error.
    UNKNOWN = 0xff, "ESME_RUNKNOWNERR";
    /// The account may not use the service type.
    SERVICE_TYPE_UNAUTHORISED = 0x100, "ESME_RSERTYPUNAUTH";
    /// The account may not do that.
    PROHIBITED = 0x101, "ESME_RPROHIBITED";
    /// The service type is not available for now.
    SERVICE_TYPE_UNAVAILABLE = 0x102, "ESME_RSERTYPUNAVAIL";
    /// The service type is denied.
    SERVICE_TYPE_DENIED = 0x103, "ESME_RSERTYPDENIED";
    /// The alphabet is refused.
    INVALID_DATA_CODING = 0x104, "ESME_RINVDCS";
}

impl Status {
    /// Whether it says that all is well.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }
}

/// The name, or the number in hexadecimal digits.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Status({self})")
    }
}
