//! `vestnik costs`: what the messages of a month cost and saved.

use console::style;
use vestnik_model::{
    cost::{CostReport, CostRow, CostTotal},
    route,
};

use crate::{api::Api, args::CostsArgs, exit::Failure, output::Output};

pub(crate) async fn run(args: CostsArgs, output: &Output) -> Result<(), Failure> {
    let month = args.month.to_string();
    let api = Api::new(&args.server)?;
    let report: CostReport = api.get_by(route::COSTS, &[("month", &month)]).await?;
    output.result(&report, words);
    Ok(())
}

fn words(report: &CostReport) -> String {
    if report.data.is_empty() {
        return format!(
            "nothing is known to have cost or saved anything in {}",
            report.month
        );
    }
    let head = [
        "channel", "provider", "", "messages", "cost", "not sent", "saved",
    ];
    let mut table = vec![head.map(str::to_owned)];
    table.extend(report.data.iter().map(row_cells));
    table.extend(report.totals.iter().map(total_cells));
    let lines = table.iter().map(|cells| line(&table, cells));
    let mut lines: Vec<_> = lines.collect();
    if let Some(head) = lines.first_mut() {
        *head = style(&head).bold().to_string();
    }
    lines.join("\n")
}

fn row_cells(row: &CostRow) -> [String; 7] {
    [
        row.channel.to_string(),
        row.provider.clone().unwrap_or_default(),
        row.currency.to_string(),
        row.messages.to_string(),
        row.cost.clone(),
        row.spared.to_string(),
        row.saved.clone(),
    ]
}

fn total_cells(total: &CostTotal) -> [String; 7] {
    [
        "total".to_owned(),
        String::new(),
        total.currency.to_string(),
        total.messages.to_string(),
        total.cost.clone(),
        total.spared.to_string(),
        total.saved.clone(),
    ]
}

/// A line of a table: words to the left, numbers to the right.
fn line(table: &[[String; 7]], cells: &[String; 7]) -> String {
    let widths = (0..cells.len()).map(|column| {
        let cells = table.iter().filter_map(|cells| cells.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    });
    let padded = cells
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (cell, width))| {
            if column < 3 {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            }
        });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use vestnik_model::{
        Currency,
        cost::{CostLine, Month},
    };

    use super::*;

    #[test]
    fn a_report_is_a_table_with_a_total_of_each_currency() {
        let month: Month = "2026-11".parse().unwrap();
        let line = |channel: &str, currency: &str, cost| CostLine {
            channel: vestnik_model::Open::read(channel),
            provider: Some("main".to_owned()),
            currency: Currency::parse(currency).unwrap(),
            messages: 12,
            cost,
            spared: 3,
            saved: 9_600_000,
        };
        let lines = [line("sms", "RUB", 38_400_000), line("viber", "EUR", 70_000)];
        let shown = words(&CostReport::of(month, &lines));
        let expected = "\
channel  provider       messages   cost  not sent  saved
sms      main      RUB        12  38.40         3   9.60
viber    main      EUR        12   0.07         3   9.60
total              EUR        12   0.07         3   9.60
total              RUB        12  38.40         3   9.60";
        assert_eq!(console::strip_ansi_codes(&shown), expected);
        let empty = words(&CostReport::of(month, &[]));
        assert!(empty.contains("2026-11"), "{empty}");
    }
}
