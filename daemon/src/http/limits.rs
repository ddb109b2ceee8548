//! Rate limits: by caller once it is known, by address before that. Nothing is keyed by
//! a header that a stranger can set.

use crate::config;
use crate::supervise::Tasks;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// An agent's hooks come in bursts.
const AGENT_FACTOR: u32 = 10;
/// How often forgotten callers are dropped.
const SWEEP: Duration = Duration::from_secs(60);
/// How often a full list of them is looked through.
const CLEAR: Duration = Duration::from_secs(1);
/// Addresses shut out at once.
const MAX_BLOCKED: usize = 65_536;

/// Try again after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub Duration);

/// An address as it is counted: IPv4 whole, of IPv6 the first 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place(u128);

impl Place {
    /// Where that address belongs.
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self(u128::from(ip.to_bits())),
            IpAddr::V6(ip) => Self(ip.to_bits() & !u128::from(u64::MAX)),
        }
    }
}

/// The counters.
pub struct Limits {
    callers: DefaultKeyedRateLimiter<String>,
    agents: DefaultKeyedRateLimiter<String>,
    strangers: DefaultKeyedRateLimiter<Place>,
    failures: DefaultKeyedRateLimiter<Place>,
    /// Until when an address that failed too often is not listened to.
    blocked: Mutex<Blocked>,
}

/// Addresses that are shut out, and when those that are free again were last dropped.
struct Blocked {
    until: HashMap<Place, Instant>,
    cleared: Instant,
}

impl Limits {
    /// Counters at zero.
    pub fn new(limits: &config::Limits) -> Self {
        let quota =
            |count: u32| Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        let requests = limits.requests_per_minute;
        Self {
            callers: DefaultKeyedRateLimiter::keyed(quota(requests)),
            agents: DefaultKeyedRateLimiter::keyed(quota(requests.saturating_mul(AGENT_FACTOR))),
            strangers: DefaultKeyedRateLimiter::keyed(quota(requests)),
            failures: DefaultKeyedRateLimiter::keyed(quota(limits.login_attempts_per_minute)),
            blocked: Mutex::new(Blocked {
                until: HashMap::new(),
                cleared: Instant::now(),
            }),
        }
    }

    /// Counts a request of a known caller.
    ///
    /// # Errors
    /// How long to wait.
    pub fn caller(&self, key: &str, agent: bool) -> Result<(), Wait> {
        let limiter = if agent { &self.agents } else { &self.callers };
        check(limiter, &key.to_owned())
    }

    /// Counts a request that needs no credential.
    ///
    /// # Errors
    /// How long to wait.
    pub fn stranger(&self, place: Place) -> Result<(), Wait> {
        check(&self.strangers, &place)
    }

    /// Counts a bad credential; too many shut the address out for a while.
    pub fn failed(&self, place: Place) {
        let Err(Wait(time)) = check(&self.failures, &place) else {
            return;
        };
        let mut blocked = self.blocked.lock();
        let now = Instant::now();
        // Looking through a full list for each stranger would be their way to keep us busy.
        if blocked.until.len() >= MAX_BLOCKED && now - blocked.cleared >= CLEAR {
            blocked.clear(now);
        }
        if blocked.until.len() < MAX_BLOCKED {
            blocked.until.insert(place, now + time);
        }
    }

    /// Says whether an address may try a credential.
    ///
    /// # Errors
    /// How long to wait.
    pub fn may_try(&self, place: Place) -> Result<(), Wait> {
        let now = Instant::now();
        let mut blocked = self.blocked.lock();
        match blocked.until.get(&place) {
            Some(until) if now < *until => Err(Wait(*until - now)),
            Some(_) => {
                blocked.until.remove(&place);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn sweep(&self) {
        self.callers.retain_recent();
        self.agents.retain_recent();
        self.strangers.retain_recent();
        self.failures.retain_recent();
        self.blocked.lock().clear(Instant::now());
    }
}

impl Blocked {
    fn clear(&mut self, now: Instant) {
        self.until.retain(|_, until| now < *until);
        self.cleared = now;
    }
}

/// Forgets callers that have been quiet, so that the counters stay small.
pub fn keep_small(edge: &super::edge::Edge, tasks: &Tasks) {
    let edge = edge.clone();
    tasks.spawn("limits", move |cancel| async move {
        let mut ticks = tokio::time::interval(SWEEP);
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = ticks.tick() => edge.limits().sweep(),
            }
        }
    });
}

fn check<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Wait> {
    let refused =
        |not: governor::NotUntil<_>| Wait(not.wait_time_from(DefaultClock::default().now()));
    limiter.check_key(key).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet() -> config::Limits {
        config::Limits {
            depth: 3,
            live_agents: 10,
            new_agents_per_hour: 50,
            task_timeout_s: 60,
            quota_wait_s: 300,
            stuck_s: 600,
            look_ms: 500,
            requests_per_minute: 5,
            login_attempts_per_minute: 3,
            sockets_per_user: 1,
        }
    }

    fn limits() -> Limits {
        Limits::new(&quiet())
    }

    #[test]
    fn n02_callers_behind_one_address_have_buckets_of_their_own() {
        let limits = limits();
        let spent = (0..20)
            .filter(|_| limits.caller("a", false).is_err())
            .count();
        assert_eq!(spent, 15);
        assert_eq!(limits.caller("b", false), Ok(()));
        assert!((0..50).all(|_| limits.caller("droid-001", true).is_ok()));
    }

    #[test]
    fn n09_callers_that_went_are_forgotten_and_the_shut_out_are_a_bounded_list() {
        let limits = Limits::new(&config::Limits {
            requests_per_minute: 600_000,
            login_attempts_per_minute: 1,
            ..quiet()
        });
        let network =
            |number: u32| Place::of(std::net::Ipv6Addr::from(u128::from(number) << 64).into());
        for number in 0..100_000 {
            limits.stranger(network(number)).unwrap();
            limits.caller(&number.to_string(), false).unwrap();
            limits.failed(network(number));
            limits.failed(network(number));
        }
        assert_eq!(limits.blocked.lock().until.len(), MAX_BLOCKED);
        assert!(limits.strangers.len() > 50_000);
        limits.sweep();
        // A request in 100 microseconds is back long before the loop is through.
        assert!(limits.strangers.len() < 1000 && limits.callers.len() < 1000);
    }

    #[test]
    fn n03_failed_logins_shut_loopback_out_too_and_v6_counts_by_its_network() {
        let limits = limits();
        let here = Place::of("127.0.0.1".parse().unwrap());
        for _ in 0..4 {
            assert_eq!(limits.may_try(here), Ok(()));
            limits.failed(here);
        }
        assert!(limits.may_try(here).is_err());
        assert_eq!(Place::of("::ffff:127.0.0.1".parse().unwrap()), here);
        let place = |text: &str| Place::of(text.parse().unwrap());
        assert_eq!(place("2001:db8::1"), place("2001:db8::ffff:2"));
        assert_ne!(place("2001:db8::1"), place("2001:db8:0:1::1"));
    }
}
