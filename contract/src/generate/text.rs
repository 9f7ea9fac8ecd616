//! Text: by its pattern or format where there is one, else hostile, ordinary, or as short and as long as allowed.

use std::sync::Arc;

use super::{Generator, Mood, conjunction::Conjunction, format, hostile};

/// The longest text that is made; a schema that asks for more gets no instance.
const LONGEST: usize = 16_384;
/// Tries to meet patterns and lengths at once.
const TRIES: u32 = 12;

/// What must hold of a text.
struct Limits {
    least: usize,
    most: usize,
    patterns: Vec<Arc<str>>,
    formats: Vec<Arc<str>>,
}

impl Generator<'_> {
    pub(super) fn text(&mut self, all: &Conjunction) -> Option<String> {
        let mut limits = Limits { least: 0, most: LONGEST, patterns: Vec::new(), formats: Vec::new() };
        for node in self.nodes(&all.ids) {
            limits.least = limits.least.max(usize::try_from(node.min_length).unwrap_or(usize::MAX));
            limits.most = limits.most.min(node.max_length.map_or(LONGEST, |most| most.try_into().unwrap_or(LONGEST)));
            limits.patterns.extend(node.pattern.clone());
            limits.formats.extend(node.format.clone());
        }
        if limits.least > limits.most {
            return None;
        }
        let text = (0..TRIES).find_map(|attempt| {
            self.spend(1)?;
            let text = self.candidate(&limits, attempt)?;
            let length = text.chars().count();
            let fits = (limits.least..=limits.most).contains(&length)
                && (limits.patterns.is_empty() || limits.patterns.iter().all(|pattern| self.matches(pattern, &text)));
            fits.then_some(text)
        })?;
        self.spend(u32::try_from(text.len() / 16).unwrap_or(u32::MAX))?;
        Some(text)
    }

    fn candidate(&mut self, limits: &Limits, attempt: u32) -> Option<String> {
        let of_format = self.pick(&limits.formats).cloned().and_then(|format| format::sample(&format, &mut self.rng));
        let patterned = !limits.patterns.is_empty();
        // With a pattern and a format, one of them leads and the other is checked.
        match of_format {
            Some(text) if !patterned || self.rng.bool() => Some(text),
            _ if patterned && attempt < TRIES - 2 => {
                let pattern = self.pick(&limits.patterns)?.clone();
                self.patterned(&pattern, limits.least, limits.most, attempt)
            }
            _ => Some(self.free(limits.least, limits.most)),
        }
    }

    /// Text of which only the length matters.
    fn free(&mut self, least: usize, most: usize) -> String {
        let length = match (self.mood, self.rng.u8(..8)) {
            (Mood::Plain, _) | (_, 0) => least,
            (Mood::Full, _) | (_, 1) => most.min(least.max(300)),
            // The very long is rare: it costs time and finds little.
            (_, 2) if self.once_in(8) => most,
            _ => self.rng.usize(least..=most.min(least.saturating_add(12))),
        };
        if self.mood != Mood::Plain && self.rng.bool() {
            let text = hostile::text(&mut self.rng);
            return resized(text, least, most);
        }
        let wide = self.once_in(4);
        let rng = &mut self.rng;
        (0..length).map(|_| if wide { hostile::character(rng) } else { rng.alphanumeric() }).collect()
    }
}

/// The text, cut or repeated to a length between the two.
fn resized(text: &str, least: usize, most: usize) -> String {
    let length = text.chars().count();
    if length >= least {
        return text.chars().take(most).collect();
    }
    let unit = if text.is_empty() { "a" } else { text };
    unit.chars().cycle().take(least).collect()
}
