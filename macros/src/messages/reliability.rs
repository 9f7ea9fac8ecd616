//! About the keys that say how a tool is kept working.

use std::ops::RangeInclusive;

use super::{Message, message};
use crate::{
    check::{Hundred, Key},
    model::Milliseconds,
};

pub(crate) fn above_timeout(key: &str, timeout: Milliseconds) -> Message {
    message(
        format!("`{key}` is above `timeout`, which no call outlives"),
        format!("write `{key} = \"{}ms\"` or less, or raise `timeout`", timeout.0),
    )
}

pub(crate) fn retry_without_idempotence() -> Message {
    message(
        "`retry` would repeat a mutation that is not idempotent",
        "add `idempotent` if the same call twice has the effect of one, or remove `retry`",
    )
}

pub(crate) fn stale_mutation() -> Message {
    message(
        "`stale` would answer a mutation that did not run",
        "write `effect = read_only` if the tool changes nothing, or remove `stale`",
    )
}

pub(crate) fn fallback_to_itself() -> Message {
    message("the tool is its own fallback", "name another function of the same signature, or remove `fallback`")
}

pub(crate) fn out_of_range(key: &Key, number: i128, range: &RangeInclusive<u32>) -> Message {
    let (least, most) = (*range.start(), *range.end());
    let nearest = number.clamp(least.into(), most.into());
    let range = match most {
        u32::MAX if number < least.into() => format!("{least} or more"),
        _ => format!("{least} to {most}"),
    };
    message(format!("`{}` is {number}, and it can be {range}", key.name), format!("write `{} = {nearest}`", key.name))
}

pub(crate) fn bad_percentage(key: &Key, hundred: Hundred) -> Message {
    let most = match hundred {
        Hundred::Allowed => "up to 100",
        Hundred::Denied => "below 100",
    };
    message(format!("`{}` is a percentage above 0 and {most}", key.name), format!("write `{}`", key.example))
}

pub(crate) fn bad_rate(text: &str, key: &Key) -> Message {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(end);
    let unit = match unit.trim_matches(|character: char| !character.is_alphabetic()) {
        "m" | "min" | "minute" => "m",
        "h" | "hour" => "h",
        _ => "s",
    };
    let help = match count {
        "" => format!("write `{}`", key.example),
        count => format!("write `{} = \"{count}/{unit}\"`", key.name),
    };
    message(format!("`{text}` is not a rate: a whole number, `/`, and `s`, `m` or `h`"), help)
}

pub(crate) fn rate_out_of_range(key: &Key, count: &str, unit: &str) -> Message {
    let (range, nearest) = match count.trim_start_matches('0') {
        "" => ("1 or more".into(), 1),
        _ => (format!("1 to {}", u32::MAX), u32::MAX),
    };
    message(
        format!("the number of `{}` is {count}, and it can be {range}", key.name),
        format!("write `{} = \"{nearest}/{unit}\"`, or leave it out", key.name),
    )
}

pub(crate) fn upstream_without_a_name() -> Message {
    message(
        "`upstream(..)` has no `name`",
        "add `name = \"tracker\"`: tools that name the same upstream share its breaker",
    )
}

pub(crate) fn empty_task() -> Message {
    message("`task(..)` says nothing", "write `task`, `task(required)` or `task(manual)`")
}

pub(crate) fn empty_slo() -> Message {
    message("`slo` has no objective", "write `slo(success = 99.5)`, `slo(p99 = \"800ms\")` or both, or remove it")
}

pub(crate) fn p95_above_p99() -> Message {
    message("`p95` is above `p99`", "exchange the two: 95 % of calls can't be slower than 99 % of them")
}
