//! What every store must do, whatever it is made of.
//!
//! A store's tests hand a [`Fixture`] to [`conformance!`](crate::conformance!), which makes one
//! test of each case. The cases know the trait only. A case panics when the store is wrong.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "test code; the name of each case says what it asserts"
)]

pub mod durability;
pub mod keys;
pub mod logs;
pub mod model;
pub mod publishing;
pub mod receipts;
pub mod sessions;
pub mod time;
pub mod topics;
pub mod views;
mod world;

use std::sync::Arc;

use crate::Store;

/// Holds the data of one test, empty at first.
pub trait Fixture {
    /// Opens the data. Whatever was opened before has been closed or dropped.
    fn open(&self) -> Arc<dyn Store>;
}

/// Makes one test of each case, each with a fixture of its own. The crate that uses it needs
/// `tokio` with the features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! conformance {
    ($fixture:expr) => {
        $crate::conformance! { @cases $fixture;
            keys: a_key_is_found_by_its_hash, the_use_of_a_key_is_noted_by_the_hour,
                keys_stay_within_their_app, identity_keys_are_set_whole,
                the_signing_secret_is_made_once;
            sessions: a_login_makes_an_installation_its_users, an_installation_changes_hands,
                a_token_gives_the_next_once, a_lost_answer_is_given_again,
                a_token_that_comes_again_revokes_its_family,
                a_withdrawn_token_revokes_its_family, a_token_expires,
                a_logout_ends_an_installation, a_state_is_set_whole,
                apps_may_share_installation_ids;
            topics: a_topic_counts_its_subscribers, users_join_open_topics_only,
                a_deleted_topic_reaches_nobody, topics_stay_within_their_app;
            publishing: a_user_is_reached_once_by_any_number_of_ways,
                whoever_has_no_installation_has_it_in_the_log,
                a_first_login_heals_what_could_not_be_delivered,
                single_installations_are_meant_alone, whoever_is_excluded_gets_nothing,
                an_audience_of_nobody_is_sent, a_large_topic_is_written_out_in_parts,
                a_repeated_request_is_answered_as_before, another_request_is_no_repetition,
                a_key_is_forgotten_in_time, racing_repetitions_publish_once,
                a_failure_changes_nothing;
            logs: pages_hold_each_entry_once, a_cursor_of_another_life_counts_as_none,
                an_unknown_user_has_an_empty_log, what_expired_is_passed_over,
                what_is_for_others_is_passed_over, reading_is_told_once_to_other_devices,
                numbers_have_no_gap_under_concurrency, logs_stay_within_their_app;
            receipts: facts_raise_a_delivery, repetition_and_order_do_not_matter,
                engagement_proves_delivery, unknown_receipts_are_named_by_position,
                the_future_is_not_reported, late_facts_beat_negative_ends,
                what_is_gone_is_not_handed_over;
            time: only_what_waits_expires, expiry_goes_in_parts, forgetting_goes_in_parts,
                forgotten_tokens_are_unknown;
            views: notifications_come_newest_first_in_pages, deliveries_come_in_pages,
                views_stay_within_their_app;
            durability: what_was_answered_survives_closing, what_was_answered_survives_a_drop,
                an_audience_is_written_out_after_a_crash, a_closed_store_says_so;
            model: any_course_of_events_agrees_with_the_model;
        }
    };
    (@cases $fixture:expr; $($room:ident: $($case:ident),+;)+) => {
        $(mod $room {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $fixture;
                $crate::conformance::$room::$case(&fixture).await;
            })+
        })+
    };
}
