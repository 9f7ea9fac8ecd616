//! Text out of a pattern: a walk through the expression that picks at each fork.
//!
//! Look-around and back-references have no such walk, and text for them is only found by chance.

use std::{rc::Rc, sync::Arc};

use fastrand::Rng;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::Generator;

/// The longest text that is made.
const LONGEST: usize = 4_096;

/// A pattern that can be walked.
#[derive(Debug)]
pub(super) struct Pattern {
    expression: Hir,
}

impl Pattern {
    fn new(pattern: &str) -> Option<Self> {
        let translated = jsonschema_regex::to_rust_regex(pattern).ok()?;
        regex_syntax::parse(&translated).ok().map(|expression| Self { expression })
    }

    /// Text may stand before a match, and after it.
    fn open(&self) -> (bool, bool) {
        let set = self.expression.properties().look_set();
        (!set.contains(Look::Start), !set.contains(Look::End))
    }
}

impl Generator<'_> {
    /// Text that has a match, most likely of the wanted length. The more attempts were made, the longer the
    /// repetitions.
    pub(super) fn patterned(&mut self, pattern: &Arc<str>, least: usize, most: usize, attempt: u32) -> Option<String> {
        let known = self.patterns.entry(pattern.clone()).or_insert_with(|| Pattern::new(pattern).map(Rc::new));
        let known = known.clone()?;
        let stretch = if attempt == 1 { 0 } else { 2_u32.saturating_pow(1 + attempt / 2) };
        let budget = most.min(LONGEST);
        // In bytes, of which a character has at most four.
        if known.expression.properties().minimum_len().is_none_or(|bytes| bytes / 4 > budget) {
            return None;
        }
        let mut walk = Walk { text: String::new(), budget, stretch, rng: &mut self.rng };
        let walked = walk.through(&known.expression);
        let (mut text, cost) = (walk.text, (budget - walk.budget) / 16);
        self.spend(u32::try_from(cost).unwrap_or(u32::MAX))?;
        walked?;
        let (before, after) = known.open();
        let missing = least.saturating_sub(text.chars().count());
        let room = most.saturating_sub(text.chars().count());
        let padding = if missing > 0 { missing } else { usize::from(room > 0 && self.once_in(6)) };
        if padding > 0 && (before || after) {
            let pad: String = (0..padding.min(room)).map(|_| self.rng.alphanumeric()).collect();
            text = if after { text + &pad } else { pad + &text };
        }
        Some(text)
    }
}

struct Walk<'r> {
    text: String,
    /// Characters that may still be written.
    budget: usize,
    /// How many repetitions above the least.
    stretch: u32,
    rng: &'r mut Rng,
}

impl Walk<'_> {
    /// None when the text gets too long. The depth is bounded by the parser's limit on nesting.
    fn through(&mut self, expression: &Hir) -> Option<()> {
        match expression.kind() {
            HirKind::Empty | HirKind::Look(_) => Some(()),
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).ok()?;
                self.budget = self.budget.checked_sub(text.chars().count())?;
                self.text.push_str(text);
                Some(())
            }
            HirKind::Class(class) => {
                self.budget = self.budget.checked_sub(1)?;
                let character = self.character(class)?;
                self.text.push(character);
                Some(())
            }
            HirKind::Capture(capture) => self.through(&capture.sub),
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.through(part)),
            HirKind::Alternation(parts) => {
                let index = self.rng.usize(..parts.len().max(1));
                self.through(parts.get(index)?)
            }
            HirKind::Repetition(repetition) => {
                let most = repetition.max.unwrap_or(u32::MAX).min(repetition.min.saturating_add(self.stretch));
                let times = match self.rng.u8(..4) {
                    0 => repetition.min,
                    1 => most,
                    _ => self.rng.u32(repetition.min..=most),
                };
                // What writes nothing need not be repeated.
                let writes = repetition.sub.properties().maximum_len() != Some(0);
                (0..if writes { times } else { times.min(1) }).try_for_each(|_| {
                    let spent = self.budget;
                    self.through(&repetition.sub)?;
                    self.budget = if self.budget == spent { self.budget.checked_sub(1)? } else { self.budget };
                    Some(())
                })
            }
        }
    }

    fn character(&mut self, class: &Class) -> Option<char> {
        let (count, range): (usize, &dyn Fn(usize) -> (char, char)) = match class {
            Class::Unicode(class) => {
                (class.ranges().len(), &|at| (class.ranges()[at].start(), class.ranges()[at].end()))
            }
            Class::Bytes(class) => {
                (class.ranges().len(), &|at| (class.ranges()[at].start().into(), class.ranges()[at].end().into()))
            }
        };
        // Ranges are sorted, so what is readable comes first.
        let readable: Vec<_> = (0..count)
            .map(range)
            .take_while(|(start, _)| *start <= '~')
            .filter(|(_, end)| *end >= ' ')
            .map(|(start, end)| (start.max(' '), end.min('~')))
            .collect();
        let (start, end) = if readable.is_empty() || self.rng.u8(..4) == 0 {
            if count == 0 {
                return None;
            }
            range(self.rng.usize(..count))
        } else {
            readable[self.rng.usize(..readable.len())]
        };
        Some(match self.rng.u8(..6) {
            0 => start,
            1 => end,
            _ => self.rng.char(start..=end),
        })
    }
}
