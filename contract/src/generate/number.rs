//! Numbers: at the bounds and one off them, at the ends of number types, and anywhere between.

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_rational::BigRational;
use num_traits::{One as _, Signed as _, ToPrimitive as _, Zero as _};
use serde_json::{Number, Value};

use super::{Generator, Mood, conjunction::Conjunction};

/// Where integers stop being what they were: doubles, the ends of the usual types.
const EDGES: [i128; 16] = [
    0,
    1,
    -1,
    i8::MIN as i128,
    u8::MAX as i128,
    i16::MAX as i128,
    i32::MIN as i128,
    i32::MAX as i128,
    u32::MAX as i128,
    (1 << 53) - 1,
    (1 << 53) + 1,
    -(1 << 53) - 1,
    i64::MIN as i128,
    i64::MAX as i128,
    i64::MAX as i128 + 1,
    u64::MAX as i128,
];

/// The same for doubles.
const DOUBLES: [f64; 14] = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    0.1 + 0.2,
    1e-9,
    5e-324,
    f64::MIN_POSITIVE,
    f64::EPSILON,
    9_007_199_254_740_993.0,
    1e21,
    1e300,
    f64::MAX,
    f64::MIN,
];

impl Generator<'_> {
    /// A number without a fraction, of those that 64 bits hold.
    pub(super) fn integer(&mut self, all: &Conjunction) -> Option<Value> {
        let (mut least, mut most) = (i128::from(i64::MIN), i128::from(u64::MAX));
        let mut step = BigInt::one();
        for node in self.nodes(&all.ids) {
            if let Some(bound) = &node.min {
                let strictly = i128::from(bound.exclusive && bound.value.is_integer());
                least = least.max(clamped(&bound.value.ceil().to_integer()).saturating_add(strictly));
            }
            if let Some(bound) = &node.max {
                let strictly = i128::from(bound.exclusive && bound.value.is_integer());
                most = most.min(clamped(&bound.value.floor().to_integer()).saturating_sub(strictly));
            }
            if let Some(multiple) = &node.multiple_of {
                // The whole multiples of p/q in lowest terms are those of p.
                step = step.lcm(multiple.numer());
            }
            if let Some((low, high)) = node.format.as_deref().and_then(range) {
                (least, most) = (least.max(low), most.min(high));
            }
        }
        let step = step.to_i128().filter(|step| step.is_positive()).unwrap_or(i128::MAX);
        let (least, most) = (div_ceil(least, step), most.div_euclid(step));
        if least > most {
            return None;
        }
        let chosen = self.between(least, most, step).checked_mul(step)?;
        let number = i64::try_from(chosen).map(Number::from).or_else(|_| u64::try_from(chosen).map(Number::from));
        number.ok().map(Value::Number)
    }

    fn between(&mut self, least: i128, most: i128, step: i128) -> i128 {
        let small = |rng: &mut fastrand::Rng| rng.i128(least.max(-20)..=most.min(100).max(least.max(-20)));
        let chosen = match self.rng.u8(..8) {
            0 | 1 => *self.pick(&[least, least.saturating_add(1), most, most.saturating_sub(1)]).unwrap_or(&least),
            2 => self.pick(&EDGES).map_or(0, |edge| edge.div_euclid(step)),
            3 | 4 => self.rng.i128(least..=most),
            _ => small(&mut self.rng),
        };
        if self.mood == Mood::Plain || !(least..=most).contains(&chosen) { self.near_zero(least, most) } else { chosen }
    }

    fn near_zero(&mut self, least: i128, most: i128) -> i128 {
        let base = 0.clamp(least, most);
        self.rng.i128(base.saturating_sub(9).max(least)..=base.saturating_add(9).min(most))
    }

    /// A number that may have a fraction.
    pub(super) fn double(&mut self, all: &Conjunction) -> Option<Value> {
        let (mut least, mut most, mut step) = (f64::MIN, f64::MAX, None::<BigRational>);
        for node in self.nodes(&all.ids) {
            if let Some(bound) = &node.min {
                let value = bound.value.to_f64()?;
                least = least.max(if bound.exclusive { value.next_up() } else { value });
            }
            if let Some(bound) = &node.max {
                let value = bound.value.to_f64()?;
                most = most.min(if bound.exclusive { value.next_down() } else { value });
            }
            if let Some(multiple) = &node.multiple_of {
                step = Some(step.map_or_else(|| multiple.clone(), |known| known.max(multiple.clone())));
            }
            if node.format.as_deref() == Some("float") {
                (least, most) = (least.max(f64::from(f32::MIN)), most.min(f64::from(f32::MAX)));
            }
        }
        if least > most {
            return None;
        }
        let around = 0.0_f64.clamp(least, most);
        let chosen = match self.rng.u8(..8) {
            0 => least,
            1 => most,
            2 => *self.pick(&[least.next_up(), most.next_down()])?,
            3 => *self.pick(&DOUBLES)?,
            4 => least + (most / 2.0 - least / 2.0) * 2.0 * self.rng.f64(),
            _ => around + (self.rng.f64() - 0.5) * 200.0,
        };
        let chosen = if (least..=most).contains(&chosen) { chosen } else { around };
        let chosen = match step.filter(|step| !step.is_zero()) {
            None => chosen,
            Some(step) => on_the_grid(chosen, &step, least, most)?,
        };
        Number::from_f64(chosen).map(Value::Number)
    }
}

/// The multiple of the step nearest to the number, inside the bounds.
fn on_the_grid(number: f64, step: &BigRational, least: f64, most: f64) -> Option<f64> {
    let times = (BigRational::from_float(number)? / step).round();
    [BigInt::zero(), BigInt::one(), -BigInt::one()].into_iter().find_map(|off| {
        let multiple = (step * (&times + BigRational::from_integer(off))).to_f64()?;
        (least..=most).contains(&multiple).then_some(multiple)
    })
}

/// What the formats of number types allow (OpenAPI format registry; schemars emits them).
fn range(format: &str) -> Option<(i128, i128)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => (i64::MIN.into(), i64::MAX.into()),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" | "uint" => (0, u64::MAX.into()),
        _ => return None,
    })
}

fn clamped(integer: &BigInt) -> i128 {
    // Beyond 128 bits no number of a document counts; the sign says on which side.
    let end = if integer.is_negative() { i128::MIN } else { i128::MAX };
    integer.to_i128().unwrap_or(end)
}

fn div_ceil(number: i128, step: i128) -> i128 {
    number.div_euclid(step) + i128::from(number.rem_euclid(step) != 0)
}
