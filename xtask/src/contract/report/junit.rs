//! JUnit's XML, as build servers read it: a suite for each tool, a case for each finding, failed where it stops the
//! check, and one passed case for a tool without any.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Item, Level, Report};

/// The document.
pub(in crate::contract) fn print(report: &Report) -> String {
    let mut suites: BTreeMap<&str, Vec<&Item>> = report.tools.iter().map(|tool| (tool.as_str(), Vec::new())).collect();
    for item in &report.items {
        suites.entry(item.finding.tool.as_deref().unwrap_or("lock")).or_default().push(item);
    }
    let counts = report.counts();
    let cases: usize = suites.values().map(|items| items.len().max(1)).sum();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites name=\"contract\" tests=\"{cases}\" failures=\"{}\">", counts.errors);
    for (tool, items) in suites {
        let failures = items.iter().filter(|item| item.level() == Level::Error).count();
        let (tool, tests) = (escaped(tool), items.len().max(1));
        let _ = writeln!(xml, "  <testsuite name=\"{tool}\" tests=\"{tests}\" failures=\"{failures}\">");
        if items.is_empty() {
            let _ = writeln!(xml, "    <testcase classname=\"{tool}\" name=\"contract\"/>");
        }
        for item in items {
            case(&mut xml, &tool, item);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn case(xml: &mut String, tool: &str, item: &Item) {
    let rule = item.finding.rule;
    let place = if item.place().is_empty() { item.file.clone() } else { item.place() };
    let name = escaped(&format!("{rule} {place}"));
    let _ = writeln!(xml, "    <testcase classname=\"{tool}\" name=\"{name}\">");
    let text = escaped(&item.message());
    let _ = match item.level() {
        Level::Error => {
            let summary = escaped(rule.summary());
            writeln!(xml, "      <failure type=\"{rule}\" message=\"{summary}\">{text}</failure>")
        }
        Level::Warning | Level::Note => writeln!(xml, "      <system-out>{text}</system-out>"),
    };
    xml.push_str("    </testcase>\n");
}

/// For XML 1.0: markup is escaped, and characters that XML can't hold are replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\r' => escaped.push_str("&#13;"),
            '\0'..'\u{20}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_the_markup() {
        assert_eq!(escaped("<a b=\"&\">\u{1}\n"), "&lt;a b=&quot;&amp;&quot;&gt;\u{fffd}&#10;");
    }
}
