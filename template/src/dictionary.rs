//! The dictionary that `define_word` asks.
//!
//! It stands in for a service on the network: replace [`Dictionary::look_up`] with your client and keep the three
//! answers apart, because they mean different things to a caller: found, not in the dictionary, and not reachable.

/// Words that are known without the service.
const BUILT_IN: &[(&str, &str)] = &[
    (
        "contract",
        "What a tool promises to its callers: its name, its schemas and what a call may change.",
    ),
    ("milk", "What most shopping lists begin with."),
    ("sidecar", "A process that runs beside the one it serves."),
];

const SERVICE: &[(&str, &str)] = &[
    (
        "breaker",
        "A switch that stops calls to a dependency that keeps failing.",
    ),
    (
        "contract",
        "An agreement between a tool and its callers that outlives a release.",
    ),
    ("milk", "What most shopping lists begin with."),
    (
        "shim",
        "A thin layer that translates an old call for a new implementation.",
    ),
    ("sidecar", "A process that runs beside the one it serves."),
];

/// A handle on the dictionary.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    away: bool,
}

/// The dictionary can't be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away;

impl Dictionary {
    /// A dictionary that can't be reached, for tests.
    pub fn away() -> Self {
        Self { away: true }
    }

    /// The meaning of a word, if the dictionary has it.
    pub async fn look_up(&self, word: &str) -> Result<Option<&'static str>, Away> {
        if self.away {
            Err(Away)
        } else {
            Ok(find(SERVICE, word))
        }
    }
}

/// The meaning of a word, from the list in this program.
pub fn built_in(word: &str) -> Option<&'static str> {
    find(BUILT_IN, word)
}

fn find(list: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    list.iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(word))
        .map(|(_, meaning)| *meaning)
}
