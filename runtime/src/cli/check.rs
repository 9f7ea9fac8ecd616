//! `check`: what every setting comes to and where it came from, and whether the server would start with all of them.
//!
//! Invariant: it says what `serve` would do with the same command line, makes and changes nothing, and shows no secret.
//! It does not look for what changes from one moment to the next: whether the store is there, or a port free.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use serde_json::{Value, json};

use super::{Failure, Format, table::Table};
use crate::{
    app::{self, AppError},
    clock::Clock,
    config::{Flags, Setting, Settings},
    secrets,
    server::Server,
};

/// Does it; 1 where something is wrong.
pub(super) fn run<S>(server: impl FnOnce() -> Server<S>, flags: Flags, format: Format) -> io::Result<ExitCode> {
    let (told, settings) = Settings::tell(flags);
    let wrong = settings.map_err(Failure::Config).and_then(|settings| checked(server, &settings)).err();
    let said = if format == Format::Json { as_json(&told, wrong.as_ref()) } else { as_text(&told, wrong.is_none()) };
    writeln!(anstream::stdout(), "{}", secrets::mask_all(&said))?;
    let Some(wrong) = wrong else { return Ok(ExitCode::SUCCESS) };
    if format != Format::Json {
        anstream::eprintln!("{}", secrets::mask_all(&wrong.to_string()));
    }
    Ok(ExitCode::FAILURE)
}

/// As when a server starts, the configuration first and then the server with it.
fn checked<S>(server: impl FnOnce() -> Server<S>, settings: &Settings) -> Result<(), Failure> {
    let _ = super::DATA.set(settings.data.clone());
    let parts = server().into_parts().map_err(AppError::Build)?;
    Ok(app::check(parts, settings, Clock::system())?)
}

fn as_text(told: &[Setting], in_order: bool) -> String {
    let mut table = Table::new(&["SETTING", "FROM", "VALUE"]);
    for setting in told {
        let value = setting.json();
        let value = if value.is_null() { "–".into() } else { value.to_string() };
        table.row([setting.key.clone(), setting.source.clone(), value]);
    }
    let mut lines = table.lines(0);
    if in_order {
        lines.extend([String::new(), "in order: the server would start with these settings".into()]);
    }
    lines.join("\n")
}

/// `{"settings": [{"key", "value", "source"}], "problems": [{"what", …}]}`
fn as_json(told: &[Setting], wrong: Option<&Failure>) -> String {
    let settings = told.iter().map(|setting| {
        let Setting { key, source, .. } = setting;
        json!({ "key": key, "value": setting.json(), "source": source })
    });
    let problems = wrong.map(|failure| match failure.as_json()["error"].take() {
        Value::Object(mut error) => {
            error.remove("problems").unwrap_or_else(|| json!([{ "what": error.remove("message") }]))
        }
        _ => json!([]),
    });
    let said = json!({ "settings": settings.collect::<Value>(), "problems": problems.unwrap_or_else(|| json!([])) });
    format!("{said:#}")
}
