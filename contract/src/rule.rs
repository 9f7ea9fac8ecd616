//! The rules of compatibility, by their ids.
//!
//! Ids are public: reports, waivers and the documentation name rules by them. This module says what a rule is called
//! and what it is about; what it finds is in `compare`, `tool`, `lock` and `proof`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! rules {
    ($($name:ident = $id:literal: $summary:literal,)+) => {
        /// A rule. [`Rule::id`] is what reports, waivers and documentation call it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $summary] $name,)+
        }

        impl Rule {
            /// Every rule, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The id, such as `prop-added-required`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// What changed, in one sentence.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$name => $summary,)+ }
            }
        }
    };
}

rules! {
    // Properties.
    PropAddedOptional = "prop-added-optional": "A property was added that callers may leave out.",
    PropAddedToClosed = "prop-added-to-closed": "A property was added to an object that was closed to others.",
    PropAddedRequired = "prop-added-required": "A property was added that must be there.",
    PropRemoved = "prop-removed": "A property was removed.",
    PropRemovedIgnored = "prop-removed-ignored": "A property was removed, and what callers send there is now dropped in silence.",
    PropRenamed = "prop-renamed": "A property was removed and one of equal schema was added.",
    RequiredAdded = "required-added": "A property that was optional must be there.",
    RequiredRemoved = "required-removed": "A property that had to be there is optional.",
    // Types and values.
    TypeWidened = "type-widened": "More types are allowed.",
    TypeNarrowed = "type-narrowed": "Fewer types are allowed.",
    TypeChanged = "type-changed": "Other types are allowed.",
    EnumAdded = "enum-added": "An enumeration got a value.",
    EnumRemoved = "enum-removed": "An enumeration lost a value.",
    ConstChanged = "const-changed": "A constant has another value.",
    EnumConstraintAdded = "enum-constraint-added": "Values that were free are now enumerated.",
    EnumConstraintRemoved = "enum-constraint-removed": "Values that were enumerated are now free.",
    BoundTightened = "bound-tightened": "A bound on numbers, lengths or counts lets less through.",
    BoundRelaxed = "bound-relaxed": "A bound on numbers, lengths or counts lets more through.",
    PatternAdded = "pattern-added": "Text must match a pattern.",
    PatternRemoved = "pattern-removed": "Text need not match a pattern any more.",
    PatternChanged = "pattern-changed": "Text must match another pattern.",
    FormatAdded = "format-added": "Text must have a format.",
    FormatRemoved = "format-removed": "Text need not have a format any more.",
    FormatChanged = "format-changed": "Text must have another format.",
    // Objects and lists.
    Closed = "closed": "Undeclared members are refused.",
    Opened = "opened": "Undeclared members are no longer refused.",
    ItemsAdded = "items-added": "Elements got a schema.",
    ItemsRemoved = "items-removed": "Elements lost their schema.",
    PatternPropertiesAdded = "pattern-properties-added": "Members whose names match a pattern got a schema.",
    PatternPropertiesRemoved = "pattern-properties-removed": "Members whose names match a pattern lost their schema.",
    PropertyNamesAdded = "property-names-added": "Names of members got a schema.",
    PropertyNamesRemoved = "property-names-removed": "Names of members lost their schema.",
    DependentAdded = "dependent-added": "A member's presence asks for something more.",
    DependentRemoved = "dependent-removed": "A member's presence asks for something less.",
    PrefixItemAdded = "prefix-item-added": "A list got a position with a schema of its own.",
    PrefixItemRemoved = "prefix-item-removed": "A list lost a position with a schema of its own.",
    // Combinations.
    VariantAdded = "variant-added": "A union got a variant.",
    VariantRemoved = "variant-removed": "A union lost a variant.",
    OneofOverlap = "oneof-overlap": "An instance matches two variants of a `oneOf`.",
    TagChanged = "tag-changed": "The member or the value that tells variants apart changed.",
    AllofAdded = "allof-added": "A further schema must hold.",
    AllofRemoved = "allof-removed": "A schema need not hold any more.",
    NotChanged = "not-changed": "A `not` changed.",
    IfChanged = "if-changed": "An `if`, `then` or `else` changed.",
    RefRefactor = "ref-refactor": "The schema is written in another way and means the same.",
    SchemaChanged = "schema-changed": "The set of valid instances changed in a way that no other rule names.",
    // Meaning.
    DefaultAdded = "default-added": "A default was added.",
    DefaultChanged = "default-changed": "A default has another value.",
    DefaultRemoved = "default-removed": "A default was removed.",
    DialectChanged = "dialect-changed": "The schema is in another dialect.",
    OutSchemaAdded = "out-schema-added": "The result got a schema.",
    OutSchemaRemoved = "out-schema-removed": "The result lost its schema.",
    // Tools.
    ToolAdded = "tool-added": "A tool was added.",
    ToolRemoved = "tool-removed": "A tool, or a major of it, is no longer served.",
    ToolRenamed = "tool-renamed": "A tool has another name.",
    DescriptionChanged = "description-changed": "A description that a model reads has other words.",
    TitleChanged = "title-changed": "A title has other words.",
    IconsChanged = "icons-changed": "Other icons are shown.",
    ExamplesChanged = "examples-changed": "Examples that a model reads changed.",
    EffectMoreDangerous = "effect-more-dangerous": "A call may do more to the world.",
    EffectSafer = "effect-safer": "A call does less to the world.",
    IdempotentLost = "idempotent-lost": "A repeated call may now have another effect.",
    IdempotentGained = "idempotent-gained": "A repeated call has no further effect.",
    OpenWorldGained = "open-world-gained": "The tool now reaches entities outside the server's control.",
    OpenWorldLost = "open-world-lost": "The tool no longer reaches entities outside the server's control.",
    ScopeAdded = "scope-added": "Callers need a further scope.",
    ScopeRemoved = "scope-removed": "Callers need a scope less.",
    TimeoutReduced = "timeout-reduced": "The tool is given less time.",
    TimeoutRaised = "timeout-raised": "The tool is given more time.",
    HeaderAdded = "header-added": "An argument must be repeated in a header.",
    HeaderRenamed = "header-renamed": "An argument must be repeated in another header.",
    HeaderRemoved = "header-removed": "An argument need not be repeated in a header any more.",
    DeprecatedMarked = "deprecated-marked": "A tool, or a major of it, was marked as deprecated.",
    // The lock.
    NotBlessed = "not-blessed": "What the source publishes is not in the lock.",
    BlessedChanged = "blessed-changed": "A file of the lock was changed against the rules.",
    BumpTooSmall = "bump-too-small": "The version was raised by less than the change needs.",
    VersionDecreased = "version-decreased": "The version is lower than the one that was released.",
    TombstoneReused = "tombstone-reused": "A retired name came back.",
    SunsetEarlier = "sunset-earlier": "A sunset date was moved forward.",
    SunsetTooSoon = "sunset-too-soon": "The time between deprecation and sunset is shorter than the policy.",
    SunsetPassed = "sunset-passed": "A sunset date has passed and what it ends is still in the source.",
    HistoryUnknown = "history-unknown": "The history names a major that the lock does not have.",
    SurfaceChanged = "surface-changed": "The set of majors that a release served changed.",
    LockUnreadable = "lock-unreadable": "A file of the lock can't be read.",
    WaiverExpired = "waiver-expired": "A waiver's expiry date has passed.",
    WaiverUnused = "waiver-unused": "A waiver matches nothing.",
    // Shims.
    ShimUpInvalid = "shim-up-invalid": "Translated arguments are not valid under the next major.",
    ShimDownInvalid = "shim-down-invalid": "A translated result is not valid under the older major.",
    ShimFails = "shim-fails": "A shim fails on a valid value.",
    ShimLossy = "shim-lossy": "A result loses something on its way down, and no reason is given.",
    ShimUnproven = "shim-unproven": "Too few instances could be made to prove a shim.",
    DispatchAmbiguous = "dispatch-ambiguous": "Arguments fit two majors and mean different things in them.",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A text that is no rule's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no rule")]
pub struct UnknownRule(pub String);

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(id: &str) -> Result<Self, UnknownRule> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id).ok_or_else(|| UnknownRule(id.to_owned()))
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
