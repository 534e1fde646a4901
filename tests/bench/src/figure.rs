//! Figures with their goals, and how they are printed.

use std::fmt;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::{stat::Figures, table::Table};

/// What a figure should come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    Below(f64),
    /// It stands beside another figure.
    None,
}

impl Goal {
    fn verdict(self, median: f64) -> &'static str {
        let is_met = match self {
            Self::AtLeast(least) => median >= least,
            Self::AtMost(most) => median <= most,
            Self::Below(bound) => median < bound,
            Self::None => return "-",
        };
        if is_met { "met" } else { "missed" }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::Below(bound) => write!(f, "< {bound}"),
            Self::None => f.write_str("-"),
        }
    }
}

/// A figure of several runs.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    name: String,
    unit: &'static str,
    values: Figures,
    goal: Goal,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, unit: &'static str, values: Figures) -> Self {
        Self {
            name: name.into(),
            unit,
            values,
            goal: Goal::None,
        }
    }

    /// A ratio of two sides of one run.
    pub(crate) fn ratio(name: impl Into<String>, goal: Goal, values: Figures) -> Self {
        Self::new(name, "×", values).with(goal)
    }

    pub(crate) fn with(self, goal: Goal) -> Self {
        Self { goal, ..self }
    }

    /// A figure that did not come out makes the part void.
    pub(crate) fn must_be_sound(&self) -> Result<()> {
        let is_sound = self.values.median().is_some_and(f64::is_finite);
        ensure!(is_sound, "there is no sound figure of: {}", self.name);
        Ok(())
    }

    fn median(&self) -> f64 {
        self.values.median().unwrap_or(f64::NAN)
    }

    fn decimals(&self) -> usize {
        match self.median().abs() {
            large if large >= 1_000.0 => 0,
            middle if middle >= 20.0 => 1,
            _ => 2,
        }
    }

    fn cells(&self, part: &str) -> Vec<String> {
        vec![
            part.to_owned(),
            self.name.clone(),
            format!("{} {}", self.values.shown(self.decimals()), self.unit),
            self.goal.to_string(),
            self.goal.verdict(self.median()).to_owned(),
        ]
    }

    fn json(&self, part: &str) -> Value {
        let (goal, bound) = match self.goal {
            Goal::AtLeast(least) => (Some("at_least"), Some(least)),
            Goal::AtMost(most) => (Some("at_most"), Some(most)),
            Goal::Below(bound) => (Some("below"), Some(bound)),
            Goal::None => (None, None),
        };
        json!({
            "part": part,
            "figure": self.name,
            "unit": self.unit,
            "median": self.median(),
            "runs": self.values.sorted(),
            "goal": goal,
            "bound": bound,
            "verdict": self.goal.verdict(self.median()),
        })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.values.shown(self.decimals());
        write!(f, "{}: {shown} {}", self.name, self.unit)?;
        if self.goal == Goal::None {
            return Ok(());
        }
        let verdict = self.goal.verdict(self.median());
        write!(f, ", goal {}: {verdict}", self.goal)
    }
}

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<(String, Figure)>);

impl Report {
    pub(crate) fn add(&mut self, part: impl fmt::Display, figures: Vec<Figure>) {
        let part = part.to_string();
        self.0
            .extend(figures.into_iter().map(|figure| (part.clone(), figure)));
    }

    pub(crate) fn table(&self) -> Table {
        let heading = "Medians of the runs, with the least and the most";
        let mut table = Table::new(heading, &["part", "figure", "measured", "goal", "verdict"]);
        for (part, figure) in &self.0 {
            table.row(figure.cells(part));
        }
        table
    }

    pub(crate) fn json(&self, machine: &str) -> Value {
        let figures = self.0.iter().map(|(part, figure)| figure.json(part));
        json!({ "machine": machine, "figures": figures.collect::<Vec<_>>() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_at_its_bound_unless_it_must_be_below() {
        assert_eq!(Goal::AtLeast(0.5).verdict(0.5), "met");
        assert_eq!(Goal::AtLeast(0.5).verdict(0.49), "missed");
        assert_eq!(Goal::AtMost(2.0).verdict(2.0), "met");
        assert_eq!(Goal::AtMost(2.0).verdict(2.1), "missed");
        assert_eq!(Goal::Below(10.0).verdict(10.0), "missed");
        assert_eq!(Goal::None.verdict(7.0), "-");
        assert_eq!(Goal::AtMost(2.0).verdict(f64::NAN), "missed");
    }

    #[test]
    fn a_report_says_figure_goal_and_verdict() {
        let values = Figures::from_iter([0.25, 0.5, 0.75]);
        let figure = Figure::ratio("REST over store calls", Goal::AtLeast(0.4), values);
        assert_eq!(
            figure.to_string(),
            "REST over store calls: 0.50 (0.25–0.75) ×, goal ≥ 0.4: met"
        );
        let mut report = Report::default();
        report.add("publish", vec![figure]);
        let json = report.json("two cores");
        let line = &json["figures"][0];
        assert_eq!(
            (&line["median"], &line["verdict"]),
            (&json!(0.5), &json!("met"))
        );
        assert!(report.table().to_string().contains("| met "));
    }

    #[test]
    fn a_figure_without_a_value_is_not_sound() {
        let none = Figure::new("nothing", "/s", Figures::default());
        assert!(none.must_be_sound().is_err());
        let zero = Figure::new("zero", "ms", Figures::from_iter([0.0]));
        assert!(zero.must_be_sound().is_ok());
    }
}
