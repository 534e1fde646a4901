//! What every store must do, whatever it is made of.
//!
//! A store's tests hand a [`Fixture`] to [`conformance!`](crate::conformance!), which makes one test of
//! each case. The cases know the traits only. A case panics when the store is wrong, and ends by looking
//! at the whole store: it finds nothing wrong inside, each notification's counts equal a recount of its
//! deliveries, and the effects that were emitted are those of the event rows.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "test code; the name of each case says what it asserts"
)]

pub mod backends;
pub mod bounces;
pub mod chats;
pub mod choosing;
pub mod collapsing;
pub mod concurrency;
pub mod consent;
pub mod contacts;
pub mod costs;
pub mod decrypting;
pub mod devices;
pub mod dispatch;
pub mod durability;
pub mod effects;
pub mod environments;
pub mod epochs;
pub mod events;
pub mod expansion;
pub mod explaining;
pub mod flags;
pub mod gateways;
pub mod hand_over;
pub mod hours;
pub mod idempotency;
pub mod importing;
pub mod installations;
pub mod keys;
pub mod letter_turns;
pub mod letters;
pub mod lives;
pub mod logs;
pub mod mailing;
pub mod model;
pub mod news;
pub mod operations;
pub mod pausing;
pub mod providers;
pub mod publishing;
pub mod push_receipts;
mod pushing;
pub mod reach;
pub mod read_up_to;
pub mod recall;
pub mod receipts;
pub mod recipients;
pub mod renewal;
pub mod reports;
pub mod request_turns;
pub mod restart;
pub mod retry;
pub mod scheduling;
pub mod sessions;
pub mod settling;
pub mod telling;
pub mod tenancy;
pub mod tokens;
pub mod topics;
pub mod turns;
pub mod unproven;
pub mod upload_bounds;
pub mod uploads;
pub mod users;
pub mod versions;
pub mod views;
pub mod waiting;
pub mod webhooks;
pub mod withdrawing;
pub mod work;

mod audit;
mod fact;
mod name;
mod timed;
mod world;

use std::sync::Arc;

use jiff::Timestamp;

use crate::{Sink, Store};

/// Holds the data of one test, empty at first.
pub trait Fixture: Send + Sync {
    /// Opens the data, as a process does that starts at this time; the store gives its effects to the sink.
    /// Whatever was opened before has been closed or dropped.
    fn open(&self, sink: Sink, now: Timestamp) -> Arc<dyn Store>;
}

/// Makes one test of each case, each with a fixture of its own. The crate that uses it needs
/// `tokio` with the features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! conformance {
    ($fixture:expr) => {
        $crate::conformance! { @cases $fixture;
            keys: an_app_is_made_once, a_key_is_found_by_its_hash, keys_are_listed_in_pages,
                the_use_of_a_key_is_noted, a_revoked_key_is_gone_at_once,
                all_keys_but_one_are_revoked, a_bootstrap_replaces_nothing,
                a_failed_bootstrap_makes_nothing,
                identity_keys_are_set_whole;
            sessions: a_login_makes_an_installation_its_users, a_login_needs_an_app,
                another_secret_is_refused, a_second_login_ends_the_first,
                an_installation_changes_hands, a_logout_ends_the_session,
                an_older_logout_leaves_the_present_session,
                an_installation_stays_bound_to_its_secret, an_identity_token_is_used_once,
                the_longest_silent_installation_is_retired, the_backend_ends_a_session,
                all_sessions_of_a_user_end;
            tokens: a_token_gives_the_next_once, a_lost_answer_is_given_again,
                a_token_is_spent_once_the_next_was_seen, a_token_expires,
                a_token_of_a_lost_future_needs_the_secret,
                a_token_of_an_ended_session_is_unknown;
            importing: an_imported_address_is_pushed_to_until_a_device_reports_it,
                what_was_sent_to_an_imported_address_is_not_sent_to_its_device,
                an_import_changes_nothing_that_is_known,
                a_dead_address_is_not_imported_anew, an_imported_address_is_nobody_s_to_log_in_on;
            installations: a_state_is_set_whole, parts_of_a_state_are_changed_alone,
                a_state_needs_the_present_session, a_connection_stands_until_its_lease_ends,
                a_node_forgets_its_connections, nodes_note_their_own_connections_only, an_ended_session_is_connected_nowhere;
            topics: a_topic_counts_its_subscribers, users_join_open_topics_only,
                a_user_joins_so_many_topics, a_deleted_topic_reaches_nobody,
                a_topic_is_deleted_in_parts;
            uploads: an_audience_is_filled_in_parts, a_file_goes_on_at_its_offset_only,
                problems_are_listed_in_pages_and_counted_whole,
                everybody_whom_a_line_names_is_reached_once,
                a_device_of_the_request_and_one_of_a_line_are_one_candidate,
                an_uploaded_audience_is_counted_before_anything_is_sent,
                an_audience_that_is_not_ready_is_named,
                an_erased_user_leaves_uploaded_audiences,
                an_audience_stays_while_it_is_expanded, an_audience_is_deleted_in_parts,
                an_audience_goes_when_its_time_is_over,
                an_app_has_so_many_audiences_of_its_own;
            chats: a_blocked_chat_ends_its_channel_until_it_is_opened_again,
                a_block_without_a_time_is_lifted_by_what_the_person_does,
                a_chat_is_one_persons, a_link_binds_a_chat_once,
                a_late_link_wipes_nothing_that_happened_since,
                an_erased_user_has_no_chat_and_no_link;
            upload_bounds: an_address_of_many_users_is_expanded_in_parts,
                a_line_that_goes_while_it_is_expanded_takes_nobody_else_with_it,
                a_preview_reads_so_many_lines, an_app_has_so_many_lines_of_its_own,
                an_installation_of_another_app_stays_in_its_audiences;
            users: an_erased_user_is_gone_at_once, an_erased_user_is_deleted_in_parts,
                an_erased_name_is_free, an_unknown_user_is_not_erased,
                what_waits_is_not_for_who_has_the_name_next,
                a_name_is_nobodys_before_anything_is_known_of_it,
                who_is_erased_between_two_parts_is_passed_over,
                an_erasure_is_remembered_while_an_older_audience_waits;
            contacts: an_address_is_set_whole_and_is_each_apps_own, an_address_goes_with_its_user,
                a_deleted_address_is_gone, an_address_names_everybody_who_has_it,
                an_address_of_many_people_is_expanded_in_parts,
                a_telephone_number_names_its_users;
            costs: who_is_reached_by_push_saves_a_message_once,
                what_a_device_confirms_in_time_saves_a_message,
                a_message_that_is_sent_costs_and_saves_nothing,
                a_message_of_which_nobody_knows_is_not_charged,
                what_was_recalled_before_it_was_known_saves_nothing,
                what_nobody_confirmed_costs_what_came_next,
                a_letter_that_came_back_saved_nothing, what_was_tried_anew_is_saved_once,
                sums_outlive_users, prices_are_set_whole_and_are_each_apps_own,
                an_answer_that_proves_a_message_too_late_is_charged_once;
            recipients: what_an_app_says_of_a_user_is_set_whole,
                what_was_said_goes_with_its_user, an_app_has_one_default_zone;
            choosing: opt_outs_are_changed_one_by_one_and_are_each_apps_own,
                a_device_says_it_for_its_user_while_its_session_lasts,
                nobody_undoes_what_another_said, what_is_too_long_changes_nothing,
                the_reader_of_a_letter_unsubscribes, a_preference_is_told_when_it_changes,
                a_letter_to_who_was_erased_unsubscribes_nobody;
            consent: opt_outs_go_with_their_user, what_is_not_wanted_is_made_for_nobody,
                an_opt_out_counts_until_the_hand_over,
                what_an_opt_out_ended_can_be_recalled,
                nobody_is_lost_between_two_parts_of_an_audience,
                a_topic_that_somebody_left_names_them_no_more,
                who_does_not_want_it_is_counted_apart;
            publishing: a_user_is_reached_once_by_any_number_of_ways,
                a_user_without_an_installation_has_it_in_the_log,
                single_installations_are_meant_alone, excluded_users_get_nothing,
                an_audience_of_nobody_is_sent, unknown_topics_are_named,
                what_was_not_handed_over_is_cancelled, a_cancelled_audience_is_not_expanded,
                a_failed_publish_changes_nothing;
            expansion: a_hundred_recipients_are_expanded_at_once,
                more_recipients_are_expanded_by_work, a_topic_is_expanded_in_parts,
                a_part_is_one_change, a_deleted_topic_ends_an_expansion;
            scheduling: a_scheduled_notification_waits_for_its_time,
                a_time_that_has_passed_is_at_once, a_life_counts_from_its_time,
                what_is_cancelled_before_its_time_reaches_nobody,
                what_is_scheduled_can_be_changed, a_changed_time_is_kept,
                an_old_claim_does_not_send_what_was_put_off,
                what_is_not_scheduled_stays_as_it_is;
            waiting: a_delivery_waits_for_the_clock_of_its_recipient,
                a_telephone_number_tells_the_clock_where_nothing_else_does,
                what_was_handed_over_ends_with_its_own_life,
                a_zone_that_changed_moves_a_delivery,
                a_zone_that_changed_makes_a_delivery_due,
                who_has_no_zone_follows_the_senders_policy,
                a_window_that_was_missed_is_the_end,
                a_default_zone_that_changed_moves_what_waits, a_change_begins_anew_what_another_began,
                quiet_hours_hold_what_is_not_critical, what_waits_is_cancelled_and_recalled,
                what_is_expanded_cannot_be_changed, what_waits_goes_with_its_user,
                what_waits_expires_with_its_notification, nobody_is_released_twice,
                nobody_confirms_what_is_in_no_log, who_logs_in_before_the_time_is_reached;
            hours: what_is_tried_anew_waits_for_open_hours,
                what_is_tried_anew_in_open_hours_goes_out,
                a_window_that_is_over_lets_nothing_be_tried_anew,
                hours_do_not_end_what_was_withdrawn,
                what_closed_hours_put_off_follows_a_change,
                what_closed_hours_put_off_follows_the_default_zone;
            mailing: a_mailing_crosses_the_night_in_which_clocks_go_forward,
                a_mailing_crosses_the_night_in_which_clocks_go_back,
                a_mailing_keeps_its_pace_after_a_crash, what_expires_does_not_wait_for_a_pace,
                any_schedule_goes_out_as_the_rules_say;
            pausing: a_paused_mailing_goes_on_when_it_is_resumed,
                what_was_released_is_not_sent_while_its_mailing_is_paused,
                what_expires_first_ends_first_while_its_mailing_is_paused,
                a_mailing_that_is_paused_before_it_begins_notifies_nobody,
                a_paused_mailing_can_be_cancelled_and_then_not_resumed,
                the_pace_of_a_mailing_is_changed_while_it_is_sent;
            idempotency: a_repeated_request_is_answered_as_before,
                another_request_is_a_mismatch, a_key_is_forgotten_in_time,
                a_repeated_request_is_recognised_by_its_key_alone,
                a_request_is_recognised_behind_one_that_is_on_its_way, a_refused_request_is_not_remembered, racing_repetitions_publish_once;
            recall: a_recall_is_an_entry_of_each_log, a_recall_is_told_once,
                a_recall_goes_in_parts, an_unknown_notification_is_not_recalled,
                a_hand_over_that_is_noted_late_is_recalled,
                what_a_device_reports_after_a_recall_is_recalled,
                what_was_read_before_a_recall_leaves_the_history,
                what_becomes_known_before_the_walk_is_recalled_once;
            collapsing: a_newer_one_takes_the_place_of_what_waits,
                a_key_is_one_recipients_and_one_apps,
                what_was_shown_is_withdrawn_from_phones_that_sleep,
                what_gave_way_is_not_sent_any_more, an_older_one_that_comes_later_enters_no_log,
                what_waits_for_its_time_gives_way_at_once, what_gave_way_is_not_tried_anew,
                what_gave_way_unnoticed_is_withdrawn_later, whatever_the_order_the_latest_is_left;
            environments: the_environment_that_took_a_push_is_kept,
                what_a_device_reports_later_is_newer_than_an_environment,
                a_withdrawal_keeps_its_environment_too;
            withdrawing: a_phone_that_sleeps_is_told_of_a_recall,
                a_withdrawal_is_repeated_under_its_identity, a_withdrawal_ends_with_its_notification,
                a_dead_address_ends_a_withdrawal, what_never_came_is_not_withdrawn,
                what_nobody_proved_is_withdrawn, a_phone_that_read_its_log_is_not_told,
                what_was_read_is_not_withdrawn_there, a_phone_without_a_key_hears_of_it_from_its_log,
                a_withdrawal_goes_with_its_user,
                a_hand_over_that_is_noted_late_is_withdrawn,
                what_a_device_reports_after_a_recall_is_withdrawn_there;
            logs: entries_are_numbered_without_gaps, pages_hold_each_entry_once,
                a_stretch_is_bounded_in_bytes, an_unknown_user_has_an_empty_log,
                what_expired_is_read_without_its_content,
                a_stretch_names_the_present_sessions, heads_come_in_the_order_asked,
                an_arrival_says_what_became_of_it;
            epochs: a_cursor_of_the_log_is_known, a_cursor_of_no_form_is_none,
                a_cursor_beyond_the_head_begins_an_epoch, another_tag_begins_an_epoch,
                epochs_begin_once_in_a_while, an_ended_session_opens_no_log,
                a_place_of_another_epoch_is_the_beginning;
            hand_over: a_hand_over_is_sent_and_an_attempt, a_second_hand_over_is_no_news,
                what_is_gone_is_not_handed_over, a_batch_is_one_change_of_a_notification,
                a_late_hand_over_beats_an_expiry;
            receipts: facts_raise_a_delivery, repetition_and_order_do_not_matter,
                engagement_proves_delivery, a_push_that_was_dropped_proves_nothing,
                a_receipt_confirms_no_push_that_failed,
                unknown_notifications_are_refused_alone,
                a_fact_of_another_installation_is_refused, times_are_clamped,
                late_facts_beat_negative_ends, replies_are_many_and_bounded,
                reading_is_told_once_to_other_devices, an_ended_session_reports_nothing;
            flags: the_higher_version_wins_in_any_order, a_flag_is_an_entry_of_the_log,
                the_flag_read_is_a_reading, true_wins_a_tie;
            read_up_to: everything_up_to_a_place_is_read, an_unknown_cursor_is_refused,
                a_repeated_reading_is_a_duplicate, what_ended_unseen_stays_as_it_is,
                the_rest_is_work;
            lives: a_notification_is_expanded_expired_and_deleted, only_what_waits_expires,
                what_was_not_confirmed_is_unconfirmed, a_later_place_is_evidence,
                a_cursor_with_a_report_is_evidence,
                a_place_of_a_former_epoch_is_no_evidence, expiry_goes_in_parts,
                deletion_goes_in_parts, a_cursor_outlives_its_entry,
                nothing_expires_before_its_time, a_cancellation_and_an_expiry_miss_nothing;
            work: a_claim_is_a_lease, a_part_is_done_by_one_claimant,
                an_ended_lease_is_claimed_anew, a_failing_row_backs_off_alone,
                apps_take_turns, the_next_row_is_known, two_workers_do_each_part_once, an_old_claim_holds_no_later_row,
                a_claim_holds_its_apps_row_only,
                what_is_kept_for_a_while_is_swept;
            dispatch: a_delivery_is_pushed_to_a_device_that_is_away,
                without_a_push_service_nothing_is_dispatched,
                a_device_that_was_heard_from_has_time_to_confirm,
                a_try_that_nobody_settled_is_begun_anew,
                what_is_proven_is_noted_though_the_row_went_to_others,
                a_service_that_is_busy_is_left_alone,
                a_dead_address_ends_what_nothing_else_reaches,
                a_token_dies_only_by_a_newer_proof,
                a_token_that_was_replaced_on_the_way_fails_nothing,
                what_waits_for_an_answer_holds_up_nobody_else,
                an_address_belongs_to_who_reported_it_last,
                a_device_that_may_show_nothing_is_not_pushed_to,
                nothing_is_sent_that_was_cancelled_or_read,
                what_was_stopped_is_not_sent_before_it_ends, a_step_gives_way_to_the_next,
                credentials_are_set_whole_and_are_each_apps_own;
            devices: the_installation_that_was_opened_last_is_the_primary_one,
                an_installation_is_primary_while_its_user_is_logged_in,
                only_the_primary_device_gets_what_is_for_it,
                a_new_primary_device_takes_over_what_waits,
                a_take_over_leaves_what_was_handed_over,
                who_has_no_primary_device_is_told_apart,
                the_others_follow_the_primary_device, all_are_meant_where_none_is_primary,
                the_device_that_was_heard_from_last_is_meant,
                who_is_primary_when_its_time_comes_gets_it;
            versions: an_old_app_gets_neither_push_nor_entry, who_has_only_old_apps_is_told_apart,
                an_app_that_is_updated_gets_what_goes_on, a_new_app_that_logs_in_gets_what_goes_on,
                listed_installations_get_it_once_they_are_updated,
                the_others_who_follow_have_a_new_app, who_is_updated_when_its_time_comes_gets_it,
                what_was_lost_to_old_apps_is_tried_anew, a_preview_counts_who_has_only_old_apps,
                what_was_deleted_stays_so_on_an_app_that_is_updated,
                what_was_archived_stays_so_on_an_app_that_is_updated,
                who_has_it_keeps_it_when_another_app_is_updated;
            bounces: a_letter_that_comes_back_ends_its_delivery_once,
                a_step_that_waits_gives_way_to_the_next, a_mailbox_that_was_set_since_lives,
                what_was_handed_over_otherwise_goes_on, a_letter_that_is_delayed_is_not_lost,
                a_bounce_proves_that_a_try_without_an_answer_was_taken,
                a_letter_that_came_back_after_an_opt_out_is_lost,
                reports_of_other_apps_and_of_other_things_are_nobodys,
                a_mailbox_to_which_letters_are_forwarded_kills_none;
            unproven: what_is_unproven_is_waited_for_and_not_repeated,
                a_push_that_its_process_left_is_not_made_again,
                a_last_step_ends_unproven_until_a_device_proves_it;
            letters: who_has_no_device_gets_a_letter_at_once,
                a_silenced_device_and_a_dead_token_give_way_to_a_letter,
                a_letter_is_the_same_attempt_when_it_is_repeated,
                a_letter_begins_when_it_has_its_turn,
                a_letter_that_was_taken_is_never_unconfirmed,
                a_mailbox_dies_by_a_bounce_and_stays_dead_for_a_day,
                without_an_smtp_server_no_letter_begins,
                what_waits_for_a_try_is_given_up_with_its_delivery,
                evidence_behind_a_letter_is_a_double_contact,
                evidence_before_the_mail_server_s_answer_is_a_double_contact,
                evidence_cancels_a_letter_that_waits,
                evidence_cancels_the_letter_of_a_server_that_died,
                a_silent_mail_server_gets_three_letters_at_most;
            letter_turns: what_is_still_to_be_sent_is_sent_once,
                what_is_confirmed_before_its_turn_is_not_sent,
                what_its_step_has_no_time_for_goes_by_the_next_one,
                what_expires_before_its_turn_is_not_sent,
                what_gives_way_before_its_turn_is_not_sent,
                what_is_not_wanted_before_its_turn_is_not_sent,
                what_is_cancelled_before_its_turn_is_not_sent,
                what_quiet_hours_hold_before_its_turn_is_sent_after_them,
                what_its_receiver_is_erased_before_is_not_sent,
                what_waited_for_its_turn_when_its_process_ended_is_no_try,
                what_started_when_its_process_ended_is_given_up_if_its_step_says_so;
            request_turns: what_is_still_to_be_sent_is_sent_once,
                what_is_confirmed_before_its_turn_is_not_sent,
                what_its_step_has_no_time_for_goes_by_the_next_one,
                what_expires_before_its_turn_is_not_sent,
                what_gives_way_before_its_turn_is_not_sent,
                what_is_not_wanted_before_its_turn_is_not_sent,
                what_is_cancelled_before_its_turn_is_not_sent,
                what_quiet_hours_hold_before_its_turn_is_sent_after_them,
                what_its_receiver_is_erased_before_is_not_sent,
                what_waited_for_its_turn_when_its_process_ended_is_no_try,
                what_started_when_its_process_ended_is_given_up_if_its_step_says_so;
            turns: nothing_is_sent_to_a_mailbox_that_died_before_its_turn, a_letter_goes_to_the_address_of_its_turn, what_was_put_back_outlives_its_process;
            backends: whom_no_device_reaches_is_handed_to_the_backend,
                a_request_is_the_same_attempt_when_it_is_repeated,
                what_the_backend_refuses_goes_to_the_next_step_at_once,
                without_an_account_nothing_is_asked_of_a_backend,
                what_waits_for_a_refused_account_is_tried_when_it_is_mended,
                an_unproven_request_is_not_repeated_if_its_step_says_so,
                evidence_behind_the_backend_is_a_double_contact,
                evidence_keeps_the_backend_from_being_asked_again,
                a_push_that_was_taken_is_no_hand_over_to_the_backend,
                everybody_is_reached_by_the_backend_of_an_app;
            gateways: whom_no_device_reaches_gets_a_message,
                a_gateway_of_chats_writes_to_no_number,
                what_a_provider_did_not_take_goes_by_the_next,
                what_may_have_been_taken_is_repeated_by_the_same_provider_or_by_none,
                what_a_provider_leaves_without_an_answer_is_repeated_as_often_as_that_is_safe,
                a_message_without_an_answer_is_given_up_if_its_sender_does_not_say_otherwise,
                a_message_that_was_not_started_is_begun_again,
                a_number_that_was_changed_before_its_turn_gets_nothing,
                a_dead_number_is_dead_until_another_one_is_set,
                a_preview_counts_whom_gateways_reach;
            push_receipts: a_push_that_arrived_reaches_the_goal_of_its_step,
                a_push_that_is_not_shown_gives_way_at_once,
                a_push_that_was_dropped_gives_way_at_once,
                a_push_to_an_app_that_is_gone_ends_its_address,
                a_push_to_a_token_that_the_app_has_no_more_ends_its_address,
                a_receipt_of_another_app_or_token_changes_nothing,
                an_address_that_was_reported_since_the_push_is_kept,
                a_push_without_an_answer_is_proven_by_its_receipt;
            reports: a_report_reaches_the_goal_of_its_step,
                without_a_report_the_next_step_begins_at_the_end_of_the_step,
                a_message_that_is_reported_lost_gives_way_at_once,
                a_delivery_of_which_nothing_is_left_ends_and_is_delivered_late,
                reports_that_are_repeated_or_late_change_nothing,
                a_report_about_another_message_changes_nothing,
                an_id_that_is_given_again_is_that_of_the_newer_message,
                what_was_reported_long_before_the_answer_is_of_another_message,
                a_report_before_the_answer_counts_with_the_answer,
                a_failure_before_the_answer_counts_with_the_answer,
                a_message_that_was_given_up_is_proven_by_its_report,
                what_is_kept_of_a_gateway_is_bounded_and_only_for_a_while,
                a_report_that_comes_again_counts_from_then_on,
                a_failure_during_a_repeated_try_counts_with_its_answer,
                a_gateway_does_not_push_out_what_is_kept_of_another,
                a_report_that_an_address_is_dead_kills_it_at_its_gateway;
            decrypting: a_push_is_sent_anew_for_a_key_that_came_before_the_report,
                a_push_is_sent_anew_for_a_key_that_comes_after_the_report,
                without_another_key_the_next_step_begins,
                a_phone_that_tells_no_key_is_waited_for_a_while,
                a_report_before_the_service_s_answer_proves_the_hand_over,
                what_was_read_is_not_sent_anew, what_came_by_the_log_is_not_sent_anew,
                what_was_cancelled_is_not_sent_anew, what_has_expired_is_not_sent_anew,
                a_device_reports_its_own_pushes_only,
                a_device_that_reports_for_ever_is_left_alone,
                what_came_to_another_user_goes_on_elsewhere;
            reach: everybody_is_counted_once_by_how_they_are_reached,
                a_large_audience_is_not_looked_at_whole, a_preview_counts_as_a_publish_reaches,
                who_has_a_mailbox_is_reached_by_e_mail,
                who_would_wait_is_counted;
            renewal: what_waits_for_credentials_is_tried_once_they_are_renewed,
                a_try_with_former_credentials_holds_nothing_back,
                what_waits_for_something_else_goes_on_waiting,
                credentials_are_replaced_unless_others_were_set_since;
            providers: credentials_that_are_refused_are_told_once,
                a_service_that_takes_a_try_again_has_recovered,
                other_credentials_begin_a_new_state,
                credentials_that_are_deleted_are_refused_no_more;
            retry: what_was_lost_is_tried_anew_once_something_has_changed,
                a_second_retry_changes_nothing, a_user_who_logs_in_later_is_reached_anew,
                what_is_over_is_not_tried_anew, a_large_retry_goes_in_parts;
            views: notifications_come_newest_first_in_pages, deliveries_come_in_pages,
                a_page_goes_on_behind_what_is_gone, a_page_of_notifications_goes_on_behind_one_that_is_gone,
                a_delivery_is_found_by_its_id, a_watch_goes_on_behind_a_version,
                a_watch_names_the_latest_changes, a_watch_of_what_was_read_is_over;
            news: what_is_done_on_a_device_is_told_once, a_step_that_gives_way_is_told,
                a_recall_is_told_of_who_may_have_it;
            telling: only_what_changes_of_a_device_is_told,
                who_is_primary_and_who_is_logged_in_is_told, an_address_that_died_is_told_once;
            settling: a_notification_is_settled_once,
                what_is_counted_beside_statuses_goes_with_its_delivery,
                a_policy_says_what_is_an_error;
            explaining: how_a_device_is_reached_is_known, what_was_tried_and_confirmed_is_known,
                who_has_no_delivery_is_known_as_such,
                what_is_explained_of_one_device_names_no_other, a_withdrawal_is_known;
            effects: effects_come_before_the_answer, what_a_log_gained_is_what_it_has, numbers_never_fall,
                what_fails_has_no_effects, events_are_read_behind_a_number,
                a_caller_that_goes_away_changes_nothing;
            events: a_notification_s_life_is_told, a_change_says_why_as_of_its_commit, an_app_reads_its_own_events,
                what_a_person_did_is_told_once,
                a_page_is_bounded_by_its_deliveries, what_was_deleted_is_passed_over,
                an_event_is_found_by_its_time;
            webhooks: a_webhook_is_kept_as_it_was_made, an_app_has_so_many_webhooks_of_its_own,
                an_event_makes_its_apps_webhooks_due, the_cursor_moves_when_an_event_was_taken,
                an_event_during_a_turn_is_not_forgotten, a_turn_that_nobody_ended_begins_anew,
                a_receiver_that_fails_waits_alone, a_receiver_that_is_gone_is_sent_nothing,
                a_webhook_is_changed_in_parts, a_turn_ends_when_kinds_or_keys_change,
                a_disabled_webhook_loses_its_turn,
                a_deleted_webhook_loses_its_turn, a_replay_goes_on_behind_a_place,
                what_is_kept_no_longer_is_known,
                a_cursor_outlives_its_store;
            operations: secrets_are_kept, a_new_life_renews_every_log,
                refresh_tokens_outlive_a_life, writing_is_tried, a_closed_store_says_so;
            durability: what_was_answered_survives_closing, what_was_answered_survives_a_drop,
                work_goes_on_after_a_drop, a_failed_row_backs_off_over_a_drop, event_numbers_go_on;
            restart: a_letter_is_repeated_at_once, a_letter_that_expires_soon_is_not_lost,
                a_push_and_what_withdraws_it_are_repeated_at_once,
                a_lease_of_a_clock_that_was_ahead_ends,
                what_waits_for_its_time_goes_on_waiting,
                a_try_behind_a_row_that_was_claimed_is_repeated;
            tenancy: tenants_with_the_same_ids_are_apart, another_tenants_ids_are_unknown;
            concurrency: numbers_have_no_gap_under_concurrency,
                counts_are_exact_under_concurrency, one_of_racing_exchanges_moves_the_family;
            model: any_course_of_events_agrees_with_the_reference;
        }
    };
    (@cases $fixture:expr; $($room:ident: $($case:ident),+;)+) => {
        $(mod $room {
            #[allow(unused_imports, reason = "a fixture may be of the crate's root")]
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $fixture;
                $crate::conformance::$room::$case(&fixture).await;
            })+
        })+
    };
}
