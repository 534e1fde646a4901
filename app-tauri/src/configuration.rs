//! Where the server is: a small TOML file, each of whose settings an environment variable may
//! replace.

use std::{
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use tauri::Url;
use vestnik_core::{NetworkOptions, Secret};
use vestnik_model::AppId;

use crate::{
    identity::IdentityOrigin,
    view::{ServerView, SetupProblem},
};

/// The name of the file in the app's configuration folder.
pub(crate) const FILE_NAME: &str = "desktop.toml";

/// What the core is started with.
#[derive(Clone)]
pub(crate) struct Configuration {
    /// The server's address.
    pub(crate) server: Url,
    /// The App (tenant) there.
    pub(crate) app: AppId,
    /// Where a sign-in code is, if the configuration names one.
    pub(crate) identity: Option<IdentityOrigin>,
    /// The way to the server, where it is not the usual one.
    pub(crate) network: NetworkOptions,
    /// Where the history lies.
    pub(crate) data_dir: PathBuf,
}

impl Configuration {
    /// The server as the window shows it.
    pub(crate) fn server_view(&self) -> ServerView {
        let host = self.server.host_str().unwrap_or_default();
        ServerView {
            host: match self.server.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
            is_exposed: self.server.scheme() == "http" && !is_this_machine(host),
            has_code: self.identity.is_some(),
        }
    }
}

/// Without what stands beside the server's host, which may be a secret.
impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            server,
            app,
            identity,
            network,
            data_dir,
        } = self;
        f.debug_struct("Configuration")
            .field("server", &server.host_str())
            .field("app", app)
            .field("identity", identity)
            .field("network", network)
            .field("data_dir", data_dir)
            .finish()
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The settings as file and environment spell them. It holds a secret and has no `Debug`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    server: Option<String>,
    app: Option<String>,
    identity_token: Option<String>,
    identity_file: Option<PathBuf>,
    proxy: Option<String>,
    ca_file: Option<PathBuf>,
    data_dir: Option<PathBuf>,
}

/// Reads the file `folder/desktop.toml` under the environment `env`. The history lies in
/// `usual_data_dir` unless something else is said.
pub(crate) fn load(
    folder: &Path,
    usual_data_dir: &Path,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<Configuration, SetupProblem> {
    let settings = read_file(&folder.join(FILE_NAME))?.overlaid(env)?;
    settings.resolve(folder, usual_data_dir)
}

fn read_file(file: &Path) -> Result<Settings, SetupProblem> {
    let unreadable = |detail| SetupProblem::UnreadableFile { detail };
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Settings::default()),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    // Only the message is passed on: the error's full text would quote the line, secrets and all.
    toml::from_str(&text).map_err(|error| unreadable(error.message().trim().to_owned()))
}

impl Settings {
    fn overlaid(self, env: impl Fn(&str) -> Option<OsString>) -> Result<Self, SetupProblem> {
        let text = |variable: &str, setting: &str| {
            env(variable)
                .map(OsString::into_string)
                .transpose()
                .map_err(|_| invalid(setting, format!("{variable} is not readable as text")))
        };
        let path = |variable: &str| env(variable).map(PathBuf::from);
        let token = text("VESTNIK_IDENTITY_TOKEN", "identity_token")?;
        let file = path("VESTNIK_IDENTITY_FILE");
        // An identity of the environment replaces the file's, whichever of the two kinds it is.
        let (identity_token, identity_file) = if token.is_some() || file.is_some() {
            (token, file)
        } else {
            (self.identity_token, self.identity_file)
        };
        Ok(Self {
            server: text("VESTNIK_SERVER", "server")?.or(self.server),
            app: text("VESTNIK_APP", "app")?.or(self.app),
            identity_token,
            identity_file,
            proxy: text("VESTNIK_PROXY", "proxy")?.or(self.proxy),
            ca_file: path("VESTNIK_CA_FILE").or(self.ca_file),
            data_dir: path("VESTNIK_DATA_DIR").or(self.data_dir),
        })
    }

    fn resolve(self, folder: &Path, usual_data_dir: &Path) -> Result<Configuration, SetupProblem> {
        let missing = self.missing();
        let (Some(server), Some(app)) = (self.server, self.app) else {
            return Err(SetupProblem::Missing { settings: missing });
        };
        let identity = match (self.identity_token, self.identity_file) {
            (Some(token), _) => Some(IdentityOrigin::Token(Secret::new(token))),
            (None, Some(file)) => Some(IdentityOrigin::File(folder.join(file))),
            (None, None) => None,
        };
        Ok(Configuration {
            server: server_url(&server)?,
            app: AppId::parse(app).map_err(|error| invalid("app", error.to_string()))?,
            identity,
            network: NetworkOptions {
                proxy: self.proxy.as_deref().map(proxy_url).transpose()?,
                roots: self
                    .ca_file
                    .map(|file| read_roots(&folder.join(file)))
                    .transpose()?
                    .unwrap_or_default(),
            },
            data_dir: self
                .data_dir
                .map_or_else(|| usual_data_dir.to_owned(), |dir| folder.join(dir)),
        })
    }

    fn missing(&self) -> Vec<String> {
        [
            ("server", self.server.is_some()),
            ("app", self.app.is_some()),
        ]
        .into_iter()
        .filter(|(_, is_set)| !is_set)
        .map(|(name, _)| name.to_owned())
        .collect()
    }
}

/// Checks the server's address. Routes are joined to it as to a folder, so its path ends in a slash.
fn server_url(text: &str) -> Result<Url, SetupProblem> {
    let mut url = url("server", text)?;
    if !matches!(url.scheme(), "http" | "https") {
        let detail = "must begin with https:// or http://".to_owned();
        return Err(invalid("server", detail));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn proxy_url(text: &str) -> Result<Url, SetupProblem> {
    url("proxy", text)
}

fn url(setting: &str, text: &str) -> Result<Url, SetupProblem> {
    Url::parse(text).map_err(|error| invalid(setting, error.to_string()))
}

fn read_roots(file: &Path) -> Result<Vec<Vec<u8>>, SetupProblem> {
    let pem = fs::read(file).map_err(|error| invalid("ca_file", error.to_string()))?;
    Ok(vec![pem])
}

fn invalid(setting: &str, detail: String) -> SetupProblem {
    SetupProblem::InvalidSetting {
        setting: setting.to_owned(),
        detail,
    }
}

#[cfg(test)]
mod tests;
