//! Statements, listed so that a test can look at the plan of each.

/// Declares the statements of a file as constants, and `ALL`, the list of them.
///
/// ```ignore
/// statements! {
///     /// The topic with a name.
///     FIND = "SELECT row FROM topic WHERE app = ?1 AND name = ?2";
/// }
/// ```
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: &str = $sql;)+

        /// Every statement of this file with its name.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}
pub(crate) use statements;
