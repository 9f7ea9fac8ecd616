//! A page as text: its title, its impacts, its fenced blocks.

use serde_json::Value;

use crate::{Direction, Rule};

/// A page of `docs/rules`.
pub(super) struct Page {
    pub(super) rule: Rule,
    pub(super) text: String,
    /// One for each direction that the rule has an impact in, or a single one without a direction.
    pub(super) impacts: Vec<Said>,
    blocks: Vec<Block>,
}

/// What a page says about an impact.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) direction: Option<Direction>,
    /// What the rule asks for.
    pub(super) asks: String,
    /// What is found in the example: `major, breaking`; the verdict is there where there is a direction.
    pub(super) here: String,
    pub(super) witness: Option<Value>,
}

struct Block {
    tag: String,
    text: String,
}

impl Page {
    pub(super) fn read(rule: Rule, text: String) -> Self {
        let (mut impacts, mut witness) = (Vec::new(), None);
        for line in text.lines() {
            let cells = cells(line);
            let direction = match cells.first().map(String::as_str) {
                Some("input") => Direction::Input,
                Some("output") => Direction::Output,
                _ => {
                    if let Some(impact) = quoted(line, "Impact: `") {
                        impacts.push(Said { direction: None, asks: impact.clone(), here: impact, witness: None });
                    }
                    witness = quoted(line, "Witness: `").or(witness);
                    continue;
                }
            };
            let witness = cells.get(3).filter(|cell| !cell.is_empty()).map(|cell| json(rule, cell));
            impacts.push(Said { direction: Some(direction), asks: cells[1].clone(), here: cells[2].clone(), witness });
        }
        if let (Some(witness), [said]) = (witness, impacts.as_mut_slice()) {
            said.witness = Some(json(rule, &witness));
        }
        Self { rule, blocks: blocks(&text), text, impacts }
    }

    /// The title and the sentence below it are the rule's.
    pub(super) fn has_the_rules_words(&self) -> bool {
        let mut lines = self.text.lines().filter(|line| !line.is_empty());
        lines.next() == Some(&format!("# {}", self.rule)) && lines.next() == Some(self.rule.summary())
    }

    /// The blocks with a tag: ```` ```json old ````.
    pub(super) fn blocks(&self, tag: &str) -> impl Iterator<Item = &str> {
        self.blocks.iter().filter(move |block| block.tag == tag).map(|block| block.text.as_str())
    }

    pub(super) fn block(&self, tag: &str) -> Option<&str> {
        self.blocks(tag).next()
    }

    /// There is another newer side of the example, other edits of the lock, or other waivers.
    pub(super) fn has_variant(&self, variant: &str) -> bool {
        ["", "-files", "-waivers"].iter().any(|part| self.block(&format!("{variant}{part}")).is_some())
    }

    pub(super) fn json(&self, tag: &str) -> Option<Value> {
        self.block(tag).map(|text| json(self.rule, text))
    }

    /// The other rules that the paragraph "Near miss: …" names.
    pub(super) fn near(&self) -> Vec<Rule> {
        let paragraph = self.text.split("\n\n").find(|paragraph| paragraph.starts_with("Near miss: "));
        paragraph
            .unwrap_or_default()
            .split('`')
            .filter_map(|word| word.parse().ok())
            .filter(|rule| *rule != self.rule)
            .collect()
    }

    pub(super) fn names(&self, rule: Rule) -> bool {
        self.text.contains(&format!("`{rule}`"))
    }

    /// As it stands in the index: by direction where the rule has one.
    pub(super) fn index_line(&self) -> String {
        let (rule, summary) = (self.rule, self.rule.summary());
        let of =
            |direction| self.impacts.iter().find(|said| said.direction == direction).map(|said| said.asks.as_str());
        let (input, output) = (of(Some(Direction::Input)), of(Some(Direction::Output)));
        let impacts = match of(None) {
            Some(impact) => impact.to_owned(),
            None => format!("{} | {}", input.unwrap_or("–"), output.unwrap_or("–")),
        };
        format!("| [`{rule}`]({rule}.md) | {summary} | {impacts} |")
    }
}

/// The rows of the guide's tables of operations, as `(input or output, cells)`. The head names the part.
pub(super) fn operation_rows(guide: &str) -> Vec<(&'static str, Vec<String>)> {
    let (mut rows, mut part) = (Vec::new(), None);
    for line in guide.lines() {
        let cells = cells(line);
        part = match cells.first().map(String::as_str) {
            Some("in `input`") => Some("input"),
            Some("in `output`") => Some("output"),
            _ => part.filter(|_| line.starts_with('|')),
        };
        if let (Some(part), true) = (part, cells.len() == 3 && cells.iter().all(|cell| cell.starts_with('`'))) {
            rows.push((part, cells.iter().map(|cell| cell.trim_matches('`').to_owned()).collect()));
        }
    }
    rows
}

fn cells(line: &str) -> Vec<String> {
    let Some(inside) = line.strip_prefix("| ").and_then(|line| line.strip_suffix('|')) else { return Vec::new() };
    inside.split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn quoted(line: &str, before: &str) -> Option<String> {
    Some(line.strip_prefix(before)?.split('`').next()?.to_owned())
}

fn json(rule: Rule, text: &str) -> Value {
    serde_json::from_str(text.trim_matches('`'))
        .unwrap_or_else(|error| panic!("docs/rules/{rule}.md: {error} in\n{text}"))
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(opened) = line.strip_prefix("```") else { continue };
        let inside: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let tag = opened.split_once(' ').map_or("", |(_, tag)| tag).to_owned();
        blocks.push(Block { tag, text: inside.join("\n") });
    }
    blocks
}
