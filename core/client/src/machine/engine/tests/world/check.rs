//! What must hold for each thing that comes out of the engine.

use vestnik_model::{Cursor, UserId};

use super::{ConnectionNumber, Output, Secret, Standing, ToApp, ToNetwork, ToStorage, World};

impl World {
    pub(super) fn check(&self, output: &Output) {
        let present = match self.engine.snapshot().standing {
            Standing::LoggedIn { user } => Some(user),
            Standing::Nobody
            | Standing::LoggingIn { .. }
            | Standing::LoggingOut
            | Standing::NeedsIdentity { .. } => None,
        };
        if let Output::Network(call) = output {
            self.check_call(call);
        }
        if let Some(token) = token_of(output) {
            assert_eq!(
                self.server.owner(token),
                present,
                "another's token: {output:?}"
            );
        }
        if let (Some(cursor), Some(present)) = (place_of(output), present) {
            assert!(is_of(cursor, &present), "another's place: {output:?}");
        }
        if self.is_forgotten {
            assert!(!is_of_user(output), "after Forget: {output:?}");
        }
    }

    fn check_call(&self, call: &ToNetwork) {
        if matches!(call, ToNetwork::Close(_)) {
            return;
        }
        assert!(!self.is_suspended, "asleep, and yet {call:?}");
        if is_exchange(call) {
            let is_other = |one: &Output| matches!(one, Output::Network(call) if is_exchange(call));
            assert!(!self.pending.iter().any(is_other), "two exchanges at once");
        }
        if let Some(connection) = connection_of_call(call) {
            assert!(!self.closed.contains(&connection), "closed: {call:?}");
        }
    }
}

fn is_exchange(call: &ToNetwork) -> bool {
    matches!(call, ToNetwork::Exchange { .. } | ToNetwork::Delete { .. })
}

fn is_of(cursor: &Cursor, user: &UserId) -> bool {
    cursor.as_str().starts_with(user.as_str())
}

/// The token of the present session that something is asked by.
fn token_of(output: &Output) -> Option<&Secret> {
    match output {
        Output::Network(
            ToNetwork::Connect { token, .. }
            | ToNetwork::Put { token, .. }
            | ToNetwork::AskOptOuts { token, .. }
            | ToNetwork::ChangeOptOuts { token, .. },
        ) => Some(token),
        Output::Network(_) | Output::Storage(_) | Output::App(_) => None,
    }
}

fn place_of(output: &Output) -> Option<&Cursor> {
    match output {
        Output::Network(ToNetwork::Greet { greeting, .. }) => greeting.cursor.as_ref(),
        Output::Network(ToNetwork::Read { from, .. }) => from.as_ref(),
        Output::Storage(ToStorage::Apply { proposal, .. }) => Some(&proposal.cursor),
        Output::Network(_) | Output::Storage(_) | Output::App(_) => None,
    }
}

/// Whether it concerns the user of a session.
fn is_of_user(output: &Output) -> bool {
    match output {
        Output::Network(call) => match call {
            ToNetwork::Exchange { .. } | ToNetwork::Delete { .. } | ToNetwork::Close(_) => false,
            ToNetwork::Put { .. }
            | ToNetwork::AskOptOuts { .. }
            | ToNetwork::ChangeOptOuts { .. }
            | ToNetwork::Connect { .. }
            | ToNetwork::Greet { .. }
            | ToNetwork::Probe { .. }
            | ToNetwork::Read { .. }
            | ToNetwork::Report(_)
            | ToNetwork::Topic { .. } => true,
        },
        Output::Storage(work) => match work {
            ToStorage::Store { .. } | ToStorage::Note(_) | ToStorage::AskStore { .. } => false,
            ToStorage::Apply { .. }
            | ToStorage::Take { .. }
            | ToStorage::Settle { .. }
            | ToStorage::KeepTold(_)
            | ToStorage::KeepWishes(_)
            | ToStorage::KeepOptOuts(_)
            | ToStorage::ServerTime(_) => true,
        },
        Output::App(told) => match told {
            ToApp::TopicDone { .. } | ToApp::TopicRefused { .. } => true,
            ToApp::Forget
            | ToApp::Login { .. }
            | ToApp::Logout(_)
            | ToApp::Flushed { .. }
            | ToApp::CaughtUp { .. }
            | ToApp::Tell(_) => false,
        },
    }
}

/// On which connection something is asked.
pub(super) fn connection_of(output: &Output) -> Option<ConnectionNumber> {
    match output {
        Output::Network(call) => connection_of_call(call),
        Output::Storage(_) | Output::App(_) => None,
    }
}

fn connection_of_call(call: &ToNetwork) -> Option<ConnectionNumber> {
    match call {
        ToNetwork::Connect { connection, .. }
        | ToNetwork::Close(connection)
        | ToNetwork::Greet { connection, .. }
        | ToNetwork::Probe { connection, .. }
        | ToNetwork::Read { connection, .. }
        | ToNetwork::Report(connection)
        | ToNetwork::Topic { connection, .. } => Some(*connection),
        ToNetwork::Exchange { .. }
        | ToNetwork::Delete { .. }
        | ToNetwork::Put { .. }
        | ToNetwork::AskOptOuts { .. }
        | ToNetwork::ChangeOptOuts { .. } => None,
    }
}
