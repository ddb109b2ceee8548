//! Named moments at which a build for tests ends itself as `kill -9` would, so that a test
//! can put a kill between two steps that no clock can hit. A release build has none of it.

/// Ends this process when the environment's `FAILPOINT` names the moment.
#[cfg(debug_assertions)]
pub fn reach(moment: &str) {
    use std::sync::LazyLock;
    #[expect(
        clippy::disallowed_methods,
        reason = "no setting: nothing of it is in a release"
    )]
    static WANTED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("FAILPOINT").ok());
    if WANTED.as_deref() != Some(moment) {
        return;
    }
    // A kill of oneself is there before the next instruction; a failure would be seen by the
    // test, which waits for the end.
    let _ = nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::Signal::SIGKILL);
}

/// Nothing, in a release.
#[cfg(not(debug_assertions))]
pub fn reach(_moment: &str) {}
