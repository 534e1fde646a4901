//! Reasons in Russian.

use vestnik_model::Reason;

/// A reason as the clause behind "потому что".
pub(super) const fn because(reason: Reason) -> &'static str {
    match reason {
        Reason::DeviceNoneActive => "получатель не вошёл в приложение ни на одном устройстве",
        Reason::DeviceNoPrimary => "у получателя нет основного устройства",
        Reason::DeviceAppNotInstalled => "приложение удалено с устройства",
        Reason::DeviceAppTooOld => "версия приложения на устройстве слишком старая",
        Reason::DeviceLiveTokenMissing => "у живой карточки нет адреса на устройстве",
        Reason::DeviceNoAddress => "устройство недоступно ни для одной службы push-уведомлений",
        Reason::BlockedOs => "уведомления выключены в настройках устройства",
        Reason::BlockedApp => "уведомления выключены в приложении",
        Reason::BlockedChannel => {
            "получатель заблокировал этот канал или выключил уведомления этого вида на устройстве"
        }
        Reason::OptoutCategory => "получатель отказался от уведомлений этой категории",
        Reason::OptoutAll => "получатель отказался от уведомлений",
        Reason::OptoutTopic => "получатель отписался от темы",
        Reason::SuppressedDuplicate => "получатель уже получил такое же уведомление",
        Reason::SuppressedFrequencyCap => {
            "получатель уже получил столько уведомлений, сколько можно"
        }
        Reason::SuppressedQuietHours => "у получателя тихие часы",
        Reason::SuppressedNoTimeZone => "часовой пояс получателя неизвестен",
        Reason::SuppressedDigest => "уведомление вошло в дайджест",
        Reason::SuppressedSuperseded => "его заменило более новое уведомление",
        Reason::ConfigProviderAuth => "ключи приложения не приняты службой или не читаются",
        Reason::ConfigNoRoute => "для этого канала у приложения нет действующей учётной записи",
        Reason::ConfigSenderNotAllowed => "ключи не подходят для этого приложения",
        Reason::ConfigQuota => "квота приложения у службы исчерпана",
        Reason::RecipientNoAddress => "у получателя нет адреса такого вида",
        Reason::TokenDead => "адрес устройства в службе push-уведомлений больше не действует",
        Reason::TokenMismatch => "адрес устройства принадлежит другому приложению",
        Reason::TokenWrongEnv => "адрес устройства относится к другой среде службы",
        Reason::TokenOwnerMismatch => "устройством теперь пользуется другой человек",
        Reason::ProviderThrottled => "служба попросила сделать паузу",
        Reason::ProviderUnavailable => "служба не могла принять его в тот момент",
        Reason::ProviderInternal => "в службе произошёл сбой",
        Reason::ProviderTimeout => "служба не ответила вовремя",
        Reason::ProviderPayloadTooLarge => "оно больше, чем принимает служба",
        Reason::ProviderRejected => "служба отклонила запрос",
        Reason::ProviderContentRejected => "служба отклонила содержание",
        Reason::ProviderUnproven => "соединение оборвалось раньше, чем служба ответила",
        Reason::HubOffline => "устройство не было на связи",
        Reason::HubAckTimeout => "устройство не подтвердило его вовремя",
        Reason::ExpiredTtl => "истёк срок его жизни",
        Reason::ExpiredDeadline => "прошёл срок, заданный отправителем",
        Reason::ExpiredWindow => "прошли часы, в которые его можно было отправить",
        Reason::DeliveryUnconfirmed => "ни одно устройство его не подтвердило",
        Reason::DecryptFailed => "устройство не смогло его расшифровать",
        Reason::DecryptUnknownKey => "оно зашифровано ключом, которого у устройства больше нет",
        Reason::OwnerMismatchDropped => "устройство отбросило его: оно для другого человека",
        Reason::FallbackSwitched => "его сменил следующий канал",
        Reason::FallbackExhausted => "других каналов не осталось",
        Reason::EmailBounced => "почтовый ящик его не принял",
        Reason::EmailComplaint => "получатель пожаловался на письмо",
        Reason::SmsUndeliverable => "SMS не удалось доставить",
        Reason::CancelledSender => "отправитель его отменил",
        Reason::CancelledAdmin => "оператор его отменил",
        Reason::Recalled => "отправитель его отозвал",
        Reason::Unknown => "служба дала ответ, которого нет в её документации",
    }
}
