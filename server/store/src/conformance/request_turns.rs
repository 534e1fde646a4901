//! Requests to the App's own backend that waited for their turn: see [`super::turns`].

use vestnik_model::publish::StepChannel;

use super::{Fixture, turns::cases};

cases!(
    StepChannel::Webhook;
    what_is_still_to_be_sent_is_sent_once,
    what_is_confirmed_before_its_turn_is_not_sent,
    what_its_step_has_no_time_for_goes_by_the_next_one,
    what_expires_before_its_turn_is_not_sent,
    what_gives_way_before_its_turn_is_not_sent,
    what_is_not_wanted_before_its_turn_is_not_sent,
    what_is_cancelled_before_its_turn_is_not_sent,
    what_quiet_hours_hold_before_its_turn_is_sent_after_them,
    what_its_receiver_is_erased_before_is_not_sent,
    what_waited_for_its_turn_when_its_process_ended_is_no_try,
    what_started_when_its_process_ended_is_given_up_if_its_step_says_so,
);
