//! The figures: as a table for a person, as JSON for a program.

use crate::machine::Machine;
use crate::stats::Sample;
use serde::Serialize;
use std::io::Write;

/// The most that `p50` and `p99` may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
struct Budget {
    p50: Option<f64>,
    p99: Option<f64>,
}

impl Budget {
    fn describe(self) -> String {
        match (self.p50, self.p99) {
            (Some(half), Some(tail)) => format!("≤ {half} / {tail}"),
            (Some(half), None) => format!("≤ {half}"),
            (None, Some(tail)) => format!("p99 ≤ {tail}"),
            (None, None) => String::new(),
        }
    }
}

/// One line of a figure. One value stands in `p50`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    what: String,
    unit: &'static str,
    runs: usize,
    p50: f64,
    p99: Option<f64>,
    /// What it should not exceed, where something was promised.
    budget: Option<Budget>,
    /// True when it does.
    over: bool,
    note: Option<String>,
}

impl Row {
    /// A single value.
    pub(crate) fn one(what: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self {
            what: what.into(),
            unit,
            runs: 1,
            p50: value,
            p99: None,
            budget: None,
            over: false,
            note: None,
        }
    }

    /// What another could not do at all; that is a result of the comparison, too.
    pub(crate) fn gave_up(name: &str, error: &anyhow::Error) -> Self {
        let row = Self::one(format!("{name} gave up"), "", f64::NAN);
        row.note(format!("{error:#}"))
    }

    /// Many runs of the same.
    pub(crate) fn of(what: impl Into<String>, unit: &'static str, sample: &Sample) -> Self {
        Self {
            runs: sample.len(),
            p99: Some(sample.p99()),
            ..Self::one(what, unit, sample.p50())
        }
    }

    /// How many times the second the first is.
    pub(crate) fn ratio(what: impl Into<String>, one: f64, other: f64) -> Self {
        Self::one(what, "×", one / other)
    }

    /// Promises that the value, or half of the values, are no more than this.
    pub(crate) fn within(self, most: f64) -> Self {
        let tail = self.budget.and_then(|budget| budget.p99);
        self.promise(Some(most), tail)
    }

    /// Promises that all but one in a hundred are no more than this.
    pub(crate) fn tail_within(self, most: f64) -> Self {
        let half = self.budget.and_then(|budget| budget.p50);
        self.promise(half, Some(most))
    }

    fn promise(mut self, p50: Option<f64>, p99: Option<f64>) -> Self {
        let above = |value: Option<f64>, most: Option<f64>| match (value, most) {
            (Some(value), Some(most)) => value > most,
            _ => false,
        };
        self.over = above(Some(self.p50), p50) || above(self.p99, p99);
        self.budget = Some(Budget { p50, p99 });
        self
    }

    /// How many runs a value was taken from.
    pub(crate) fn runs(mut self, runs: usize) -> Self {
        self.runs = runs;
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    fn cells(&self) -> [String; 8] {
        [
            self.what.clone(),
            self.runs.to_string(),
            number(self.p50),
            self.p99.map(number).unwrap_or_default(),
            self.unit.to_owned(),
            self.budget.map(Budget::describe).unwrap_or_default(),
            if self.over { "OVER" } else { "" }.to_owned(),
            self.note.clone().unwrap_or_default(),
        ]
    }
}

/// A figure with its rows, or why there are none.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    pub name: String,
    pub title: &'static str,
    pub rows: Vec<Row>,
    pub skipped: Option<String>,
    pub failed: Option<String>,
    /// How long it took to measure.
    pub seconds: f64,
}

/// Everything one run found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub machine: Machine,
    pub quick: bool,
    pub figures: Vec<Figure>,
}

impl Report {
    /// Says which rows are over their budget, once more and together.
    pub(crate) fn summary(&self) -> String {
        let over = |figure: &Figure| {
            let rows = figure.rows.iter().filter(|row| row.over);
            let name = figure.name.clone();
            rows.map(move |row| format!("  {name}: {}", row.cells()[..6].join("  ")))
                .collect::<Vec<_>>()
        };
        let lines: Vec<String> = self.figures.iter().flat_map(over).collect();
        if lines.is_empty() {
            return "every row is within its budget".to_owned();
        }
        format!("OVER their budget:\n{}", lines.join("\n"))
    }

    /// Figures that broke, skipped ones not counted.
    pub(crate) fn failed(&self) -> usize {
        let broken = |figure: &&Figure| figure.failed.is_some();
        self.figures.iter().filter(broken).count()
    }
}

const HEAD: [&str; 8] = ["", "runs", "p50", "p99", "unit", "budget", "", "note"];

impl Figure {
    /// Prints the figure. A run takes minutes, so each is shown as soon as it is known.
    pub(crate) fn print(&self) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "\n{}: {} ({:.0} s)",
            self.name, self.title, self.seconds
        )?;
        if let Some(why) = &self.skipped {
            return writeln!(out, "  skipped: {why}");
        }
        if let Some(why) = &self.failed {
            return writeln!(out, "  FAILED: {why}");
        }
        let mut lines = vec![HEAD.map(str::to_owned)];
        lines.extend(self.rows.iter().map(Row::cells));
        for line in &lines {
            writeln!(out, "  {}", padded(line, &widths(&lines)))?;
        }
        Ok(())
    }
}

fn widths(lines: &[[String; 8]]) -> [usize; 8] {
    std::array::from_fn(|column| {
        let width = |line: &[String; 8]| line[column].chars().count();
        lines.iter().map(width).max().unwrap_or_default()
    })
}

/// Words to the left, numbers to the right.
fn padded(cells: &[String; 8], widths: &[usize; 8]) -> String {
    let cell = |(column, text): (usize, &String)| {
        let width = widths[column];
        if (1..=3).contains(&column) {
            format!("{text:>width$}")
        } else {
            format!("{text:<width$}")
        }
    };
    let cells: Vec<String> = cells.iter().enumerate().map(cell).collect();
    cells.join("  ").trim_end().to_owned()
}

/// Three digits that count; more would claim more than a shared machine can say.
fn number(value: f64) -> String {
    let places = match value.abs() {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 0.1 || value == 0.0 => 2,
        _ => 3,
    };
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_columns_line_up() {
        assert_eq!(
            [0.0123, 0.5, 12.34, 1234.5].map(number),
            ["0.012", "0.50", "12.3", "1234"]
        );
        let lines = [
            Row::one("a", "ms", 1.0).cells(),
            Row::one("longer", "MB", 100.0).cells(),
        ];
        let shown = lines.each_ref().map(|line| padded(line, &widths(&lines)));
        assert_eq!(shown, ["a       1  1.00    ms", "longer  1   100    MB"]);
    }

    #[test]
    fn a_row_over_its_budget_is_marked() {
        let mut sample = Sample::default();
        sample.extend([1.0, 2.0, 3.0]);
        let row = |half, tail| Row::of("a", "ms", &sample).within(half).tail_within(tail);
        assert_eq!(row(2.0, 3.0).cells()[5..7], ["≤ 2 / 3", ""]);
        assert_eq!(row(1.9, 3.0).cells()[6], "OVER");
        assert_eq!(row(2.0, 2.9).cells()[6], "OVER");
    }
}
