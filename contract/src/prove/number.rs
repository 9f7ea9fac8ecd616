//! Numbers: bounds, steps and exclusions, exactly.

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_rational::BigRational;
use num_traits::{One as _, Signed as _, ToPrimitive as _, Zero as _};
use serde_json::{Number, Value};

use super::{
    eval::is_multiple,
    search::{Any, Found},
};
use crate::schema::{Bound, rational, to_number};

/// How many candidates are looked at one by one.
const CANDIDATES: u32 = 4_000;

/// How many digits a step may have before it is not worked with.
const DIGITS: u64 = 4_000;

/// What is asked of a number.
#[derive(Debug, Default, Clone)]
pub(super) struct Wanted {
    pub(super) min: Option<Bound>,
    pub(super) max: Option<Bound>,
    pub(super) multiple_of: Vec<BigRational>,
    pub(super) not_multiple_of: Vec<BigRational>,
}

impl Wanted {
    pub(super) fn at_least(&mut self, bound: Bound) {
        let stronger = self
            .min
            .as_ref()
            .is_none_or(|known| bound.value > known.value || (bound.value == known.value && bound.exclusive));
        if stronger {
            self.min = Some(bound);
        }
    }

    pub(super) fn at_most(&mut self, bound: Bound) {
        let stronger = self
            .max
            .as_ref()
            .is_none_or(|known| bound.value < known.value || (bound.value == known.value && bound.exclusive));
        if stronger {
            self.max = Some(bound);
        }
    }

    /// No number lies between the bounds.
    pub(super) fn is_crossed(&self) -> bool {
        self.min.as_ref().zip(self.max.as_ref()).is_some_and(|(min, max)| {
            min.value > max.value || (min.value == max.value && (min.exclusive || max.exclusive))
        })
    }

    fn holds(&self, value: &BigRational) -> bool {
        self.min.as_ref().is_none_or(|min| if min.exclusive { *value > min.value } else { *value >= min.value })
            && self.max.as_ref().is_none_or(|max| if max.exclusive { *value < max.value } else { *value <= max.value })
            && self.multiple_of.iter().all(|step| is_multiple(value, step))
            && !self.not_multiple_of.iter().any(|step| is_multiple(value, step))
    }
}

/// A whole number that passes the check, which says none when it can't tell.
pub(super) fn whole(wanted: &Wanted, check: impl FnMut(&Value) -> Option<bool>) -> Found {
    if wanted.is_crossed() {
        return Found::Nothing;
    }
    let Some(step) = common(wanted.multiple_of.iter().chain([&BigRational::one()])) else { return too_long() };
    if wanted.not_multiple_of.iter().any(|other| is_multiple(&step, other)) {
        return Found::Nothing;
    }
    stepwise(wanted, &step, |_| true, check)
}

/// A number with a fraction that passes the check.
pub(super) fn fraction(wanted: &Wanted, mut check: impl FnMut(&Value) -> Option<bool>) -> Found {
    if wanted.is_crossed() {
        return Found::Nothing;
    }
    if !wanted.multiple_of.is_empty() {
        let Some(step) = common(&wanted.multiple_of) else { return too_long() };
        if step.is_integer() || wanted.not_multiple_of.iter().any(|other| is_multiple(&step, other)) {
            return Found::Nothing;
        }
        return stepwise(wanted, &step, |value| !value.is_integer(), check);
    }
    let mut any = Any::default();
    if let (Some(min), Some(max)) = (&wanted.min, &wanted.max)
        && min.value == max.value
    {
        if min.value.is_integer() || !wanted.holds(&min.value) {
            return Found::Nothing;
        }
        return any.tried(taken(&min.value, &mut check)).map_or_else(|| any.none(), Found::Value);
    }
    for value in between(wanted) {
        if !value.is_integer()
            && wanted.holds(&value)
            && let Some(found) = any.tried(taken(&value, &mut check))
        {
            return Found::Value(found);
        }
    }
    any.unknown("no number was found that has all of what is asked");
    any.none()
}

fn too_long() -> Found {
    Found::Unknown("the steps of `multipleOf` are too long to work with".into())
}

/// Multiples of a step: all of them where they are few, else those near the bounds and near zero.
fn stepwise(
    wanted: &Wanted,
    step: &BigRational,
    also: impl Fn(&BigRational) -> bool,
    mut check: impl FnMut(&Value) -> Option<bool>,
) -> Found {
    let (low, high) = factors(wanted, step);
    if low.as_ref().zip(high.as_ref()).is_some_and(|(low, high)| low > high) {
        return Found::Nothing;
    }
    let mut any = Any::default();
    let few = low.as_ref().zip(high.as_ref()).filter(|(low, high)| *high - *low < BigInt::from(CANDIDATES));
    let candidates: Vec<BigInt> = match few {
        Some((low, high)) => {
            let count = (high - low).to_u32().unwrap_or(CANDIDATES);
            let mut all: Vec<BigInt> = (0..=count).map(|at| low + at).collect();
            // What people would name first: the smallest.
            all.sort_by_key(|factor| (factor.abs(), factor.is_negative()));
            all
        }
        None => near(low.as_ref(), high.as_ref()),
    };
    for factor in candidates {
        let value = step * BigRational::from_integer(factor);
        if also(&value)
            && wanted.holds(&value)
            && let Some(found) = any.tried(taken(&value, &mut check))
        {
            return Found::Value(found);
        }
    }
    if few.is_none() {
        any.unknown("no number was found that has all of what is asked");
    }
    any.none()
}

/// The least common multiple; none when it has too many digits.
fn common<'a>(steps: impl IntoIterator<Item = &'a BigRational>) -> Option<BigRational> {
    let mut common: Option<BigRational> = None;
    for step in steps {
        let next = match common {
            None => step.clone(),
            Some(known) => BigRational::new(known.numer().lcm(step.numer()), known.denom().gcd(step.denom())),
        };
        if next.numer().bits() + next.denom().bits() > DIGITS * 4 {
            return None;
        }
        common = Some(next);
    }
    common
}

/// The least and the greatest factor whose multiple lies within the bounds.
fn factors(wanted: &Wanted, step: &BigRational) -> (Option<BigInt>, Option<BigInt>) {
    let low = wanted.min.as_ref().map(|min| {
        let factor = (&min.value / step).ceil().to_integer();
        let met = step * BigRational::from_integer(factor.clone()) == min.value;
        if met && min.exclusive { factor + 1 } else { factor }
    });
    let high = wanted.max.as_ref().map(|max| {
        let factor = (&max.value / step).floor().to_integer();
        let met = step * BigRational::from_integer(factor.clone()) == max.value;
        if met && max.exclusive { factor - 1 } else { factor }
    });
    (low, high)
}

fn near(low: Option<&BigInt>, high: Option<&BigInt>) -> Vec<BigInt> {
    let zero = BigInt::zero();
    let mut all = Vec::new();
    let places = [Some(&zero), low, high];
    for distance in 0..200 {
        for place in places.into_iter().flatten() {
            all.push(place + distance);
            all.push(place - distance);
        }
    }
    all
}

/// Doubles between the bounds.
fn between(wanted: &Wanted) -> Vec<BigRational> {
    let ratio = |numerator: i32, denominator: i32| BigRational::new(numerator.into(), denominator.into());
    let (min, max) = (wanted.min.as_ref().map(|min| &min.value), wanted.max.as_ref().map(|max| &max.value));
    let mut all = Vec::new();
    all.extend([min, max].into_iter().flatten().cloned());
    let parts = [(1, 2), (1, 4), (3, 4), (1, 3), (1, 7), (5, 11), (1, 1000), (13, 17), (123, 1009), (999, 1000)];
    for (numerator, denominator) in parts {
        let part = ratio(numerator, denominator);
        all.push(match (min, max) {
            (Some(min), Some(max)) => min + (max - min) * part,
            (Some(min), None) => min + part,
            (None, Some(max)) => max - part,
            (None, None) => part,
        });
    }
    if let (Some(min), Some(max)) = (min, max) {
        for (numerator, denominator) in parts {
            let value = min.floor() + ratio(numerator, denominator);
            if value < *max {
                all.push(value);
            }
        }
    }
    all.iter().filter_map(|value| rational(&Number::from_f64(value.to_f64()?)?)).collect()
}

/// The number as a value, if it passes the check.
fn taken(value: &BigRational, check: &mut impl FnMut(&Value) -> Option<bool>) -> Found {
    let Some(number) = to_number(value) else {
        return Found::Unknown("a number can't be written as JSON is read here".into());
    };
    let value = Value::Number(number);
    match check(&value) {
        Some(true) => Found::Value(value),
        Some(false) => Found::Nothing,
        None => Found::Unknown("it could not be told whether a number is valid".into()),
    }
}
