//! History in pages, while the program goes on printing and tmux drops what is oldest.

use crate::support::{Bench, agent, within};
use orchestra::terminal::history::Above;
use orchestra::terminal::search::{Scope, pattern};
use orchestra_protocol::agent::Size;

/// The number that a line says it has.
fn number(row: &str) -> u64 {
    let digits = row.trim_end().strip_prefix("line ").unwrap_or_default();
    digits.parse().unwrap_or_else(|_| panic!("{row:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_lines_are_read_while_the_program_prints() {
    let bench = Bench::keeping(50_000).await;
    let one = agent("one-001");
    let program = "awk 'BEGIN { for (i = 1; i <= 51000; i++) print \"line \" i }'; i=51000; \
        while :; do n=0; while [ $n -lt 100 ]; do i=$((i+1)); n=$((n+1)); echo line $i; done; sleep 0.02; done";
    bench.run(&one, program).await;
    // Behind the first flood it prints at a pace that can be read.
    within(async {
        loop {
            let screen = bench.terminals.screen_text(&one).await.unwrap().text;
            let top = screen.lines().next().unwrap_or_default();
            if top.starts_with("line ") && number(top) > 51_000 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    let newest = Above::default();
    let page = bench.terminals.history(&one, &newest, 10).await.unwrap();
    let epoch = page.epoch.clone();
    // A line's own number less the one it goes by: the same for each line, for ever.
    let offset = number(&page.rows[0]) - page.start;
    let (mut passes, mut read) = (0, 0);
    while passes < 3 || page.first + 10_000 > bench_first(&bench, &one).await {
        let mut above = Above {
            before: None,
            epoch: Some(epoch.clone()),
        };
        loop {
            let page = bench.terminals.history(&one, &above, 2000).await.unwrap();
            assert!(!page.resync, "the numbers hold while lines are dropped");
            assert_eq!(page.epoch, epoch);
            if let Some(before) = above.before.filter(|before| *before > page.first) {
                let end = page.start + page.rows.len() as u64;
                assert_eq!(end, before, "no gap and no double");
            }
            for (at, row) in page.rows.iter().enumerate() {
                assert_eq!(number(row), page.start + at as u64 + offset, "in {above:?}");
            }
            read += page.rows.len();
            if page.start <= page.first || page.rows.is_empty() {
                break;
            }
            above.before = Some(page.start);
        }
        passes += 1;
    }
    assert!(read > 100_000, "{read} lines in {passes} passes");

    let wanted = pattern("line 51000", true, false).unwrap();
    let scope = Scope {
        limit: 5,
        ..Scope::default()
    };
    let found = bench.terminals.search(&one, &wanted, &scope).await.unwrap();
    assert_eq!(found.items[0].row, 51_000 - offset, "{found:?}");
    bench.end().await;
}

async fn bench_first(bench: &Bench, agent: &orchestra::model::ids::AgentId) -> u64 {
    let newest = Above::default();
    bench
        .terminals
        .history(agent, &newest, 1)
        .await
        .unwrap()
        .first
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_begin_anew_where_lines_are_folded_cleared_or_all_alike() {
    let bench = Bench::keeping(1000).await;
    let one = agent("one-001");
    bench
        .run(
            &one,
            "seq 1 500; cat > /dev/null; printf '\\033[3J'; echo cleared; cat > /dev/null; yes",
        )
        .await;
    bench.shows(&one, "500").await;
    let ask = async |before: Option<u64>, epoch: Option<&str>| {
        let epoch = epoch.map(str::to_owned);
        let above = Above { before, epoch };
        bench.terminals.history(&one, &above, 100).await.unwrap()
    };
    let first = ask(None, None).await;
    let size = Size { cols: 60, rows: 24 };
    bench.terminals.resize(&one, size).await.unwrap();
    let folded = ask(Some(first.start), Some(&first.epoch)).await;
    assert!(folded.resync && folded.epoch != first.epoch);
    assert_eq!(folded.start + folded.rows.len() as u64, folded.next);
    assert!(!ask(Some(folded.start), Some(&folded.epoch)).await.resync);

    bench.terminals.keys(&one, &["C-d".into()]).await.unwrap();
    bench.shows(&one, "cleared").await;
    let cleared = ask(Some(folded.start), Some(&folded.epoch)).await;
    assert!(cleared.resync, "{cleared:?}");

    bench.terminals.keys(&one, &["C-d".into()]).await.unwrap();
    within(async {
        while bench.terminals.state(&one).unwrap().history < 900 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    // A flood of one line: a page is one of its lines, or says that the numbers are new.
    for _ in 0..20 {
        let page = ask(None, None).await;
        assert!(
            page.rows.iter().all(|row| row.trim_end() == "y"),
            "{page:?}"
        );
        let above = ask(Some(page.start), Some(&page.epoch)).await;
        assert!(above.resync || above.start + above.rows.len() as u64 == page.start);
    }
    bench.end().await;
}
