//! One schema of a document: its keywords, and its subschemas as edges to other nodes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use num_rational::BigRational;
use serde_json::Value;

use super::value::{key, rational};

/// A node's place in its graph.
pub(crate) type Id = u32;

/// The kinds of values. Numbers are split in two, so that kinds are disjoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Null,
    Boolean,
    /// A number without a fraction, also when it is written with one.
    Integer,
    String,
    /// A number with a fraction.
    Fraction,
    Array,
    Object,
}

impl Kind {
    /// The cheap ones first.
    pub(crate) const ALL: [Self; 7] =
        [Self::Null, Self::Boolean, Self::Integer, Self::String, Self::Fraction, Self::Array, Self::Object];

    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) => {
                let whole =
                    number.is_i64() || number.is_u64() || rational(number).is_none_or(|exact| exact.is_integer());
                if whole { Self::Integer } else { Self::Fraction }
            }
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const ALL: Self = Self(0x7f);
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn only(kind: Kind) -> Self {
        Self(1 << kind as u8)
    }

    pub(crate) const fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    pub(crate) const fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    pub(crate) const fn without(self, kind: Kind) -> Self {
        Self(self.0 & !(1 << kind as u8))
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A limit of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Bound {
    pub(crate) value: BigRational,
    pub(crate) exclusive: bool,
}

/// The values of an `enum` or a `const`; equal by their keys, so that order and repetition don't count.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    pub(crate) list: Vec<Value>,
    pub(crate) keys: BTreeSet<String>,
}

impl Values {
    pub(crate) fn new(list: Vec<Value>) -> Self {
        let keys = list.iter().map(key).collect();
        Self { list, keys }
    }
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl Eq for Values {}

impl std::hash::Hash for Values {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.keys.hash(state);
    }
}

/// `contains`, `minContains`, `maxContains`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Contains {
    pub(crate) schema: Id,
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
}

/// `if`, `then`, `else`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Condition {
    pub(crate) test: Id,
    pub(crate) then: Option<Id>,
    pub(crate) otherwise: Option<Id>,
}

/// See the module. What a keyword leaves open is none, empty or the whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    /// A JSON pointer into the document.
    pub(crate) pointer: String,
    /// `true` or `false`; with `Some`, all other fields are open.
    pub(crate) always: Option<bool>,
    pub(crate) kinds: Kinds,
    /// Each must hold the value: `enum` and `const`.
    pub(crate) values: Vec<Arc<Values>>,
    pub(crate) min: Option<Bound>,
    pub(crate) max: Option<Bound>,
    pub(crate) multiple_of: Option<BigRational>,
    pub(crate) min_length: u64,
    pub(crate) max_length: Option<u64>,
    pub(crate) pattern: Option<Arc<str>>,
    pub(crate) format: Option<Arc<str>>,
    pub(crate) min_items: u64,
    pub(crate) max_items: Option<u64>,
    pub(crate) unique: bool,
    pub(crate) prefix: Vec<Id>,
    pub(crate) items: Option<Id>,
    pub(crate) contains: Option<Contains>,
    pub(crate) unevaluated_items: Option<Id>,
    pub(crate) properties: BTreeMap<Arc<str>, Id>,
    pub(crate) patterns: Vec<(Arc<str>, Id)>,
    pub(crate) additional: Option<Id>,
    pub(crate) names: Option<Id>,
    pub(crate) required: BTreeSet<Arc<str>>,
    pub(crate) min_properties: u64,
    pub(crate) max_properties: Option<u64>,
    pub(crate) dependent_required: Vec<(Arc<str>, Vec<Arc<str>>)>,
    pub(crate) dependent_schemas: Vec<(Arc<str>, Id)>,
    pub(crate) unevaluated_properties: Option<Id>,
    pub(crate) all_of: Vec<Id>,
    pub(crate) any_of: Vec<Id>,
    pub(crate) one_of: Vec<Id>,
    pub(crate) not: Option<Id>,
    pub(crate) condition: Option<Condition>,
    /// Integers are refused when they are written with a fraction, such as 1.0, as draft 4 has it.
    pub(crate) written_whole: bool,
    /// What could not be read, which may refuse anything.
    pub(crate) opaque: Option<Arc<str>>,
}

impl Node {
    pub(crate) fn open(pointer: String) -> Self {
        Self {
            pointer,
            always: None,
            kinds: Kinds::ALL,
            values: Vec::new(),
            min: None,
            max: None,
            multiple_of: None,
            min_length: 0,
            max_length: None,
            pattern: None,
            format: None,
            min_items: 0,
            max_items: None,
            unique: false,
            prefix: Vec::new(),
            items: None,
            contains: None,
            unevaluated_items: None,
            properties: BTreeMap::new(),
            patterns: Vec::new(),
            additional: None,
            names: None,
            required: BTreeSet::new(),
            min_properties: 0,
            max_properties: None,
            dependent_required: Vec::new(),
            dependent_schemas: Vec::new(),
            unevaluated_properties: None,
            all_of: Vec::new(),
            any_of: Vec::new(),
            one_of: Vec::new(),
            not: None,
            condition: None,
            written_whole: false,
            opaque: None,
        }
    }

    /// Every edge, in a fixed order.
    pub(crate) fn each_edge(&mut self, mut edge: impl FnMut(&mut Id)) {
        let lists = [&mut self.prefix, &mut self.all_of, &mut self.any_of, &mut self.one_of];
        lists.into_iter().flatten().for_each(&mut edge);
        let single = [
            &mut self.items,
            &mut self.unevaluated_items,
            &mut self.additional,
            &mut self.names,
            &mut self.unevaluated_properties,
            &mut self.not,
        ];
        single.into_iter().flatten().for_each(&mut edge);
        self.properties.values_mut().for_each(&mut edge);
        self.patterns.iter_mut().for_each(|(_, id)| edge(id));
        self.dependent_schemas.iter_mut().for_each(|(_, id)| edge(id));
        if let Some(contains) = &mut self.contains {
            edge(&mut contains.schema);
        }
        if let Some(condition) = &mut self.condition {
            edge(&mut condition.test);
            condition.then.iter_mut().for_each(&mut edge);
            condition.otherwise.iter_mut().for_each(&mut edge);
        }
    }
}
