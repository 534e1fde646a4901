//! Settings: from a TOML file, the environment and flags; each overrides the one before.

mod audience;
mod check;
mod environment;
mod feed;
mod limit;
mod listen;
mod load;
mod network;
mod outbound;
mod proxy;
mod rate;
mod secret;
mod settings;
mod source;
#[cfg(test)]
mod tests;

pub use audience::AudienceConfig;
pub use feed::FeedConfig;
pub use limit::LimitConfig;
pub(crate) use limit::MAX_WEBHOOKS;
pub use network::Network;
pub(crate) use network::masked;
pub use outbound::OutboundConfig;
pub use proxy::ProxyConfig;
pub use rate::RateConfig;
pub use secret::{SecretConfig, SecretKey};
pub use settings::{Config, DeliveryConfig, LogConfig, LogFormat, TokenConfig};
pub use source::{ConfigError, ConfigOverlay, Source};
