//! Older majors: their contracts as the lock keeps them, and how their callers are kept working.

use steadfast_contract::shim::{Operation, OperationError, Shim, Translator};

/// An older major of a tool and how its callers are kept working.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    /// The major.
    pub major: u64,
    /// How its calls are translated.
    pub shim: Translation,
    /// The text of its lock file: what it published when it was current.
    pub lock: &'static str,
    /// A call that names no version may be taken for this major by the shape of its arguments.
    pub shape: bool,
    /// ISO 8601 date from which it is deprecated.
    pub deprecated: Option<&'static str>,
    /// ISO 8601 date from which it is no longer served.
    pub sunset: Option<&'static str>,
    /// What a caller should change.
    pub note: Option<&'static str>,
    /// Why a result can't be translated without loss.
    pub lossy: Option<&'static str>,
}

/// How an older major's calls are translated to the next newer one, and its results back.
#[derive(Debug, Clone, Copy)]
pub enum Translation {
    /// By declared operations: arguments up, results down.
    Declared {
        /// Applied to the arguments, in order.
        input: &'static [Operation],
        /// Written from the older to the newer form, too; applied to results inverted, the last one first.
        output: &'static [Operation],
    },
    /// By a type with [`Shim`].
    Typed {
        /// The type's path as written.
        path: &'static str,
        /// What the type does.
        translator: fn() -> Translator,
    },
}

impl Translation {
    /// By the type `T`, which is written as `path`.
    pub const fn typed<T: Shim>(path: &'static str) -> Self {
        Self::Typed { path, translator: Translator::typed::<T> }
    }

    /// `declared` or `typed`.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Declared { .. } => "declared",
            Self::Typed { .. } => "typed",
        }
    }

    /// Ready to run.
    pub(crate) fn translator(&self) -> Result<Translator, OperationError> {
        match self {
            Self::Declared { input, output } => Translator::declared(input, output),
            Self::Typed { translator, .. } => Ok(translator()),
        }
    }
}

/// Types are told apart by their paths.
impl PartialEq for Translation {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Declared { input, output }, Self::Declared { input: i, output: o }) => input == i && output == o,
            (Self::Typed { path, .. }, Self::Typed { path: other, .. }) => path == other,
            _ => false,
        }
    }
}
