//! Medians with their spread.

use std::fmt;

/// Figures of the same thing from several rounds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures(Vec<f64>);

impl Figures {
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
        self.0.sort_by(f64::total_cmp);
    }

    /// The median, or nothing when no round gave a figure.
    pub(crate) fn median(&self) -> Option<f64> {
        let middle = self.0.len() / 2;
        let upper = *self.0.get(middle)?;
        if self.0.len() % 2 == 1 {
            return Some(upper);
        }
        Some((self.0[middle - 1] + upper) / 2.0)
    }

    /// The median, the least and the most, with a number of decimals.
    pub(crate) fn shown(&self, decimals: usize) -> Shown<'_> {
        Shown {
            figures: self,
            decimals,
        }
    }

    /// The figures, the least first.
    pub(crate) fn sorted(&self) -> &[f64] {
        &self.0
    }

    /// Whether there is a figure and each is a number above nothing.
    pub(crate) fn is_sound(&self) -> bool {
        !self.0.is_empty()
            && self
                .0
                .iter()
                .all(|figure| figure.is_finite() && *figure > 0.0)
    }
}

impl Extend<f64> for Figures {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, figures: I) {
        for figure in figures {
            self.push(figure);
        }
    }
}

impl FromIterator<f64> for Figures {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Self {
        let mut own = Self::default();
        own.extend(figures);
        own
    }
}

/// Figures on their way into a table.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    figures: &'a Figures,
    decimals: usize,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(median), Some(least), Some(most)) = (
            self.figures.median(),
            self.figures.0.first(),
            self.figures.0.last(),
        ) else {
            return f.write_str("-");
        };
        let decimals = self.decimals;
        write!(f, "{median:.decimals$}")?;
        if self.figures.0.len() > 1 {
            write!(f, " ({least:.decimals$}–{most:.decimals$})")?;
        }
        Ok(())
    }
}

/// The value below which a share of sorted values lies.
pub(crate) fn percentile(sorted: &[u32], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let rank = (share * last as f64).round() as usize;
    f64::from(sorted[rank.min(last)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_stands_in_the_middle_of_its_spread() {
        let odd = Figures::from_iter([3.0, 1.0, 2.0]);
        assert_eq!(odd.shown(1).to_string(), "2.0 (1.0–3.0)");
        let even = Figures::from_iter([4.0, 1.0, 2.0, 3.0]);
        assert_eq!(even.median(), Some(2.5));
        assert_eq!(Figures::default().shown(1).to_string(), "-");
    }

    #[test]
    fn figures_that_are_none_are_not_sound() {
        assert!(Figures::from_iter([1.0]).is_sound());
        assert!(!Figures::from_iter([1.0, f64::NAN]).is_sound());
        assert!(!Figures::from_iter([0.0]).is_sound());
        assert!(!Figures::default().is_sound());
    }

    #[test]
    fn percentiles_of_a_hundred_and_one() {
        let values: Vec<u32> = (0..=100).collect();
        assert_eq!(percentile(&values, 0.5), 50.0);
        assert_eq!(percentile(&values, 0.99), 99.0);
        assert!(percentile(&[], 0.5).is_nan());
    }
}
