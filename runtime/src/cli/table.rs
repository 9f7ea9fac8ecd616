//! Lays out rows in columns, for a terminal.

use anstyle::Style;

/// Rows of cells under headings, each column as wide as its widest cell.
pub(super) struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(headings: &[&'static str]) -> Self {
        Self { headings: headings.to_vec(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, headings first, each with `indent` spaces before it.
    pub(super) fn lines(&self, indent: usize) -> Vec<String> {
        let widths: Vec<usize> = (0..self.headings.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
                cells.chain([self.headings[column].len()]).max().unwrap_or(0)
            })
            .collect();
        let line = |cells: &[String]| {
            let mut line = " ".repeat(indent);
            for (cell, width) in cells.iter().zip(&widths) {
                line.push_str(&format!("{cell:<width$}  "));
            }
            line.trim_end().to_owned()
        };
        let bold = Style::new().bold();
        let headings: Vec<String> = self.headings.iter().map(|heading| (*heading).to_owned()).collect();
        std::iter::once(format!("{bold}{}{bold:#}", line(&headings)))
            .chain(self.rows.iter().map(|row| line(row)))
            .collect()
    }
}
