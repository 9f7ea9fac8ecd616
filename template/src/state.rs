//! What the tools share.
//!
//! Invariant: cheap to clone; each part is a handle. A tool asks for the part it needs with `State<Part>`, so that
//! its unit tests build that part and nothing else.

use std::path::Path;

use steadfast::prelude::*;

use crate::{dictionary::Dictionary, notes::Notes};

/// The parts of the server.
#[derive(Debug, Clone, Default)]
pub struct AppState {
    notes: Notes,
    dictionary: Dictionary,
}

impl AppState {
    /// A state that keeps its notes in `folder`.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            notes: Notes::in_folder(folder),
            dictionary: Dictionary::default(),
        }
    }

    /// The same with another dictionary.
    #[must_use]
    pub fn with_dictionary(self, dictionary: Dictionary) -> Self {
        Self { dictionary, ..self }
    }
}

impl FromRef<AppState> for Notes {
    fn from_ref(state: &AppState) -> Self {
        state.notes.clone()
    }
}

impl FromRef<AppState> for Dictionary {
    fn from_ref(state: &AppState) -> Self {
        state.dictionary.clone()
    }
}
