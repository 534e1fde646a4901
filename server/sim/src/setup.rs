//! What a sender is configured with.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::{credentials::Credentials, hms, world::TOKEN_PATH};

/// Where a simulator listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// The admin API and the page, plain HTTP.
    pub admin: SocketAddr,
    /// FCM and its token endpoint, TLS.
    pub fcm: SocketAddr,
    /// APNs production, TLS and HTTP/2 only.
    pub apns: SocketAddr,
    /// APNs sandbox, TLS and HTTP/2 only.
    pub apns_sandbox: SocketAddr,
    /// Web Push, TLS.
    pub web_push: SocketAddr,
    /// Huawei Push Kit and its token endpoint, TLS.
    pub hms: SocketAddr,
    /// `RuStore`, TLS.
    pub rustore: SocketAddr,
}

/// What a sender is configured with to reach the simulator instead of the services.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where the simulator listens.
    pub addresses: Addresses,
    /// The keys.
    pub credentials: Credentials,
    /// In the place of `https://fcm.googleapis.com`.
    pub fcm_url: String,
    /// In the place of `https://api.push.apple.com`.
    pub apns_url: String,
    /// In the place of `https://api.sandbox.push.apple.com`.
    pub apns_sandbox_url: String,
    /// The origin of the endpoints of subscriptions.
    pub web_push_url: String,
    /// In the place of `https://push-api.cloud.huawei.com`.
    pub hms_url: String,
    /// In the place of `https://vkpns.rustore.ru`.
    pub rustore_url: String,
    /// The admin API.
    pub admin_url: String,
    /// The host name in the URLs.
    pub(crate) host: String,
}

impl Setup {
    pub(crate) fn new(credentials: Credentials, addresses: Addresses, host: &str) -> Self {
        let url = |scheme: &str, address: SocketAddr| {
            // An IPv6 address has colons of its own.
            let brackets = host.contains(':') && !host.starts_with('[');
            let host = if brackets {
                format!("[{host}]")
            } else {
                host.to_owned()
            };
            format!("{scheme}://{host}:{}", address.port())
        };
        Self {
            addresses,
            credentials,
            fcm_url: url("https", addresses.fcm),
            apns_url: url("https", addresses.apns),
            apns_sandbox_url: url("https", addresses.apns_sandbox),
            web_push_url: url("https", addresses.web_push),
            hms_url: url("https", addresses.hms),
            rustore_url: url("https", addresses.rustore),
            admin_url: format!("http://{}", addresses.admin),
            host: host.to_owned(),
        }
    }

    /// The certificate authority that a sender must trust, in PEM.
    #[must_use]
    pub fn ca_certificate(&self) -> &str {
        &self.credentials.ca_certificate
    }

    /// The JSON file that Google gives for a service account.
    #[must_use]
    pub fn service_account(&self) -> Value {
        let credentials = &self.credentials;
        json!({
            "type": "service_account",
            "project_id": credentials.project_id,
            "private_key_id": credentials.private_key_id,
            "private_key": credentials.service_account_key,
            "client_email": credentials.client_email,
            "client_id": "100000000000000000000",
            "auth_uri": format!("{}/auth", self.fcm_url),
            "token_uri": format!("{}{TOKEN_PATH}", self.fcm_url),
            "universe_domain": "googleapis.com",
        })
    }

    /// The client of Huawei's version 1, in the fields of Vestnik's account.
    #[must_use]
    pub fn hms_client(&self) -> Value {
        json!({
            "app_id": self.credentials.hms_app_id(),
            "client_secret": self.credentials.hms_client_secret(),
            "token_uri": format!("{}{}", self.hms_url, hms::TOKEN_PATH),
            "receipt_user": hms::USER,
            "receipt_secret": self.credentials.hms_receipt_secret(),
        })
    }

    /// The JSON file that Huawei gives for a service account, for version 3. Its tokens are for Huawei's own
    /// token service, wherever the simulator listens.
    #[must_use]
    pub fn hms_service_account(&self) -> Value {
        let credentials = &self.credentials;
        json!({
            "project_id": credentials.hms_project_id(),
            "key_id": credentials.private_key_id,
            "private_key": credentials.service_account_key,
            "sub_account": credentials.hms_sub_account(),
            "auth_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/authorize",
            "token_uri": hms::AUDIENCE,
        })
    }

    /// The project of `RuStore`, in the fields of Vestnik's account.
    #[must_use]
    pub fn rustore_project(&self) -> Value {
        json!({
            "project_id": self.credentials.rustore_project_id(),
            "service_token": self.credentials.rustore_token(),
        })
    }

    /// The `.p8` file that Apple gives for a signing key.
    #[must_use]
    pub fn apns_key(&self) -> &str {
        &self.credentials.apns_key
    }

    /// Everything in one JSON document, as `GET /admin/credentials` answers it.
    #[must_use]
    pub fn document(&self) -> Value {
        let credentials = &self.credentials;
        json!({
            "ca_certificate": credentials.ca_certificate,
            "fcm": {
                "base_url": self.fcm_url,
                "project_id": credentials.project_id,
                "service_account": self.service_account(),
            },
            "apns": {
                "base_url": self.apns_url,
                "sandbox_url": self.apns_sandbox_url,
                "team_id": credentials.team_id,
                "key_id": credentials.key_id,
                "topic": credentials.bundle,
                "key": credentials.apns_key,
            },
            "web_push": {
                "origin": self.web_push_url,
                "vapid": "any P-256 key of yours, with a mailto: or https: contact",
            },
            "hms": {
                "base_url": self.hms_url,
                "client": self.hms_client(),
                "service_account": self.hms_service_account(),
            },
            "rustore": {
                "base_url": self.rustore_url,
                "project": self.rustore_project(),
            },
        })
    }
}
