//! What is decided from sources that disagree.

use super::*;

const BUSY: Told = Told::plain(ActivityState::Busy);
const IDLE: Told = Told::plain(ActivityState::Idle);

#[test]
fn nothing_known_is_unknown_and_says_so() {
    let activity = Signals::default().decide(Timestamp(7));
    assert_eq!(activity.state, ActivityState::Unknown);
    assert!(activity.confidence < 0.1);
}

#[test]
fn a_used_up_quota_is_waited_for_unless_work_goes_on() {
    let mut signals = Signals::default();
    signals.tell(Source::StatusFile, IDLE, Timestamp(1_000), "");
    let (since, until) = (Timestamp(2_000), Timestamp(9_000));
    signals.set_wall(Some(Wall { since, until }));
    let activity = signals.decide(Timestamp(0));
    assert_eq!(activity.waiting_for, Some(WaitingFor::Quota));
    assert_eq!(activity.until, Some(until));
    assert_eq!(
        signals
            .explain(Timestamp(3_000))
            .iter()
            .filter(|one| one.won)
            .count(),
        1
    );
    signals.tell(Source::StatusFile, BUSY, Timestamp(3_000), "");
    assert_eq!(signals.decide(Timestamp(0)).state, ActivityState::Busy);
    signals.tell(Source::StatusFile, IDLE, Timestamp(4_000), "");
    signals.set_wall(None);
    assert_eq!(signals.decide(Timestamp(0)).state, ActivityState::Idle);
}

#[test]
fn the_status_file_wins() {
    let mut signals = Signals::default();
    signals.tell(Source::Hook, BUSY, Timestamp(5_000), "");
    signals.tell(Source::StatusFile, IDLE, Timestamp(1_000), "");
    let activity = signals.decide(Timestamp(0));
    assert_eq!(activity.state, ActivityState::Busy, "not looked at since");
    signals.tell(Source::StatusFile, IDLE, Timestamp(5_500), "");
    let activity = signals.decide(Timestamp(0));
    assert_eq!(activity.state, ActivityState::Busy, "not written since");
    signals.tell(Source::StatusFile, BUSY, Timestamp(5_700), "");
    signals.tell(Source::StatusFile, IDLE, Timestamp(5_900), "");
    let activity = signals.decide(Timestamp(0));
    assert_eq!(activity.since, Timestamp(5_900), "written since");
}

#[test]
fn a_status_file_that_never_follows_a_hook_is_right() {
    let mut signals = Signals::default();
    signals.tell(Source::Hook, BUSY, Timestamp(5_000), "");
    signals.tell(Source::StatusFile, IDLE, Timestamp(1_000), "");
    signals.tell(Source::StatusFile, IDLE, Timestamp(6_500), "");
    let activity = signals.decide(Timestamp(0));
    assert_eq!(activity.state, ActivityState::Idle);
    assert_eq!(activity.since, Timestamp(5_000), "not before the hook");
}

#[test]
fn a_turn_that_ended_between_two_looks_does_not_stay_busy() {
    let mut signals = Signals::default();
    signals.tell(Source::Title, IDLE, Timestamp(1_000), "");
    signals.tell(Source::Hook, BUSY, Timestamp(10_000), "");
    signals.tell(Source::Title, IDLE, Timestamp(10_500), "");
    assert_eq!(signals.decide(Timestamp(0)).state, ActivityState::Busy);
    signals.tell(Source::Title, IDLE, Timestamp(13_500), "");
    let activity = signals.decide(Timestamp(0));
    assert_eq!(activity.state, ActivityState::Idle);
    assert_eq!(activity.since, Timestamp(10_000));
}

#[test]
fn a_title_that_changed_well_after_the_hook_wins_over_it() {
    let mut signals = Signals::default();
    signals.tell(Source::Hook, BUSY, Timestamp(10_000), "");
    signals.tell(Source::Title, IDLE, Timestamp(10_500), "");
    assert_eq!(signals.decide(Timestamp(0)).state, ActivityState::Busy);
    signals.tell(Source::Title, BUSY, Timestamp(10_600), "");
    signals.tell(Source::Title, IDLE, Timestamp(12_000), "");
    let activity = signals.decide(Timestamp(0));
    assert_eq!(
        (activity.state, activity.source.as_str()),
        (ActivityState::Idle, "title")
    );
}

#[test]
fn a_dialog_on_the_screen_wins_over_a_title_that_looks_idle() {
    let mut signals = Signals::default();
    let asks = Told {
        state: ActivityState::Waiting,
        waiting_for: Some(WaitingFor::Question),
    };
    signals.tell(Source::Title, IDLE, Timestamp(2), "");
    signals.tell(Source::Screen, asks, Timestamp(1), "trust");
    let activity = signals.decide(Timestamp(0));
    assert_eq!(activity.waiting_for, Some(WaitingFor::Question));
}

#[test]
fn a_lost_start_hook_is_made_up_for_by_a_status_file_that_stays_idle() {
    let mut signals = Signals::default();
    signals.tell(Source::StatusFile, IDLE, Timestamp(1_000), "");
    assert!(!signals.long_idle(Timestamp(3_000)));
    assert!(signals.long_idle(Timestamp(7_000)));
    signals.tell(Source::StatusFile, BUSY, Timestamp(8_000), "");
    assert!(!signals.long_idle(Timestamp(20_000)));
}

#[test]
fn a_hook_that_waits_for_a_person_is_right_whatever_the_title_shows() {
    let mut signals = Signals::default();
    let asks = Told {
        state: ActivityState::Waiting,
        waiting_for: Some(WaitingFor::Permission),
    };
    signals.tell(Source::Hook, asks, Timestamp(1_000), "asks");
    signals.tell(Source::Title, BUSY, Timestamp(9_000), "");
    signals.set_asking(true);
    let activity = signals.decide(Timestamp(0));
    assert_eq!(
        (activity.state, activity.source.as_str()),
        (ActivityState::Waiting, "hook")
    );
    assert!(!signals.waits_no_more(Timestamp(1_000)));
    signals.set_asking(false);
    assert_eq!(signals.decide(Timestamp(0)).state, ActivityState::Busy);
    signals.set_asking(true);
    signals.tell(Source::Title, IDLE, Timestamp(9_500), "");
    let refused = signals.decide(Timestamp(0)).state;
    assert_eq!(refused, ActivityState::Idle, "in the terminal");
    assert!(signals.waits_no_more(Timestamp(1_000)));
    signals.tell(Source::Hook, IDLE, Timestamp(10_000), "ended its turn");
    assert_eq!(signals.decide(Timestamp(0)).state, ActivityState::Idle);
}

#[test]
fn a_status_file_read_too_early_says_nothing_about_a_question() {
    let mut signals = Signals::default();
    let asked = Timestamp(10_000);
    signals.tell(Source::StatusFile, BUSY, Timestamp(10_400), "");
    assert!(!signals.waits_no_more(asked));
    signals.tell(Source::StatusFile, BUSY, Timestamp(11_100), "");
    assert!(signals.waits_no_more(asked));
    let asks = Told {
        state: ActivityState::Waiting,
        waiting_for: Some(WaitingFor::Permission),
    };
    signals.tell(Source::StatusFile, asks, Timestamp(12_000), "");
    assert!(!signals.waits_no_more(asked));
}

#[test]
fn exactly_one_signal_has_won() {
    let mut signals = Signals::default();
    let asks = Told {
        state: ActivityState::Waiting,
        waiting_for: Some(WaitingFor::Permission),
    };
    signals.tell(Source::Screen, IDLE, Timestamp(1), "");
    signals.tell(Source::Hook, asks, Timestamp(2), "asks");
    let won: Vec<_> = signals
        .explain(Timestamp(3))
        .into_iter()
        .filter(|one| one.won)
        .collect();
    assert_eq!(won.len(), 1);
    assert_eq!(won[0].source, "hook");
}

#[test]
fn the_screen_is_read_while_nothing_steady_speaks() {
    let mut signals = Signals::default();
    assert!(signals.needs_screen(false, false), "nothing was heard");
    signals.tell(Source::Hook, BUSY, Timestamp(1), "");
    assert!(
        signals.needs_screen(true, false),
        "its end may never be told"
    );
    signals.tell(Source::Title, BUSY, Timestamp(1), "");
    assert!(!signals.needs_screen(true, false));
    assert!(signals.needs_screen(true, true));
    let mut shell = Signals::default();
    shell.tell(Source::Marker, IDLE, Timestamp(1), "");
    assert!(!shell.needs_screen(false, false), "markers come in pairs");
}

#[test]
fn the_screen_says_what_a_status_file_waits_for() {
    let mut signals = Signals::default();
    let waits = |what| Told {
        state: ActivityState::Waiting,
        waiting_for: Some(what),
    };
    signals.tell(
        Source::StatusFile,
        waits(WaitingFor::Permission),
        Timestamp(1),
        "",
    );
    assert!(signals.needs_screen(true, false));
    signals.tell(
        Source::Screen,
        waits(WaitingFor::Question),
        Timestamp(2),
        "",
    );
    let activity = signals.decide(Timestamp(0));
    assert_eq!(activity.waiting_for, Some(WaitingFor::Question));
    signals.tell(
        Source::Hook,
        waits(WaitingFor::Permission),
        Timestamp(3),
        "",
    );
    assert!(!signals.needs_screen(true, false), "a hook knows it best");
}

#[test]
fn a_shell_at_rest_is_known_after_a_restart() {
    let mut before = Signals::default();
    before.tell(Source::Marker, IDLE, Timestamp(5), "shows its prompt");
    let mut after = Signals::default();
    after.remember(&before.decide(Timestamp(0)), Timestamp(0));
    let activity = after.decide(Timestamp(9));
    assert_eq!(
        (activity.state, activity.since),
        (ActivityState::Idle, Timestamp(5))
    );
    let mut hook = Signals::default();
    hook.tell(Source::Hook, BUSY, Timestamp(5), "");
    let mut after = Signals::default();
    after.remember(&hook.decide(Timestamp(0)), Timestamp(0));
    // It may never be said again: another source has to say it.
    let late = after.decide(Timestamp(STALE_MS));
    assert_eq!(late.state, ActivityState::Unknown);
}

#[test]
fn what_was_stored_before_a_restart_counts_until_something_is_heard_and_not_for_ever() {
    let mut first = Signals::default();
    first.tell(Source::Title, IDLE, Timestamp(1_000), "");
    let stored = first.decide(Timestamp(1_000));
    let mut next = Signals::default();
    next.remember(&stored, Timestamp(60_000));
    assert_eq!(next.decide(Timestamp(60_000)), stored, "with its age");
    assert!(!next.looked_at(Timestamp(60_000)));
    let told = next.explain(Timestamp(61_000));
    assert_eq!((told.len(), told[0].won), (1, true));
    assert_eq!((told[0].age_ms, told[0].detail.as_str()), (60_000, BEFORE));
    // Nothing is known any more of one that stays silent.
    let late = next.decide(Timestamp(60_000 + STALE_MS));
    assert_eq!(late.state, ActivityState::Unknown);
    assert!(next.looked_at(Timestamp(60_000 + STALE_MS)));
    // The first word wins, whatever it is.
    next.tell(Source::Screen, BUSY, Timestamp(60_100), "");
    assert!(next.looked_at(Timestamp(60_100)));
    assert_eq!(next.decide(Timestamp(60_100)).state, ActivityState::Busy);
    assert_eq!(next.explain(Timestamp(60_200)).len(), 1);
}

#[test]
fn a_budget_that_an_earlier_daemon_waited_for_is_the_stores_to_tell() {
    let mut first = Signals::default();
    first.set_held(Some(Timestamp(1_000)));
    let stored = first.decide(Timestamp(1_000));
    assert_eq!(stored.waiting_for, Some(WaitingFor::Budget));
    let mut next = Signals::default();
    next.remember(&stored, Timestamp(2_000));
    assert_eq!(next.decide(Timestamp(2_000)).state, ActivityState::Unknown);
}
