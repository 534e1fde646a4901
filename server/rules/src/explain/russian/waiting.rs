//! What of the schedule a delivery waits for, in Russian.

use super::{super::statement::Waiting, Times, moment, reason::because, until};
use crate::schedule::{HeldBy, ZoneSource};

pub(super) fn waits(waiting: &Waiting, times: Times) -> String {
    match waiting {
        Waiting::Clock { zone, source } => clock(zone, *source),
        Waiting::Held { by, until: end } => {
            let end = until(*end, times);
            match by {
                HeldBy::SendAt => format!("Оно ждёт до {end}: это время назначил отправитель."),
                HeldBy::Window => format!("Оно ждёт до {end}, когда откроется окно отправителя."),
                HeldBy::QuietHours => {
                    format!("Оно ждёт до {end}: у получателя тихие часы.")
                }
                HeldBy::Pace => format!(
                    "Его время наступило, и оно ждёт очереди: отправитель ограничил число получателей \
                     в минуту, следующее место освободится к {end}."
                ),
                HeldBy::Pause => format!(
                    "Его время наступило, но отправитель приостановил рассылку: оно уйдёт, когда её \
                     возобновят, но не позже {end}."
                ),
            }
        }
        Waiting::EndsBefore { at } => {
            format!("Срок его жизни истекает раньше, {}.", moment(*at, times))
        }
        Waiting::Over { reason } => {
            format!("Больше ничего не будет сделано: {}.", because(*reason))
        }
        Waiting::Due => "Его время наступило: оно уйдёт со следующей частью рассылки.".to_owned(),
    }
}

fn clock(zone: &str, source: ZoneSource) -> String {
    match source {
        ZoneSource::Sender => {
            format!("Время считается по часам зоны {zone}, которую назвал отправитель.")
        }
        ZoneSource::Installation => {
            format!("Часы получателя — по зоне {zone}, которую сообщило его устройство.")
        }
        ZoneSource::UserAttribute => {
            format!("Часы получателя — по зоне {zone}, которую указал сервер приложения.")
        }
        ZoneSource::NumberingPlan => {
            format!("Часы получателя — по зоне {zone}, к которой относится его номер телефона.")
        }
        ZoneSource::AppDefault => format!(
            "Часовой пояс получателя неизвестен; взята зона приложения по умолчанию, {zone}."
        ),
        ZoneSource::Utc => {
            "Часовой пояс получателя неизвестен, и у приложения нет зоны по умолчанию: взято UTC."
                .to_owned()
        }
    }
}
