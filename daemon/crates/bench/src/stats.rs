//! Samples and their percentiles.

use std::time::Duration;

/// Milliseconds, with what is below them.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Values of one kind, as they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The values, as they came.
    pub(crate) fn values(self) -> Vec<f64> {
        self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that at least this share of all does not exceed: a value that
    /// was measured, never one between two.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (share / 100.0 * sorted.len() as f64).ceil() as usize;
        let at = rank.clamp(1, sorted.len().max(1)) - 1;
        sorted.get(at).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn p50(&self) -> f64 {
        self.percentile(50.0)
    }

    pub(crate) fn p99(&self) -> f64 {
        self.percentile(99.0)
    }
}

impl Extend<f64> for Sample {
    fn extend<T: IntoIterator<Item = f64>>(&mut self, values: T) {
        self.0.extend(values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let mut sample = Sample::default();
        sample.extend((1..=100).rev().map(f64::from));
        assert_eq!(
            (sample.p50().to_bits(), sample.p99().to_bits()),
            (50.0_f64.to_bits(), 99.0_f64.to_bits())
        );
        let mut one = Sample::default();
        one.add(7.0);
        assert_eq!(one.p50().to_bits(), one.p99().to_bits());
        assert!(Sample::default().p50().is_nan());
    }
}
