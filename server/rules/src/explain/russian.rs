//! Statements in Russian.

mod device;
mod noun;
mod reason;
mod route;
mod rule;
mod untried;
mod waiting;

use std::borrow::Cow;

use jiff::Timestamp;
use vestnik_model::{
    Channel, DeliveryStatus, Devices, Engagement, MinVersion, ProviderName, publish::Goal,
};

pub use self::rule::russian_rule;
use self::{
    device::not_shown,
    noun::{Case, named, plural},
    reason::because,
    route::{route, service, taker},
    untried::{anew, dropped, due, passed_over},
    waiting::waits,
};
use super::{
    statement::{
        Asked, AttemptFinding, CascadeFinding, Cause, DeviceFinding, DeviceName, Place, Standing,
        Statement, Written,
    },
    times::Times,
};
use crate::app_version::AppVersion;
use crate::cascade::ACK_WINDOW;

/// A statement as a Russian sentence.
#[must_use]
pub fn russian(statement: &Statement, times: Times) -> String {
    match statement {
        Statement::Asked(asked) => asked_for(asked, times),
        Statement::Device { device, found } => on(device, *found, times),
        Statement::Tried {
            place,
            channel,
            provider,
            outcome,
        } => tried(&Target::new(place, *channel, *provider), *outcome, times),
        Statement::Cascade(course) => cascade(*course, times),
        Statement::Waiting(waiting) => waits(waiting, times),
        Statement::Standing(standing) => stands(*standing, times),
    }
}

fn asked_for(asked: &Asked, times: Times) -> String {
    match asked {
        Asked::Accepted { at } => format!(
            "Уведомление принято {} {} (время везде по UTC).",
            times.date(),
            moment(*at, times),
        ),
        Asked::Scheduled { at, written: None } => format!(
            "Отправитель назначил время: раньше {} никого не уведомляют.",
            until(*at, times),
        ),
        Asked::Scheduled {
            at,
            written: Some(Written { wall, zone }),
        } => format!(
            "Отправитель назначил время {wall} по часам зоны {zone}: раньше {} никого не уведомляют.",
            until(*at, times),
        ),
        Asked::NotOpen { at } => format!("Оно ещё не отправлено: ждёт {}.", until(*at, times)),
        Asked::StillExpanding => "Получатели ещё определяются; этот человек может быть среди \
             оставшихся."
            .to_owned(),
        Asked::Excluded => "Отправитель исключил этого человека из получателей.".to_owned(),
        Asked::Erased => "Пользователь, которого назвал отправитель, с тех пор удалён.".to_owned(),
        Asked::NotAddressed => {
            "Когда определялись получатели, этого человека среди них не было.".to_owned()
        }
        Asked::StoppedBeforeTurn => {
            "Отправитель остановил уведомление раньше, чем дошла очередь до этого человека."
                .to_owned()
        }
        Asked::SomeDevicesOnly { count: 1 } => {
            "Отправитель указал только одно из устройств получателя.".to_owned()
        }
        Asked::SomeDevicesOnly { count } => {
            format!("Отправитель указал не все устройства получателя, а только {count}.")
        }
        Asked::Chosen {
            choice,
            installation: _,
            is_open_to_all,
        } => chosen(*choice, *is_open_to_all).to_owned(),
    }
}

const fn chosen(choice: Devices, is_open_to_all: bool) -> &'static str {
    match (choice, is_open_to_all) {
        (Devices::All, _) => "Отправитель указал все устройства получателя.",
        (Devices::Primary, _) => "Отправитель указал только основное устройство получателя.",
        (Devices::PrimaryThenAll, false) => {
            "Отправитель указал сначала основное устройство получателя; остальные — если оно не \
             подтвердит вовремя."
        }
        (Devices::PrimaryThenAll, true) => {
            "Отправитель указал сначала основное устройство получателя; его нет или оно не \
             подтвердило вовремя, поэтому уведомление предназначено всем устройствам."
        }
        (Devices::MostRecent, _) => {
            "Отправитель указал только то устройство получателя, которое выходило на связь последним."
        }
    }
}

/// Why nothing goes to a device whose app is too old.
fn too_old(device: &DeviceName, version: Option<AppVersion>, oldest: Option<MinVersion>) -> String {
    let device = named(device, Case::Genitive);
    let told = version.map_or_else(
        || "версия приложения не сообщена".to_owned(),
        |version| {
            let kind = if version.is_prerelease() {
                "предварительный выпуск версии "
            } else {
                ""
            };
            format!("версия приложения — {kind}{version}")
        },
    );
    let allowed = oldest.map_or_else(
        || "отправитель указал минимальную версию, а платформа неизвестна".to_owned(),
        |oldest| format!("а отправитель допускает {oldest} и новее"),
    );
    format!("Для {device} уведомление не предназначено: {told}, {allowed}.")
}

fn on(device: &DeviceName, found: DeviceFinding, times: Times) -> String {
    let in_case = |case| named(device, case);
    match found {
        DeviceFinding::Connected { heard_at } => format!(
            "Есть связь с {}; последний сигнал получен {}.",
            in_case(Case::Instrumental),
            moment(heard_at, times),
        ),
        DeviceFinding::Offline { since } => format!(
            "Связи с {} нет с {}.",
            in_case(Case::Instrumental),
            until(since, times),
        ),
        DeviceFinding::Blocked { reason } => format!(
            "Показ уведомлений на {} невозможен, потому что {}.",
            in_case(Case::Prepositional),
            because(reason),
        ),
        DeviceFinding::TooOld { version, oldest } => too_old(device, version, oldest),
        DeviceFinding::WithoutAddress => format!(
            "Для {} не сообщён адрес в службе push-уведомлений: доступ есть только по соединению.",
            in_case(Case::Genitive),
        ),
        DeviceFinding::AddressDead { channel, at } => format!(
            "Через {} до {} не достучаться: {} выяснилось, что адрес больше не действует.",
            service(channel),
            in_case(Case::Genitive),
            moment(at, times),
        ),
        DeviceFinding::NoProvider { channel } => format!(
            "У {} есть адрес в {1}, но ключи приложения для {1} не заданы.",
            in_case(Case::Genitive),
            service(channel),
        ),
        DeviceFinding::Written { at } => format!(
            "Оно передано по соединению с {} {}.",
            in_case(Case::Instrumental),
            moment(at, times),
        ),
        DeviceFinding::AwaitsConfirmation { until: end } => format!(
            "Подтверждение от {} ожидается до {}; потом будет отправлено push-уведомление.",
            in_case(Case::Genitive),
            until(end, times),
        ),
        DeviceFinding::Arrived { channel, at } => arrived(device, channel, &moment(at, times)),
        DeviceFinding::Confirmed { at } => format!(
            "Получение на {} подтверждено {}.",
            in_case(Case::Prepositional),
            moment(at, times),
        ),
        DeviceFinding::Passed => format!(
            "На {} прочитан журнал получателя дальше этого места: уведомление там есть.",
            in_case(Case::Prepositional),
        ),
        DeviceFinding::Seen { at } => format!(
            "Оно прочитано на {} {}.",
            in_case(Case::Prepositional),
            moment(at, times),
        ),
        DeviceFinding::NotShown { at, why } => not_shown(device, why, &moment(at, times)),
    }
}

fn arrived(device: &DeviceName, channel: Channel, when: &str) -> String {
    let (service, device) = (service(channel), named(device, Case::Genitive));
    format!("Служба {service} сообщила, что push для {device} дошёл {when}.")
}

/// Where an attempt went, in words.
struct Target {
    /// What was sent and to whom.
    what: String,
    /// By which service.
    by: Cow<'static, str>,
    /// What the cause speaks of.
    whose: String,
}

impl Target {
    fn new(place: &Place, channel: Channel, provider: Option<ProviderName>) -> Self {
        let what = match channel {
            Channel::Fcm | Channel::Rustore | Channel::Hms | Channel::Apns | Channel::Webpush => {
                "push-уведомление"
            }
            Channel::Email => "письмо",
            Channel::Hub | Channel::Webhook | Channel::Gateway(_) => "сообщение",
        };
        let (to, whose) = match place {
            Place::Device(device) => (
                format!(" для {}", named(device, Case::Genitive)),
                named(device, Case::Instrumental),
            ),
            Place::Mailbox | Place::Backend | Place::Gateway => {
                (" получателю".to_owned(), "получателем".to_owned())
            }
        };
        Self {
            what: format!("{what}{to}"),
            by: taker(channel, provider),
            whose,
        }
    }
}

fn tried(target: &Target, outcome: AttemptFinding, times: Times) -> String {
    let Target { what, by, whose: _ } = target;
    match outcome {
        AttemptFinding::Handed { at, tries, cause } => {
            handed(target, tries, (&moment(at, times), cause))
        }
        AttemptFinding::PassedOver { reason, is_asked } => {
            passed_over(target, because(reason), is_asked)
        }
        AttemptFinding::OnItsWay {
            until: end,
            is_repeated: true,
        } => format!(
            "Через {by} передаётся {what}; без ответа до {} попытка повторится.",
            until(end, times),
        ),
        AttemptFinding::OnItsWay {
            until: _,
            is_repeated: false,
        } => format!("Через {by} передаётся {what}; попытка не повторится."),
        AttemptFinding::Retrying { tries, reason, at } => format!(
            "Через {by} не удалось передать {what} ({}), потому что {}; следующая попытка {}.",
            count_of(tries),
            because(reason),
            moment(at, times),
        ),
        AttemptFinding::Due { at } => due(target, &moment(at, times)),
        AttemptFinding::Dropped => dropped(target),
        AttemptFinding::Anew { at } => anew(target, &moment(at, times)),
        AttemptFinding::Refused { tries, reason } => format!(
            "Передать через {by} {what} не удалось ({}), потому что {}; больше попыток не будет.",
            count_of(tries),
            because(reason),
        ),
        AttemptFinding::AwaitsKey { reason, until: end } => format!(
            "Через {by} напрасно передано {what}, потому что {}; до {} сервер ждёт нынешний ключ \
             устройства.",
            because(reason),
            until(end, times),
        ),
        AttemptFinding::Undecrypted { count } => format!(
            "Устройство не смогло расшифровать {what} ({}); оно зашифровано заново для нынешнего ключа \
             устройства.",
            count_of(count),
        ),
        AttemptFinding::Returned { at, reason } => format!(
            "Через {by} передано {what}, но {} оно вернулось, потому что {}.",
            moment(at, times),
            because(reason),
        ),
        AttemptFinding::Unproven { count } => format!(
            "Без ответа от {by} осталось: {}; {what} могло быть принято, а при повторе номер тот же \
             самый.",
            count_of(count),
        ),
        AttemptFinding::GivenUp { count } => format!(
            "Без ответа от {by} осталось: {}; {what} могло быть принято, и отправитель просил больше не \
             пробовать.",
            count_of(count),
        ),
    }
}

fn handed(target: &Target, tries: u32, (when, cause): (&str, Cause)) -> String {
    let Target { what, by, whose } = target;
    let why = cause_of(cause, whose);
    if tries > 1 {
        format!(
            "Через {by} передано {what}: первая попытка {when}, принято с попытки № {tries}, потому что {why}."
        )
    } else {
        format!("Через {by} передано {what} {when}, потому что {why}.")
    }
}

fn cause_of(cause: Cause, whose: &str) -> String {
    match cause {
        Cause::NotConfirmed => format!(
            "переданное по соединению с {whose} не было подтверждено за {} с",
            ACK_WINDOW.as_secs(),
        ),
        Cause::NotConnected => format!("по соединению с {whose} сигналов не было"),
        Cause::Step => "предыдущие шаги не достигли получателя".to_owned(),
    }
}

fn cascade(course: CascadeFinding, times: Times) -> String {
    match course {
        CascadeFinding::Began {
            step,
            channel,
            former,
            goal,
            reason: None,
            at,
        } => format!(
            "Шаг {step} ({}) начат {}: через «{}» оно не было вовремя {}.",
            route(channel),
            moment(at, times),
            route(former),
            goal_of(goal),
        ),
        CascadeFinding::Began {
            step,
            channel,
            reason: Some(reason),
            at,
            ..
        } => format!(
            "Шаг {step} ({}) начат {}, потому что {}.",
            route(channel),
            moment(at, times),
            because(reason),
        ),
        CascadeFinding::Waits {
            channel,
            goal,
            until: end,
            next,
        } => format!(
            "Если до {} оно не будет {} через «{}», следующим будет «{}».",
            until(end, times),
            goal_of(goal),
            route(channel),
            route(next),
        ),
        CascadeFinding::LooksAgain { at } => {
            format!("Сервер вернётся к нему {}.", moment(at, times))
        }
    }
}

fn stands(standing: Standing, times: Times) -> String {
    match standing {
        Standing::NoDevice => "Получатель не вошёл в приложение ни на одном устройстве.".to_owned(),
        Standing::NoMeantDevice => "Получатель не вошёл ни на одном из устройств, которым \
             отправитель адресовал уведомление."
            .to_owned(),
        Standing::ByConnectionOnly => "Приложение не использует службы push-уведомлений: \
             устройство получит его, когда выйдет на связь."
            .to_owned(),
        Standing::WaitsForDevice { until: end } => {
            format!("Оно ждёт устройства получателя до {}.", until(end, times),)
        }
        Standing::WaitsForConfirmation { until: end } => format!(
            "Оно передано, но ни одно устройство его ещё не подтвердило; без подтверждения до {} \
             оно считается потерянным.",
            until(end, times),
        ),
        Standing::Delivered { at } => {
            format!("Оно доставлено: есть на устройстве с {}.", until(at, times))
        }
        Standing::Read { at } => format!("Получатель прочитал его {}.", moment(at, times)),
        Standing::Engaged(engagement) => engaged(engagement).to_owned(),
        Standing::Expired { at } => format!(
            "Срок его жизни истёк {}, раньше, чем его удалось передать.",
            moment(at, times),
        ),
        Standing::Unconfirmed { at } => format!(
            "Оно было передано, но к концу срока жизни {} ни одно устройство его не подтвердило.",
            moment(at, times),
        ),
        Standing::Cancelled => "Отправитель отменил его раньше, чем оно было передано.".to_owned(),
        Standing::RecalledUnsent => {
            "Отправитель отозвал его раньше, чем оно было передано.".to_owned()
        }
        Standing::RecalledShown => {
            "Отправитель позже отозвал его: устройства, которые его показывают, убирают его."
                .to_owned()
        }
        Standing::Replaced => "На устройствах его заменило более новое уведомление.".to_owned(),
        Standing::Ended { status, reason } => match reason {
            Some(reason) => format!("Оно {}, потому что {}.", ended(status), because(reason)),
            None => format!(
                "Оно {} по причине, неизвестной этому серверу.",
                ended(status)
            ),
        },
        Standing::Late => "Это стало известно после того, как доставка была прекращена.".to_owned(),
        Standing::DoubleContact => {
            "Получатель получил его дважды: устройство подтвердило получение, когда \
             следующий шаг уже был передан."
                .to_owned()
        }
    }
}

const fn engaged(engagement: Engagement) -> &'static str {
    match engagement {
        Engagement::Displayed => "Устройство его показало.",
        Engagement::Clicked => "Получатель открыл его нажатием.",
        Engagement::Actioned => "Получатель нажал одну из его кнопок.",
        Engagement::Dismissed => "Получатель его смахнул.",
    }
}

const fn ended(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Suppressed => "задержано",
        DeliveryStatus::Failed => "не отправлено",
        DeliveryStatus::Undelivered => "не доставлено",
        DeliveryStatus::Expired => "просрочено",
        DeliveryStatus::Cancelled => "отменено",
        DeliveryStatus::Scheduled
        | DeliveryStatus::Pending
        | DeliveryStatus::Sent
        | DeliveryStatus::Delivered
        | DeliveryStatus::Read => "завершено",
    }
}

const fn goal_of(goal: Goal) -> &'static str {
    match goal {
        Goal::Handed => "передано",
        Goal::Delivered => "доставлено",
        Goal::Read => "прочитано",
    }
}

/// `в 10:02:00`, with the date if it is another day.
fn moment(at: Timestamp, times: Times) -> String {
    let parts = times.parts(at);
    match parts.date {
        Some(date) => format!("{date} в {}", parts.time),
        None => format!("в {}", parts.time),
    }
}

/// `10:02:00`, with the date if it is another day.
fn until(at: Timestamp, times: Times) -> String {
    let parts = times.parts(at);
    match parts.date {
        Some(date) => format!("{date} {}", parts.time),
        None => parts.time,
    }
}

fn count_of(count: u32) -> String {
    format!(
        "{count} {}",
        plural(count, ["попытка", "попытки", "попыток"])
    )
}
