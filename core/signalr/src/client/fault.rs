//! Who has to act when something fails.

/// Whose fault a failure is. Whether trying again helps is another question: a network heals by
/// itself, and so does a server that is only busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This side's: its address, token, arguments or types.
    Caller,
    /// The server's.
    Server,
    /// Nobody's: the way between the two.
    Network,
}
