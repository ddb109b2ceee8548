//! Work on files in a few threads: they mostly wait for the disk.

use parking_lot::Mutex;

/// Does `work` on each item in at most `threads` threads; the results are in order.
pub fn map<T: Send, R: Send>(
    items: Vec<T>,
    threads: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let count = items.len();
    let waiting = Mutex::new(items.into_iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, count.max(1)) {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().next();
                    let Some((place, item)) = next else { break };
                    let result = work(item);
                    done.lock().push((place, result));
                }
            });
        }
    });
    let mut done = done.into_inner();
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Threads for work that mostly needs the processor, beside everything else here.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |count| count.get().min(4))
}

/// Runs file work beside the daemon's own.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    done(tokio::task::spawn_blocking(work).await)
}

/// What such work came to; its panic is this task's.
pub fn done<T>(work: Result<T, tokio::task::JoinError>) -> T {
    match work {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_are_in_order_whatever_the_threads_do() {
        let items: Vec<u64> = (0..1000).collect();
        let expected: Vec<u64> = items.iter().map(|item| item * 2).collect();
        for threads in [0, 1, 7, 5000] {
            assert_eq!(
                super::map(items.clone(), threads, |item| item * 2),
                expected
            );
        }
        assert!(super::map(Vec::<u64>::new(), 3, |item| item).is_empty());
    }
}
