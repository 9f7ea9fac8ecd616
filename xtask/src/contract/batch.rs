//! `contract compare --batch`: pairs of schemas as JSON Lines.
//!
//! Invariant: every line that is not blank is answered by one line, in order; a line that can't be read, or a pair that
//! makes the comparison panic, stops nothing. What is written reaches a reader before this program waits for input.

use std::{
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use steadfast_contract::{Comparison, Direction, Mode, SchemaError, compare};

use super::{CLEAN, compare::rules};
use crate::failure::{Failure, While};

type Comparer = fn(&Value, &Value, Direction, Mode) -> Result<Comparison, SchemaError>;

pub(super) fn main() -> Result<ExitCode, Failure> {
    // A panic is answered on its line; its message belongs nowhere else.
    panic::set_hook(Box::new(|_| {}));
    answer(io::stdin().lock(), io::stdout().lock(), compare).while_(|| "answering the batch".into())?;
    Ok(CLEAN.into())
}

fn answer(input: impl Read, output: impl Write, compare: Comparer) -> io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 16, input);
    let mut output = BufWriter::with_capacity(1 << 16, output);
    let mut line = Vec::new();
    loop {
        if input.buffer().is_empty() {
            output.flush()?;
        }
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return output.flush();
        }
        if !line.trim_ascii().is_empty() {
            let answer = one(&line, compare).to_string();
            // Some readers take these for ends of lines; JSON lets them be written so in strings, where alone they are.
            let answer =
                answer.replace('\u{85}', "\\u0085").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
            output.write_all(answer.as_bytes())?;
            output.write_all(b"\n")?;
        }
    }
}

/// The id of a line, whatever else is in it.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    id: Value,
}

fn one(line: &[u8], compare: Comparer) -> Value {
    let pair = match serde_json::from_slice(line) {
        Ok(Value::Object(pair)) => pair,
        Ok(_) => return unknown(&Value::Null, "the line is no JSON object"),
        Err(error) => {
            // What is nested too deeply, or has a number too large to be read, still has an id.
            let id = serde_json::from_slice::<Named>(line).map(|named| named.id).unwrap_or_default();
            return unknown(&id, &format!("the line can't be read: {error}"));
        }
    };
    let id = pair.get("id").cloned().unwrap_or_default();
    let (old, new, direction, mode) = match read(&pair) {
        Ok(read) => read,
        Err(what) => return unknown(&id, what),
    };
    match panic::catch_unwind(AssertUnwindSafe(|| compare(old, new, direction, mode))) {
        Err(_) => unknown(&id, "the comparison panicked"),
        Ok(Err(error)) => unknown(&id, &error.to_string()),
        Ok(Ok(comparison)) => {
            let mut answer = json!({ "id": id, "verdict": comparison.verdict, "rules": rules(&comparison) });
            if let Some(witness) = comparison.witness {
                answer["witness"] = witness;
            }
            if let Some(reason) = comparison.reason {
                answer["reason"] = reason.into();
            }
            answer
        }
    }
}

type Pair<'a> = (&'a Value, &'a Value, Direction, Mode);

fn read(pair: &Map<String, Value>) -> Result<Pair<'_>, &'static str> {
    let direction = match pair.get("direction").and_then(Value::as_str) {
        Some("input") => Direction::Input,
        Some("output") => Direction::Output,
        _ => return Err("`direction` is neither `input` nor `output`"),
    };
    let mode = match pair.get("strict") {
        Some(Value::Bool(true)) => Mode::Strict,
        None | Some(Value::Bool(false) | Value::Null) => Mode::Emitted,
        Some(_) => return Err("`strict` is neither true nor false"),
    };
    let old = pair.get("old").ok_or("`old` is missing")?;
    let new = pair.get("new").ok_or("`new` is missing")?;
    Ok((old, new, direction, mode))
}

fn unknown(id: &Value, reason: &str) -> Value {
    json!({ "id": id, "verdict": "unknown", "rules": [], "reason": reason })
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::VecDeque, rc::Rc};

    use steadfast_contract::Verdict;

    use super::*;

    fn fake(old: &Value, new: &Value, direction: Direction, mode: Mode) -> Result<Comparison, SchemaError> {
        assert!(old != "panic", "a defect");
        if old == "bad" {
            return Err(SchemaError { place: "/type".into(), what: "no type".into() });
        }
        let verdict = if old == new { Verdict::Compatible } else { Verdict::Breaking };
        let witness = (verdict == Verdict::Breaking).then(|| json!([direction, mode == Mode::Strict]));
        Ok(Comparison { verdict, findings: Vec::new(), witness, reason: None })
    }

    fn answers(input: &[u8]) -> Vec<Value> {
        let mut output = Vec::new();
        answer(input, &mut output, fake).unwrap();
        output
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    #[test]
    fn every_line_is_answered_in_order_whatever_it_holds() {
        let reason = |answer: &Value| answer["reason"].as_str().unwrap_or_default().to_owned();
        let too_deep = format!(r#"{{"old":{}{},"id":5}}"#, "[".repeat(500), "]".repeat(500));
        for (line, id, verdict, says) in [
            (r#"{"id":1,"direction":"input","old":{},"new":{}}"#, json!(1), "compatible", ""),
            (
                r#"{"id":[1],"direction":"input","strict":false,"old":{},"new":{},"more":1}"#,
                json!([1]),
                "compatible",
                "",
            ),
            (r#"{"direction":"output","old":true,"new":true}"#, Value::Null, "compatible", ""),
            (r#"{"id":"a","direction":"in","old":{},"new":{}}"#, json!("a"), "unknown", "`direction`"),
            (r#"{"id":"a","direction":"input","strict":1,"old":{},"new":{}}"#, json!("a"), "unknown", "`strict`"),
            (r#"{"id":"a","direction":"input","new":{}}"#, json!("a"), "unknown", "`old`"),
            (r#"{"id":"a","direction":"input","old":{}}"#, json!("a"), "unknown", "`new`"),
            (r#"{"id":"a","direction":"input","old":"panic","new":{}}"#, json!("a"), "unknown", "panicked"),
            (r#"{"id":"a","direction":"input","old":"bad","new":{}}"#, json!("a"), "unknown", "/type: no type"),
            ("{", Value::Null, "unknown", "can't be read"),
            (&too_deep, json!(5), "unknown", "can't be read"),
            ("[]", Value::Null, "unknown", "no JSON object"),
        ] {
            let after = r#"{"id":"after","direction":"output","old":{},"new":{}}"#;
            let answers = answers(format!("{line}\r\n\n{after}").as_bytes());
            assert_eq!(answers.len(), 2, "{line}");
            assert_eq!((&answers[0]["id"], &answers[0]["verdict"]), (&id, &json!(verdict)), "{line}");
            assert!(reason(&answers[0]).contains(says), "{line}: {}", answers[0]);
            assert_eq!((&answers[1]["id"], &answers[1]["verdict"]), (&json!("after"), &json!("compatible")));
        }
        assert_eq!(answers(b"\xff\xfe\n").len(), 1);
    }

    #[test]
    fn an_answer_has_exactly_the_documented_members() {
        let line = r#"{"id":7,"direction":"output","strict":true,"old":{},"new":true}"#;
        let answer = json!({ "id": 7, "verdict": "breaking", "rules": [], "witness": ["output", true] });
        assert_eq!(answers(line.as_bytes()), [answer]);
    }

    /// Gives one line for each read, and notes how much had been written by then.
    struct Dialogue(VecDeque<&'static [u8]>, Rc<RefCell<Vec<u8>>>, Rc<RefCell<Vec<usize>>>);

    impl Read for Dialogue {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let lines = self.1.borrow().iter().filter(|byte| **byte == b'\n').count();
            self.2.borrow_mut().push(lines);
            let line = self.0.pop_front().unwrap_or_default();
            buffer[..line.len()].copy_from_slice(line);
            Ok(line.len())
        }
    }

    struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn answers_are_written_before_more_is_read() {
        let (written, seen) = (Rc::new(RefCell::new(Vec::new())), Rc::new(RefCell::new(Vec::new())));
        let input = Dialogue([&b"{}\n"[..], b"{}\n{}\n"].into(), Rc::clone(&written), Rc::clone(&seen));
        answer(input, Shared(Rc::clone(&written)), fake).unwrap();
        assert_eq!(*seen.borrow(), [0, 1, 3]);
    }
}
