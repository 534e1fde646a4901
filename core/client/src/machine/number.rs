//! Numbers by which a late answer is recognised.

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(u64);

        impl $name {
            /// The number as it was stored or logged.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number, to be stored or logged.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The number after this one.
            #[must_use]
            pub(super) const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }
    };
}

number! {
    /// Which live connection: each attempt to connect has a number of its own. What comes from another
    /// connection than the present one is dropped.
    ConnectionNumber
}

number! {
    /// Which session: it grows with each login, each logout and each end of a session. A result of work
    /// that was begun under another generation is dropped.
    Generation
}

number! {
    /// Which access token: so that two callers that were refused with the same token cause one exchange.
    TokenNumber
}

number! {
    /// Which call of the session machine.
    CallNumber
}
