//! The maps, and what several families ask of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vestnik_model::{
    AppId, Channel, DeliveryId, FactId, Flag, GatewayName, InstallationId, LineProblem,
    NotificationId, TopicName, UserId, WebhookId, preference::StoredOptOuts, publish::ZoneName,
};
use vestnik_rules::{
    audience_file::Recipient,
    cascade::is_routed,
    cost::{Prices, Totals},
    device::Candidate,
    explain::NotShown,
    idempotency::Remembered,
    log::{Place, Tag, epoch_of},
    schedule::Attributes,
    session::{FamilyId, Session},
    webhook::IDLE,
    work::{Stage, WorkKind},
};

use super::{
    costs::MonthKey,
    gateways::Phone,
    messages::KeptReport,
    row::{
        AddressRow, AttemptKey, AttemptRow, DeliveryRow, FactKey, FamilyRow, FlagRow,
        InstallationRow, KeyRow, LogRow, NotShownKey, NotificationKey, NotificationRow,
        PresenceKey, PresenceRow, ProviderRow, Target, TopicKey, TopicRow, UploadKey, UploadRow,
        UserKey, UserRow, WebhookRow, WithdrawalKey, WithdrawalRow, WorkRow,
    },
    table::Table,
};
use crate::{
    contacts::{Chat, ChatLink, Email},
    effect::Event,
    operations::Secrets,
    tenants::IdentityKey,
};

/// Everything that is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) apps: Table<AppId, Timestamp>,
    /// The zones of users whose own is not known.
    pub(super) default_zones: Table<AppId, ZoneName>,
    /// What messages cost by the settings of Apps.
    pub(super) prices: Table<AppId, Prices>,
    /// What messages cost and saved.
    pub(super) month_costs: Table<MonthKey, Totals>,
    pub(super) keys: Table<(AppId, String), KeyRow>,
    pub(super) identity_keys: Table<(AppId, String), IdentityKey>,
    pub(super) providers: Table<(AppId, Channel), ProviderRow>,
    pub(super) webhooks: Table<(AppId, WebhookId), WebhookRow>,
    /// The number of the last event of each App that was deleted because of its age.
    pub(super) swept: Table<AppId, u64>,
    /// By the installation and the word of the kind.
    pub(super) addresses: Table<(AppId, InstallationId, String), AddressRow>,
    pub(super) installations: Table<(AppId, InstallationId), InstallationRow>,
    pub(super) families: Table<FamilyId, FamilyRow>,
    pub(super) token_uses: Table<(AppId, [u8; 32]), Timestamp>,
    pub(super) presence: Table<PresenceKey, PresenceRow>,
    pub(super) topics: Table<TopicKey, TopicRow>,
    pub(super) topic_names: Table<(AppId, TopicName), TopicKey>,
    pub(super) subscriptions: Table<(TopicKey, UserKey), ()>,
    pub(super) uploads: Table<UploadKey, UploadRow>,
    pub(super) upload_users: Table<(UploadKey, UserKey), ()>,
    /// By the number of the line: those that name an address or an installation.
    pub(super) upload_lines: Table<(UploadKey, u64), Recipient>,
    /// By the number of the line.
    pub(super) line_problems: Table<(UploadKey, u64), LineProblem>,
    pub(super) users: Table<UserKey, UserRow>,
    pub(super) user_names: Table<(AppId, UserId), UserKey>,
    /// When a user of a name was last erased.
    pub(super) erased: Table<(AppId, UserId), Timestamp>,
    pub(super) emails: Table<UserKey, Email>,
    pub(super) phones: Table<UserKey, Phone>,
    pub(super) chats: Table<(UserKey, GatewayName), Chat>,
    pub(super) chat_links: Table<(UserKey, GatewayName), ChatLink>,
    /// Reports of messages that no attempt is known for, in the order in which they came.
    pub(super) message_reports: Table<u64, KeptReport>,
    pub(super) notifications: Table<NotificationKey, NotificationRow>,
    pub(super) notification_ids: Table<NotificationId, NotificationKey>,
    pub(super) remembered: Table<(AppId, String), Remembered>,
    pub(super) deliveries: Table<(NotificationKey, UserKey), DeliveryRow>,
    pub(super) delivery_ids: Table<DeliveryId, (NotificationKey, UserKey)>,
    pub(super) attempts: Table<AttemptKey, AttemptRow>,
    pub(super) withdrawals: Table<WithdrawalKey, WithdrawalRow>,
    /// By the user and the installation, with the notification that the fact is about, if any.
    pub(super) facts: Table<FactKey, Option<NotificationKey>>,
    /// What was said last of those that were not shown, with the fact that said so.
    pub(super) not_shown: Table<NotShownKey, (NotShown, FactId)>,
    pub(super) flags: Table<(NotificationKey, UserKey, Flag), FlagRow>,
    pub(super) logs: Table<(UserKey, u64), LogRow>,
    pub(super) work: Table<u64, WorkRow>,
    pub(super) events: Table<u64, Event>,
    pub(super) secrets: Option<Secrets>,
    /// The random number that every log's epoch is mixed from.
    pub(super) epoch: u32,
    /// The last key that was given; all kinds of rows share it.
    pub(super) last_key: u64,
    /// The number of the last event.
    pub(super) last_event: u64,
}

impl World {
    pub(super) fn new() -> Self {
        let mut world = Self {
            epoch: 1,
            ..Self::default()
        };
        world.insert_sweep();
        world
    }

    pub(super) fn next_key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    pub(super) fn user_key(&self, app: &AppId, user: &UserId) -> Option<UserKey> {
        self.user_names.get(&(app.clone(), user.clone())).copied()
    }

    /// The key of a user, who is made if they are not known.
    pub(super) fn ensure_user(&mut self, app: &AppId, user: &UserId) -> UserKey {
        if let Some(key) = self.user_key(app, user) {
            return key;
        }
        let key = i64::try_from(self.next_key()).unwrap_or(i64::MAX);
        let row = UserRow {
            app: app.clone(),
            name: Some(user.clone()),
            seq: 0,
            tag: Tag(0),
            renewal: 0,
            renewed_at: None,
            attributes: Attributes::default(),
            opt_outs: StoredOptOuts::default(),
        };
        self.users.insert(key, row);
        self.user_names.insert((app.clone(), user.clone()), key);
        key
    }

    /// The end of a user's log; the beginning for a user who is not known.
    pub(super) fn head(&self, app: &AppId, user: &UserId) -> Place {
        let row = self
            .user_key(app, user)
            .and_then(|key| self.users.get(&key));
        row.map_or_else(
            || Place::start(epoch_of(self.epoch, 0)),
            |row| self.head_of(row),
        )
    }

    pub(super) fn head_of(&self, row: &UserRow) -> Place {
        Place {
            epoch: epoch_of(self.epoch, row.renewal),
            seq: row.seq,
            tag: row.tag,
        }
    }

    pub(super) fn is_present(&self, session: &Session) -> bool {
        let key = (session.app.clone(), session.installation);
        let row = self.installations.get(&key);
        row.is_some_and(|row| row.known().is_present(session))
    }

    /// The present sessions of a user, with their installations' rows.
    pub(super) fn sessions_of(
        &self,
        app: &AppId,
        user: &UserId,
    ) -> BTreeMap<InstallationId, &InstallationRow> {
        let all = self.installations.iter();
        all.filter(|((of, _), row)| of == app && row.user.as_ref() == Some(user))
            .map(|((_, id), row)| (*id, row))
            .collect()
    }

    /// The installations that may be the primary one of a user.
    pub(super) fn candidates(&self, app: &AppId, user: &UserId) -> Vec<Candidate> {
        let sessions = self.sessions_of(app, user).into_iter();
        let candidates = sessions.map(|(installation, row)| Candidate {
            installation,
            opened_at: row.opened_at,
            last_seen_at: row.last_seen,
            build: row.build(),
        });
        candidates.collect()
    }

    /// Whether the deliveries of a notification are looked at by a dispatch.
    pub(super) fn is_routed(&self, row: &NotificationRow) -> bool {
        let has_provider = self.providers.keys().any(|(app, _)| *app == row.app);
        is_routed(&row.steps, &row.wanted, has_provider)
    }

    /// A notification of an App that was not forgotten.
    pub(super) fn notification(
        &self,
        app: &AppId,
        id: NotificationId,
    ) -> Option<(NotificationKey, &NotificationRow)> {
        let key = *self.notification_ids.get(&id)?;
        let row = self.notifications.get(&key)?;
        (row.app == *app && !row.is_forgotten).then_some((key, row))
    }

    /// The deliveries of a notification behind a user, in the order of the users' keys.
    pub(super) fn deliveries_after(
        &self,
        notification: NotificationKey,
        after: Option<UserKey>,
    ) -> impl Iterator<Item = (UserKey, &DeliveryRow)> {
        let from = after.map_or(UserKey::MIN, |after| after.saturating_add(1));
        let range = (notification, from)..=(notification, UserKey::MAX);
        self.deliveries
            .range(range)
            .map(|((_, user), row)| (*user, row))
    }

    pub(super) fn insert_work(&mut self, app: AppId, target: Target, stage: Stage) -> u64 {
        let id = self.next_key();
        let row = WorkRow {
            kind: stage.kind,
            app,
            target,
            after: None,
            due: stage.due,
            ready: stage.due,
            fence: 0,
            is_claimed: false,
            tries: 0,
            error: None,
        };
        self.work.insert(id, row);
        id
    }

    /// Makes due what waits for an event of an App; tells whether anything did.
    pub(super) fn wake_webhooks(&mut self, app: &AppId, at: Timestamp) -> bool {
        let waits =
            |row: &WorkRow| row.kind == WorkKind::Webhook && row.app == *app && row.ready == IDLE;
        let is_any = self.work.values().any(waits);
        if is_any {
            for row in self.work.values_mut().filter(|row| waits(row)) {
                (row.due, row.ready) = (at, at);
            }
        }
        is_any
    }

    /// The row that deletes what the whole store keeps only for a while. It is no App's.
    pub(super) fn insert_sweep(&mut self) {
        let app = AppId::parse("_").expect("it is a name of an App's form");
        let stage = Stage {
            kind: WorkKind::Sweep,
            due: Timestamp::UNIX_EPOCH,
        };
        self.insert_work(app, Target::Store, stage);
    }

    /// The row of a session's installation, if the session is the present one.
    pub(super) fn present(&mut self, session: &Session) -> Option<&mut InstallationRow> {
        let name = (session.app.clone(), session.installation);
        let row = self.installations.get_mut(&name)?;
        row.known().is_present(session).then_some(row)
    }

    /// The name of a user who is not being erased.
    pub(super) fn name_of(&self, user: UserKey) -> Option<&UserId> {
        self.users.get(&user)?.name.as_ref()
    }

    /// The key of a topic, if there is one of this name.
    pub(super) fn topic_key(&self, app: &AppId, name: &TopicName) -> Option<TopicKey> {
        let name = (app.clone(), name.clone());
        self.topic_names.get(&name).copied()
    }
}
