//! The table of rules: what each asks for in either direction, and how it is judged.
//!
//! Invariant: this is the table of the design and nothing else; what a proof or a witness does to it is in `judge`.

use super::{Mode, change::Kind};
use crate::{
    Direction,
    Impact::{self, Major, Minor, Patch, Unknown},
    Rule::{self, *},
};

/// What a rule asks for when nothing more is known, as `(input, output)`.
pub(super) const fn row(rule: Rule) -> (Impact, Impact) {
    match rule {
        PropAddedToClosed
        | TypeWidened
        | EnumAdded
        | BoundRelaxed
        | PatternRemoved
        | FormatRemoved
        | RequiredRemoved
        | EnumConstraintRemoved
        | ItemsRemoved
        | PropertyNamesRemoved
        | DependentRemoved
        | VariantAdded
        | AllofRemoved => (Minor, Major),
        PropAddedRequired | RequiredAdded | TypeNarrowed | EnumRemoved | EnumConstraintAdded | BoundTightened
        | PatternAdded | FormatAdded | Closed | ItemsAdded | PropertyNamesAdded | DependentAdded | VariantRemoved
        | AllofAdded => (Major, Minor),
        PropRemoved | PropRemovedIgnored | PropRenamed | TypeChanged | ConstChanged | FormatChanged | TagChanged
        | DialectChanged | SchemaChanged => (Major, Major),
        // That an instance matches two lets less through; results that were allowed are not in question.
        OneofOverlap => (Major, Unknown),
        // A pattern opens an object that is closed and narrows one that is open.
        PatternPropertiesAdded
        | PatternPropertiesRemoved
        | PatternChanged
        | PrefixItemAdded
        | PrefixItemRemoved
        | NotChanged
        | IfChanged => (Unknown, Unknown),
        DefaultChanged | DefaultRemoved => (Major, Patch),
        DefaultAdded => (Minor, Patch),
        OutSchemaRemoved => (Minor, Major),
        TitleChanged | RefRefactor => (Patch, Patch),
        // `Opened`, added optional properties, words; the rules of tools and of the lock are not judged here.
        _ => (Minor, Minor),
    }
}

/// What a rule asks for in a direction and a mode. Plain inclusion counts undeclared members, so what happens to
/// members and to closedness is for the prover to say.
pub(super) const fn impact(rule: Rule, direction: Direction, mode: Mode) -> Impact {
    if let (
        Mode::Strict,
        PropAddedOptional | PropAddedToClosed | PropAddedRequired | PropRemoved | PropRemovedIgnored | PropRenamed
        | Opened | TagChanged,
    ) = (mode, rule)
    {
        return Unknown;
    }
    let (input, output) = row(rule);
    match direction {
        Direction::Input => input,
        Direction::Output => output,
    }
}

/// How a rule is judged; none when the mode does not look at it.
pub(super) const fn kind(rule: Rule, direction: Direction, mode: Mode) -> Option<Kind> {
    let meaning = matches!(mode, Mode::Emitted);
    match rule {
        DescriptionChanged | TitleChanged | ExamplesChanged | DeprecatedMarked => {
            if meaning {
                Some(Kind::Note)
            } else {
                None
            }
        }
        DefaultAdded | DefaultChanged | DefaultRemoved | DialectChanged => {
            if meaning {
                Some(Kind::Meaning)
            } else {
                None
            }
        }
        PropRemoved | PropRemovedIgnored | PropRenamed | TagChanged if meaning => Some(Kind::Meaning),
        Closed if meaning && matches!(direction, Direction::Input) => Some(Kind::Sealing),
        _ => Some(Kind::Set),
    }
}

/// Whether a model that reads the contract may behave differently.
pub(super) const fn shifts_model(rule: Rule, direction: Direction) -> bool {
    match rule {
        DescriptionChanged | ExamplesChanged => true,
        EnumAdded => matches!(direction, Direction::Input),
        _ => false,
    }
}
