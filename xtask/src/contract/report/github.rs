//! Annotations of GitHub Actions (workflow commands): a line for each finding, at its place in the repository.

use std::fmt::Write as _;

use super::{Item, Level, Report};

/// The lines, and one that sums up.
pub(in crate::contract) fn print(report: &Report) -> String {
    let mut text = String::new();
    for item in &report.items {
        annotation(&mut text, item, &report.prefix);
    }
    for note in &report.notes {
        let _ = writeln!(text, "::notice title=contract::{}", data(note));
    }
    let counts = report.counts();
    let _ = writeln!(text, "{} errors, {} warnings, {} notes", counts.errors, counts.warnings, counts.notes);
    text
}

fn annotation(text: &mut String, item: &Item, prefix: &str) {
    let command = match item.level() {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let file = property(&format!("{prefix}{}", item.file));
    let line = item.line.map(|line| format!(",line={line}")).unwrap_or_default();
    let title = property(format!("{} {}", item.finding.rule, item.place()).trim_end());
    let _ = writeln!(text, "::{command} file={file}{line},title={title}::{}", data(&item.message()));
}

/// A message; what would end it is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value, which also ends at `,` and `:`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_starts_another_command() {
        assert_eq!(data("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(property("a:b,c%"), "a%3Ab%2Cc%25");
    }
}
