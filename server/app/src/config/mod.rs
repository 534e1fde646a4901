//! Settings: from a TOML file, the environment and flags, each beating the one before.

mod load;
mod settings;
mod source;
#[cfg(test)]
mod tests;

pub use settings::{Config, DeliveryConfig, LimitConfig, LogConfig, LogFormat, TokenConfig};
pub use source::{ConfigError, ConfigOverlay, Source};
