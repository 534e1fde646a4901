//! Where the server is and who we are there: a small TOML file, each of whose settings an
//! environment variable may replace.

use std::{
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use tauri::Url;
use vestnik_model::AppId;

use crate::view::SetupProblem;

/// The name of the file in the app's configuration folder.
pub(crate) const FILE_NAME: &str = "desktop.toml";

/// Everything the core needs to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// The server's address.
    pub(crate) server: Url,
    /// The tenant there.
    pub(crate) app: AppId,
    /// Where the token comes from that vouches for the person.
    pub(crate) identity: IdentityOrigin,
    /// Where the history lies.
    pub(crate) data_dir: PathBuf,
}

/// Where the token comes from that vouches for the person.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum IdentityOrigin {
    /// It is written in the configuration itself.
    Token(String),
    /// It lies in a file, which is read whenever a token is needed: another program may refresh it.
    File(PathBuf),
}

impl fmt::Debug for IdentityOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token(..)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// The settings as file and environment spell them. It holds a secret and has no `Debug`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    server: Option<String>,
    app: Option<String>,
    identity_token: Option<String>,
    identity_file: Option<PathBuf>,
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
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Settings::default()),
        Err(error) => return Err(invalid(format!("{}: {error}", file.display()))),
    };
    // Only the message is passed on: the error's full text would quote the line, secrets and all.
    toml::from_str(&text).map_err(|error| invalid(error.message().trim().to_owned()))
}

impl Settings {
    fn overlaid(self, env: impl Fn(&str) -> Option<OsString>) -> Result<Self, SetupProblem> {
        let text = |name: &str| {
            env(name)
                .map(OsString::into_string)
                .transpose()
                .map_err(|_| invalid(format!("{name}: not readable as text")))
        };
        let token = text("VESTNIK_IDENTITY_TOKEN")?;
        let file = env("VESTNIK_IDENTITY_FILE").map(PathBuf::from);
        // An identity of the environment replaces the file's, whichever of the two kinds it is.
        let (identity_token, identity_file) = if token.is_some() || file.is_some() {
            (token, file)
        } else {
            (self.identity_token, self.identity_file)
        };
        Ok(Self {
            server: text("VESTNIK_SERVER")?.or(self.server),
            app: text("VESTNIK_APP")?.or(self.app),
            identity_token,
            identity_file,
            data_dir: env("VESTNIK_DATA_DIR").map(PathBuf::from).or(self.data_dir),
        })
    }

    fn resolve(self, folder: &Path, usual_data_dir: &Path) -> Result<Configuration, SetupProblem> {
        let missing = self.missing();
        let identity = match (self.identity_token, self.identity_file) {
            (Some(token), _) => Some(IdentityOrigin::Token(token)),
            (None, Some(file)) => Some(IdentityOrigin::File(folder.join(file))),
            (None, None) => None,
        };
        let (Some(server), Some(app), Some(identity)) = (self.server, self.app, identity) else {
            return Err(SetupProblem::Missing { settings: missing });
        };
        Ok(Configuration {
            server: server_url(&server)?,
            app: AppId::parse(app).map_err(|error| invalid(format!("app: {error}")))?,
            identity,
            data_dir: self
                .data_dir
                .map_or_else(|| usual_data_dir.to_owned(), |dir| folder.join(dir)),
        })
    }

    fn missing(&self) -> Vec<String> {
        let has_identity = self.identity_token.is_some() || self.identity_file.is_some();
        [
            ("server", self.server.is_some()),
            ("app", self.app.is_some()),
            ("identity_file", has_identity),
        ]
        .into_iter()
        .filter(|(_, is_set)| !is_set)
        .map(|(name, _)| name.to_owned())
        .collect()
    }
}

/// Checks the server's address; a path without a slash at its end would lose its last part when
/// routes are joined to it.
fn server_url(text: &str) -> Result<Url, SetupProblem> {
    let mut url = Url::parse(text).map_err(|error| invalid(format!("server: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(
            "server: must begin with https:// or http://".to_owned(),
        ));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn invalid(detail: String) -> SetupProblem {
    SetupProblem::Invalid { detail }
}

#[cfg(test)]
mod tests;
