//! What checking a token costs, and how calls with good tokens fare while others come in
//! by the thousand whose keys nobody knows.

use crate::api::Api;
use crate::bench::Bench;
use crate::issuer::{ALGORITHMS, AUDIENCE, Issuer};
use crate::process::{Meter, memory};
use crate::report::Row;
use crate::site::{Daemon, Site};
use crate::stats::{Sample, ms};
use crate::wait::until;
use anyhow::ensure;
use jsonwebtoken::Algorithm;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval_at};

/// People who call steadily, and how often each does.
const CALLERS: u32 = 20;
const EVERY: Duration = Duration::from_millis(100);
/// Connections that the flood comes by.
const MOUTHS: u32 = 8;
/// What a call with a token costs besides the token: the caller's own name.
const PATH: &str = "/api/me";

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    {
        let stage = Stage::set(bench, true).await?;
        for algorithm in ALGORITHMS {
            rows.extend(cost(&stage, algorithm, bench.sizes.tokens).await?);
        }
    }
    for open in [false, true] {
        let stage = Stage::set(bench, open).await?;
        rows.extend(flood(&stage, bench, open).await?);
    }
    Ok(rows)
}

/// A daemon that takes the tokens of an issuer of ours.
struct Stage {
    daemon: Daemon,
    issuer: Arc<Issuer>,
    // Last: it ends what the daemon left.
    _site: Site,
}

impl Stage {
    /// `open`: without the limits that would answer most of a flood before its tokens are
    /// looked at.
    async fn set(bench: &Bench, open: bool) -> anyhow::Result<Self> {
        let issuer = Arc::new(Issuer::start().await?);
        let mut site = Site::new()?;
        let mut settings = vec![
            ("AUTH__LOGIN", "oidc"),
            ("AUTH__ISSUER", &issuer.url),
            ("AUTH__AUDIENCE", AUDIENCE),
        ];
        if open {
            settings.push(("LIMITS__LOGIN_ATTEMPTS_PER_MINUTE", "10000000"));
            settings.push(("LIMITS__REQUESTS_PER_MINUTE", "10000000"));
        }
        for (name, value) in settings {
            site.env
                .insert(format!("ORCHESTRA_{name}"), value.to_owned());
        }
        let daemon = site.start(bench).await?;
        let stage = Self {
            daemon,
            issuer,
            _site: site,
        };
        let first = stage.api(&stage.issuer.token(Algorithm::RS256, "first")?)?;
        until("the issuer's keys", Duration::from_millis(50), || async {
            Ok(first.get(PATH).await.ok())
        })
        .await?;
        Ok(stage)
    }

    fn api(&self, token: &str) -> anyhow::Result<Api> {
        Api::new(&self.daemon.url, token)
    }
}

/// One call after the other, each with a token that is new, then as many with one token.
async fn cost(stage: &Stage, algorithm: Algorithm, calls: usize) -> anyhow::Result<Vec<Row>> {
    let tokens: Vec<String> = (0..calls)
        .map(|_| stage.issuer.token(algorithm, "cost"))
        .collect::<anyhow::Result<_>>()?;
    let known = vec![tokens[0].clone(); calls];
    let mut api = stage.api("")?;
    let mut measured = Vec::new();
    for tokens in [&tokens, &known] {
        let meter = Meter::start([stage.daemon.pid]);
        let mut times = Sample::default();
        for token in tokens {
            api.token.clone_from(token);
            let begun = Instant::now();
            api.get(PATH).await?;
            times.add(ms(begun.elapsed()));
        }
        measured.push((times, meter.seconds() * 1e6 / calls as f64));
    }
    let [(new, new_cost), (known, known_cost)] = &measured[..] else {
        anyhow::bail!("two measures were made");
    };
    Ok(vec![
        Row::of(format!("a call with a new {algorithm:?} token"), "ms", new),
        Row::of("  with one that was checked before", "ms", known),
        Row::one("  processor for checking it", "µs", new_cost - known_cost)
            .runs(calls)
            .note("the daemon's, for form, signature, claims, and looking the person up"),
    ])
}

/// Steady callers alone, then beside the flood.
async fn flood(stage: &Stage, bench: &Bench, open: bool) -> anyhow::Result<Vec<Row>> {
    let (length, count) = (bench.sizes.jwt_flood, bench.sizes.strangers);
    // Known before the flood: where an address guesses, new logins from there have to wait.
    let callers = callers(stage).await?;
    let quiet = steady(stage, &callers, length, false).await?;
    let strangers: Vec<String> = (0..count)
        .map(|number| stage.issuer.stranger(number))
        .collect::<anyhow::Result<_>>()?;
    let (fetched, before) = (stage.issuer.fetched(), memory(stage.daemon.pid)?.rss);
    let meter = Meter::start([stage.daemon.pid]);
    let (beside, answered) = tokio::join!(
        steady(stage, &callers, length, open),
        pour(stage, strangers, length)
    );
    let (beside, answered) = (beside?, answered?);
    let processor = meter.percent();
    let grown = memory(stage.daemon.pid)?.rss.saturating_sub(before);
    let when = if open {
        "limits off"
    } else {
        "limits as they ship"
    };
    let mut rows = vec![
        Row::of(
            format!("good tokens, nothing else ({when})"),
            "ms",
            &quiet.known,
        ),
        Row::of(
            format!("  beside {count} unknown keys in {} s", length.as_secs()),
            "ms",
            &beside.known,
        )
        .tail_within(50.0)
        .note(answered.describe()),
    ];
    if open {
        rows.push(
            Row::of(
                "  tokens seen for the first time, beside them",
                "ms",
                &beside.new,
            )
            .tail_within(50.0),
        );
    }
    rows.extend([
        Row::one("  fetches of the issuer's keys meanwhile", "", {
            (stage.issuer.fetched() - fetched) as f64
        })
        .within(1.0),
        Row::one("  the daemon's processor", "% core", processor),
        Row::one("  memory that it grew by", "MB", grown as f64 / 1000.0),
    ]);
    Ok(rows)
}

#[derive(Default)]
struct Steady {
    known: Sample,
    new: Sample,
}

/// People with a token each that was checked before.
async fn callers(stage: &Stage) -> anyhow::Result<Vec<(String, Api)>> {
    let mut callers = Vec::new();
    for number in 0..CALLERS {
        let subject = format!("steady-{number}");
        let api = stage.api(&stage.issuer.token(Algorithm::RS256, &subject)?)?;
        api.get(PATH).await?;
        callers.push((subject, api));
    }
    Ok(callers)
}

/// Calls on time by each of them; with `new`, every tenth has a token of its own.
async fn steady(
    stage: &Stage,
    people: &[(String, Api)],
    length: Duration,
    new: bool,
) -> anyhow::Result<Steady> {
    let mut callers = JoinSet::new();
    let calls = length.as_millis() / EVERY.as_millis();
    for (number, (subject, api)) in (0..).zip(people.iter().cloned()) {
        let mut api = api;
        let issuer = Arc::clone(&stage.issuer);
        callers.spawn(async move {
            let mut times = Steady::default();
            let mut ticks = interval_at((Instant::now() + EVERY * number / CALLERS).into(), EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            for call in 0..calls {
                let fresh = new && call % 10 == 9;
                if fresh {
                    api.token = issuer.token(Algorithm::RS256, &subject)?;
                }
                // What it waits for its turn counts: the clock runs from when it was due.
                let due = ticks.tick().await;
                api.get(PATH).await?;
                let time = ms(due.elapsed());
                let sample = if fresh {
                    &mut times.new
                } else {
                    &mut times.known
                };
                sample.add(time);
            }
            anyhow::Ok(times)
        });
    }
    let mut all = Steady::default();
    while let Some(done) = callers.join_next().await {
        let one = done??;
        all.known.extend(one.known.values());
        all.new.extend(one.new.values());
    }
    Ok(all)
}

/// How the flood was answered.
#[derive(Default)]
struct Answered {
    refused: AtomicUsize,
    shed: AtomicUsize,
}

impl Answered {
    fn describe(&self) -> String {
        let [refused, shed] = [&self.refused, &self.shed].map(|one| one.load(Ordering::Relaxed));
        format!("{refused} were looked at and answered 401, {shed} shed with 429")
    }
}

/// Sends each token once, evenly over the time.
async fn pour(
    stage: &Stage,
    strangers: Vec<String>,
    length: Duration,
) -> anyhow::Result<Arc<Answered>> {
    let answered = Arc::new(Answered::default());
    let every = length * MOUTHS / u32::try_from(strangers.len().max(1))?;
    let mut mouths = JoinSet::new();
    for number in 0..MOUTHS {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("{}{PATH}", stage.daemon.url);
        let mine: Vec<String> = strangers
            .iter()
            .skip(number as usize)
            .step_by(MOUTHS as usize)
            .cloned()
            .collect();
        let answered = Arc::clone(&answered);
        mouths.spawn(async move {
            let mut ticks = interval_at((Instant::now() + every * number / MOUTHS).into(), every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            for token in mine {
                ticks.tick().await;
                let status = client.get(&url).bearer_auth(token).send().await?.status();
                let counter = match status.as_u16() {
                    401 => &answered.refused,
                    429 => &answered.shed,
                    other => anyhow::bail!("a stranger got {other}"),
                };
                counter.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = mouths.join_next().await {
        done??;
    }
    let sum = answered.refused.load(Ordering::Relaxed) + answered.shed.load(Ordering::Relaxed);
    ensure!(sum == strangers.len(), "{sum} answers");
    Ok(answered)
}
