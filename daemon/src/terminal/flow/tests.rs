//! The promises of the flow: the window, the bounds on rates, no silent gap.

use super::{BACK, Flow, GATHER, SKIP, SNAPSHOTS, Step, WINDOW};
use proptest::prelude::*;
use std::time::{Duration, Instant};

#[test]
fn a_key_is_echoed_at_once_and_a_burst_is_gathered() {
    let now = Instant::now();
    let mut flow = Flow::resumed(0);
    assert_eq!(flow.step(now, 0, 0), Step::Wait(None));
    for end in 1..100 {
        assert_eq!(flow.step(now, 0, end), Step::Output(1));
        flow.output_sent(now, 1);
    }
    assert_eq!(flow.step(now, 0, 10_000), Step::Output(9_901));
    flow.output_sent(now, 9_901);
    assert_eq!(flow.step(now, 0, 10_001), Step::Wait(Some(GATHER)));
    assert_eq!(flow.step(now + GATHER, 0, 10_001), Step::Output(1));
}

#[test]
fn a_viewer_that_does_not_parse_gets_nothing_more_then_one_snapshot() {
    let mut now = Instant::now();
    let mut flow = Flow::resumed(0);
    let mut end = 0;
    while flow.unacknowledged() < WINDOW {
        now += GATHER;
        end += 40_000;
        match flow.step(now, 0, end) {
            Step::Output(bytes) => flow.output_sent(now, bytes),
            other => assert_eq!(other, Step::Wait(None), "{}", flow.unacknowledged()),
        }
        if flow.step(now, 0, end) == Step::Wait(None) && flow.cursor() < end {
            break;
        }
    }
    assert!(flow.unacknowledged() <= WINDOW);
    assert_eq!(flow.step(now, 0, end + SKIP * 2), Step::Wait(None));
    flow.acknowledge(flow.unacknowledged() - BACK).unwrap();
    let end = end + SKIP * 2;
    assert_eq!(flow.step(now, 0, end), Step::Gap);
    flow.gap_sent();
    assert_eq!(flow.step(now, 0, end), Step::Snapshot);
    flow.snapshot_sent(now, end, 5_000);
    assert_eq!(flow.step(now, 0, end), Step::Wait(None));
}

#[test]
fn a_flood_costs_at_most_ten_screens_a_second() {
    let mut now = Instant::now();
    let (mut flow, mut end, mut snapshots, mut output) = (Flow::fresh(), 0_u64, 0, 0);
    for _ in 0..1000 {
        now += Duration::from_millis(1);
        end += 25_000;
        match flow.step(now, end.saturating_sub(2 << 20), end) {
            Step::Output(bytes) => {
                flow.output_sent(now, bytes);
                output += bytes;
            }
            Step::Gap => flow.gap_sent(),
            Step::Snapshot => {
                flow.snapshot_sent(now, end, 4_000);
                snapshots += 1;
            }
            Step::Wait(_) => {}
        }
        flow.acknowledge(flow.unacknowledged() + flow.acknowledged)
            .unwrap();
    }
    assert!((9..=10).contains(&snapshots), "{snapshots}");
    assert!(output < 1_000_000, "{output}");
}

#[test]
fn a_client_cannot_acknowledge_what_it_never_got() {
    let mut flow = Flow::resumed(0);
    flow.output_sent(Instant::now(), 10);
    assert!(flow.acknowledge(11).is_err());
    flow.acknowledge(10).unwrap();
    flow.acknowledge(3).unwrap();
    assert_eq!(flow.unacknowledged(), 0);
}

#[test]
fn snapshots_keep_their_distance() {
    let now = Instant::now();
    let mut flow = Flow::fresh();
    assert_eq!(flow.step(now, 0, 0), Step::Snapshot);
    flow.snapshot_sent(now, 0, 100);
    flow.drop_rest();
    assert_eq!(flow.step(now, 0, 5), Step::Gap);
    flow.gap_sent();
    assert_eq!(flow.step(now, 0, 5), Step::Wait(Some(SNAPSHOTS)));
    assert_eq!(flow.step(now + SNAPSHOTS, 0, 5), Step::Snapshot);
}

proptest! {
    /// Any interleaving: the window holds, and the cursor jumps only over a told gap.
    #[test]
    fn no_silent_gap_and_no_overrun(acts in proptest::collection::vec((0_u8..4, 0_u64..90_000), 1..200)) {
        let mut now = Instant::now();
        let (mut flow, mut end, mut told) = (Flow::resumed(0), 0_u64, false);
        for (act, amount) in acts {
            match act {
                0 => end += amount,
                1 => now += Duration::from_micros(amount),
                2 => { let _ = flow.acknowledge(flow.acknowledged + amount); }
                _ => {}
            }
            let (start, before) = (end.saturating_sub(200_000), flow.cursor());
            match flow.step(now, start, end) {
                Step::Output(bytes) => {
                    prop_assert!(bytes > 0 && before >= start && before + bytes as u64 <= end);
                    flow.output_sent(now, bytes);
                    prop_assert!(flow.unacknowledged() <= WINDOW);
                }
                Step::Gap => { told = true; flow.gap_sent(); }
                Step::Snapshot => {
                    prop_assert!(told && flow.unacknowledged() <= BACK);
                    told = false;
                    flow.snapshot_sent(now, end, 3_000);
                }
                Step::Wait(_) => {}
            }
        }
    }
}
