//! A delivery as a look sees it.

use vestnik_rules::{
    cascade::{Looked, View, look},
    schedule::Hours,
};

use super::{Desk, case::Case};

impl Desk<'_> {
    /// Whether a delivery may go on now, by the hours of its schedule.
    pub(super) fn hours(&self, case: &Case) -> Result<Hours, rusqlite::Error> {
        let calendar = self.sending.calendar.as_ref();
        let user = (case.key.user, &case.name);
        calendar.map_or(Ok(Hours::Open), |calendar| {
            calendar.hours(self.db, user, self.now)
        })
    }

    pub(super) fn look(&self, case: &Case, hours: &Hours) -> Looked {
        self.with_view(case, hours, look)
    }

    pub(super) fn with_view<T>(
        &self,
        case: &Case,
        hours: &Hours,
        then: impl FnOnce(&View<'_>) -> T,
    ) -> T {
        let mailbox = case.mailbox(&self.sending);
        let backend = case.backend(&self.sending);
        let gateways = case.gateways.iter();
        let gateways: Vec<_> = gateways
            .filter_map(|at| Some((at.gateway, at.address(&case.attempts)?)))
            .collect();
        let attempts = case.attempts.iter();
        let attempts: Vec<_> = attempts
            .map(|found| (found.target, &found.attempt))
            .collect();
        then(&View {
            steps: &self.sending.steps,
            course: case.course,
            state: &case.delivery.state,
            attempts: &attempts,
            expires_at: case.expires_at(&self.sending),
            // Content that cannot be read is never sent.
            is_stopped: self.sending.found.is_cancelled
                || self.sending.content.is_none()
                || case.gave_way,
            is_deleted: case.is_deleted,
            hours,
            wanted: &self.sending.wanted,
            addressed: &case.delivery.addressed,
            devices: &case.devices,
            mailbox: mailbox.as_ref(),
            backend: Some(&backend),
            gateways: &gateways,
            reported: &case.reported(),
            now: self.now,
        })
    }
}
