//! What is longer about a device, in Russian.

use super::{
    super::statement::{DeviceName, Unshown},
    noun::{Case, named},
    reason::because,
};

/// Why a device did not show it.
pub(super) fn not_shown(device: &DeviceName, why: Unshown, moment: &str) -> String {
    let device = named(device, Case::Prepositional);
    let because = match why {
        Unshown::Known(reason) => because(reason),
        Unshown::Failed => "система его не приняла",
        Unshown::Unreadable => "приложение не смогло его прочитать",
        Unshown::Other => {
            return format!(
                "На {device} оно {moment} не было показано по причине, которой этот сервер не знает."
            );
        }
    };
    format!("На {device} оно {moment} не было показано, потому что {because}.")
}
