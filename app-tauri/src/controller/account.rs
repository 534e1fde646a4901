//! Who is signed in.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use vestnik_core::{LoginError, Secret, Standing};
use vestnik_model::{ProblemCode, UserId};

use super::{Controller, Done, Reply, SignInSource, input::Asked, request::send};
use crate::{
    credential::{Credential, code_of_link},
    identity::IdentityError,
    session::{Launcher, Session as _},
    shell::DesktopShell,
    view::{CodeView, CommandError, ErrorCode, SignInCode, UiEvent},
};

/// The file whose presence says that the person signed out.
const SIGNED_OUT: &str = "signed-out";

/// What the controller remembers of sign-ins.
#[derive(Debug)]
pub(super) struct Account {
    signed_out_file: PathBuf,
    /// Whether the person signed out: then the configured code is not used without them.
    is_signed_out: bool,
    /// How often the person signed out since the app began.
    sign_outs: u64,
    /// Whether the configured code was looked at since it was wanted.
    is_considered: bool,
    /// The configured code that was used last.
    tried: Option<Secret>,
    /// Why a sign-in that the app began by itself was not accepted.
    pub(super) problem: Option<ErrorCode>,
    /// The code of a link that came while there was no window.
    pub(super) offered: Option<SignInCode>,
}

impl Account {
    pub(super) fn load(config_dir: &Path) -> Self {
        let signed_out_file = config_dir.join(SIGNED_OUT);
        Self {
            is_signed_out: signed_out_file.is_file(),
            signed_out_file,
            sign_outs: 0,
            is_considered: false,
            tried: None,
            problem: None,
            offered: None,
        }
    }

    /// Whether the configured code is wanted by a device that stands like this.
    const fn wants_code(&self, standing: &Standing) -> bool {
        match standing {
            Standing::Nobody | Standing::NeedsIdentity { .. } => !self.is_signed_out,
            Standing::LoggingIn { .. } | Standing::LoggedIn { .. } | Standing::LoggingOut => false,
        }
    }
}

impl<S: DesktopShell, L: Launcher> Controller<S, L> {
    /// The account is another.
    pub(super) fn on_standing(&mut self) {
        if let Some(Standing::LoggedIn { .. }) = self.state().map(|state| state.standing) {
            self.account.problem = None;
        }
    }

    /// Uses the configured code, once for each time that it is wanted.
    pub(super) fn consider_configured_code(&mut self) {
        let (Some(state), Some(running)) = (self.state(), &self.running) else {
            return;
        };
        if !self.account.wants_code(&state.standing) {
            self.account.is_considered = false;
            return;
        }
        if self.account.is_considered {
            return;
        }
        let Some(identity) = running.identity.clone() else {
            return;
        };
        self.account.is_considered = true;
        self.tasks
            .spawn(async move { Done::Configured(identity.read().await, Asked::ByApp) });
    }

    /// Looks at the configured code again: another program may have renewed it.
    pub(super) fn reconsider_configured_code(&mut self) {
        self.account.is_considered = false;
        self.consider_configured_code();
    }

    pub(super) fn on_configured(
        &mut self,
        credential: Result<Credential, IdentityError>,
        asked: Asked,
    ) {
        let credential = credential.map_err(|error| {
            tracing::warn!(%error, "the configured sign-in code cannot be read");
            ErrorCode::CodeMissing
        });
        match (credential, asked) {
            (Ok(credential), Asked::ByApp) => self.try_configured(credential),
            (Err(code), Asked::ByApp) => self.sign_in_failed(code),
            (credential, Asked::ToRead(reply)) => self.tell_code(credential, reply),
            (Ok(credential), Asked::ToSignIn { replaces, reply }) => {
                self.sign_in_by(credential, replaces, reply);
            }
            (Err(code), Asked::ToSignIn { reply, .. }) => send(reply, Err(CommandError::of(code))),
        }
    }

    /// Signs in without the person, unless the code was refused before or is another user's: the
    /// notifications of the one would leave this device unasked.
    fn try_configured(&mut self, credential: Credential) {
        let is_tried = self.account.tried.as_ref() == Some(&credential.token);
        // The person may have signed out while it was read.
        if self.account.is_signed_out || is_tried || self.other_user(&credential.user).is_some() {
            return;
        }
        self.account.tried = Some(credential.token.clone());
        self.log_in(credential, None);
    }

    pub(super) fn read_code(&mut self, source: SignInSource, reply: Reply<CodeView>) {
        match source {
            SignInSource::Code(code) => self.tell_code(parse(&code), reply),
            SignInSource::Configured => self.read_configured(Asked::ToRead(reply)),
        }
    }

    fn tell_code(&self, credential: Result<Credential, ErrorCode>, reply: Reply<CodeView>) {
        let view = credential.map(|credential| CodeView {
            replaces: self
                .other_user(&credential.user)
                .map(|user| user.to_string()),
            user: credential.user.to_string(),
        });
        send(reply, view.map_err(CommandError::of));
    }

    pub(super) fn sign_in(&mut self, source: SignInSource, replaces: bool, reply: Reply<()>) {
        match source {
            SignInSource::Code(code) => match parse(&code) {
                Ok(credential) => self.sign_in_by(credential, replaces, reply),
                Err(code) => send(reply, Err(CommandError::of(code))),
            },
            SignInSource::Configured => self.read_configured(Asked::ToSignIn { replaces, reply }),
        }
    }

    /// Reads the configured code for the person; without one that is like an unreadable one.
    fn read_configured(&mut self, asked: Asked) {
        let running = self.running.as_ref();
        match running.and_then(|running| running.identity.clone()) {
            Some(identity) => {
                self.tasks
                    .spawn(async move { Done::Configured(identity.read().await, asked) });
            }
            None => self.on_configured(Err(IdentityError::Missing), asked),
        }
    }

    fn sign_in_by(&mut self, credential: Credential, replaces: bool, reply: Reply<()>) {
        if !replaces && self.other_user(&credential.user).is_some() {
            send(reply, Err(CommandError::of(ErrorCode::WouldReplace)));
            return;
        }
        self.log_in(credential, Some(reply));
    }

    /// The user whose notifications are on this device, if it is another one than this.
    fn other_user(&self, user: &UserId) -> Option<UserId> {
        let state = self.state()?;
        state.user().filter(|present| *present != user).cloned()
    }

    fn log_in(&mut self, credential: Credential, reply: Option<Reply<()>>) {
        let Some(session) = self.session() else {
            if let Some(reply) = reply {
                send(reply, Err(CommandError::not_ready()));
            }
            return;
        };
        self.account.problem = None;
        let sign_outs = self.account.sign_outs;
        self.tasks.spawn(async move {
            let Credential { user, token } = credential;
            // A login that has not worked yet goes on by itself, and the state shows it.
            let outcome = session.log_in(user, token).await.map(drop);
            Done::SignedIn {
                outcome,
                sign_outs,
                reply,
            }
        });
    }

    pub(super) fn on_signed_in(
        &mut self,
        outcome: Result<(), LoginError>,
        sign_outs: u64,
        reply: Option<Reply<()>>,
    ) {
        let outcome = outcome.map_err(|error| {
            tracing::warn!(%error, "the sign-in was not accepted");
            code_of(&error)
        });
        // A sign-out that came later counts.
        if outcome.is_ok() && sign_outs == self.account.sign_outs {
            self.remember_signed_out(false);
        }
        match (outcome, reply) {
            (outcome, Some(reply)) => send(reply, outcome.map_err(CommandError::of)),
            (Err(code), None) => self.sign_in_failed(code),
            (Ok(()), None) => {}
        }
    }

    fn sign_in_failed(&mut self, code: ErrorCode) {
        self.account.problem = Some(code);
        self.emit(UiEvent::SignInFailed { code });
    }

    pub(super) fn sign_out(&mut self, reply: Reply<()>) {
        if self.running.is_some() {
            self.account.sign_outs += 1;
            self.remember_signed_out(true);
        }
        self.answer(reply, |core| async move { Ok(core.log_out().await?) });
    }

    fn remember_signed_out(&mut self, is_signed_out: bool) {
        if self.account.is_signed_out == is_signed_out {
            return;
        }
        self.account.is_signed_out = is_signed_out;
        let file = self.account.signed_out_file.clone();
        self.disk.write(move || {
            if let Err(error) = mark(&file, is_signed_out) {
                tracing::warn!(%error, "whether the person signed out is not remembered");
            }
        });
    }

    /// A link came, or an argument that is none. A sign-in link is only offered: a page in a browser
    /// must not sign anybody in.
    pub(super) fn on_link(&mut self, text: &str) {
        let Some(code) = code_of_link(text).map(SignInCode) else {
            return;
        };
        let event = UiEvent::CodeOffered { code: code.clone() };
        let is_received = self.emit(event);
        self.account.offered = (!is_received).then_some(code);
        self.show_window();
    }
}

fn parse(code: &Secret) -> Result<Credential, ErrorCode> {
    Credential::parse(code.expose()).map_err(|_| ErrorCode::CodeUnreadable)
}

fn mark(file: &Path, is_marked: bool) -> io::Result<()> {
    if !is_marked {
        return match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        };
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, [])
}

fn code_of(error: &LoginError) -> ErrorCode {
    match error {
        LoginError::Refused(code) => match code.known() {
            Some(ProblemCode::AuthExpired) => ErrorCode::CodeExpired,
            Some(_) | None => ErrorCode::CodeRefused,
        },
        LoginError::OtherUser => ErrorCode::CodeOfOther,
        LoginError::Overtaken => ErrorCode::Overtaken,
        LoginError::Closed => ErrorCode::Closed,
        // Errors of the core may grow.
        LoginError::Restarted | _ => ErrorCode::System,
    }
}
