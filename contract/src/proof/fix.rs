//! What to write into a shim, guessed from why a validator refuses a value.
//!
//! Only a guess: when the validator words a refusal in another way, the general advice is given.

use crate::Part;

/// The way out for a value that is refused at an instance pointer.
pub(super) fn for_violation(part: Part, major: u64, place: &str, what: &str) -> String {
    let list = if part == Part::Input { "input" } else { "output" };
    let path = dotted(place);
    let quoted = |text: &str, mark: char| text.split(mark).nth(1).map(str::to_owned);
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let advice = if what.contains("required property") {
        let name = quoted(what, '"').map_or_else(|| below(".."), |name| below(&name));
        match part {
            Part::Input => format!("`default({name} = ..)`, or `rename(.. => {name})` when it had another name"),
            _ => format!("`rename({name} => ..)` when it has another name now, or `default({name} = ..)`"),
        }
    } else if what.contains("dditional properties") || what.contains("nevaluated properties") {
        let name = quoted(what, '\'').map_or_else(|| below(".."), |name| below(&name));
        match part {
            Part::Input => format!("`rename({name} => ..)` when it has another name now, or `drop({name})`"),
            _ => format!("`drop({name})`, or `rename(.. => {name})` when it had another name"),
        }
    } else if what.contains("is not one of") && !path.is_empty() {
        format!("`map_enum({path}: old => new, ..)` with this value")
    } else if what.contains("is not of type \"array\"") && !path.is_empty() {
        if part == Part::Input { format!("`wrap({path})`") } else { format!("`unwrap({path})`") }
    } else {
        let way = if part == Part::Input { "up" } else { "down" };
        return format!("translate this in a typed shim (`\"{major}\" => path`, `{way}`), or let the schema accept it");
    };
    format!("add to `{list} = [..]` of `\"{major}\" => {{ .. }}` in `history(..)`: {advice}")
}

/// A JSON pointer as a path of an operation, which goes through lists by itself.
pub(super) fn dotted(pointer: &str) -> String {
    let names = pointer.split('/').skip(1).filter(|name| name.parse::<usize>().is_err());
    names.map(|name| name.replace("~1", "/").replace("~0", "~")).collect::<Vec<_>>().join(".")
}
