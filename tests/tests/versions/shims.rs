//! Shims that are wrong all the same: who can do something about it is told, and nothing of it leaks.

use serde_json::{Map, Value, json};
use steadfast::{prelude::*, testing::Client};

macro_rules! double {
    ($name:ident, $up:expr, $down:expr) => {
        mod $name {
            use super::*;

            #[derive(Serialize, JsonSchema)]
            pub struct Doubled {
                doubled: u32,
            }

            /// Double a number.
            #[mcp_tool(version = "2.0.0", effect = read_only, history("1" => Older))]
            async fn double(number: u32) -> Doubled {
                Doubled { doubled: number * 2 }
            }

            pub struct Older;

            impl Shim for Older {
                fn up(arguments: Map<String, Value>) -> Result<Map<String, Value>, ShimError> {
                    let up: fn(Map<String, Value>) -> Result<Map<String, Value>, ShimError> = $up;
                    up(arguments)
                }

                fn down(result: Value) -> Result<Value, ShimError> {
                    let down: fn(Value) -> Result<Value, ShimError> = $down;
                    down(result)
                }
            }

            pub fn server() -> Server<()> {
                Server::builder("shims", ()).tools(tools![double]).build()
            }
        }
    };
}

fn renamed(mut arguments: Map<String, Value>) -> Result<Map<String, Value>, ShimError> {
    let number = arguments.remove("n").unwrap_or_default();
    Ok(Map::from_iter([("number".to_owned(), number)]))
}

double!(right, renamed, Ok);
double!(refuses, |_| Err(ShimError::new("negative numbers came later")), Ok);
double!(makes_nonsense, Ok, Ok);
double!(panics, |_| panic!("the shim's fuse was lit"), Ok);
double!(breaks_the_promise, renamed, |_| Ok(json!({"doubled": 101})));
double!(gives_up, renamed, |_| Err(ShimError::new("there is no older form")));

#[tokio::test]
async fn what_a_wrong_shim_does_is_a_fault_of_the_servers() {
    let call = async |server| {
        let client = Client::new(server).unwrap();
        let answer = client.call_with_meta("double", json!({"n": 7}), json!({"dev.steadfast/toolVersion": "1"})).await;
        (answer.code(), answer.message().to_string())
    };
    assert!(call(right::server()).await.1.contains(r#""doubled":14"#));
    let (code, message) = call(refuses::server()).await;
    assert_eq!(code, None, "the caller can do something about it");
    assert!(message.contains("negative numbers came later") && message.contains(r#""kind":"invalid""#), "{message}");
    for server in [makes_nonsense::server(), panics::server(), breaks_the_promise::server(), gives_up::server()] {
        let (code, message) = call(server).await;
        assert_eq!(code, Some(-32603), "{message}");
        assert!(message.contains("internal error") && !message.contains("fuse"), "{message}");
    }
}

#[tokio::test]
async fn an_older_majors_secrets_are_not_shown_either() {
    let client = Client::new(right::server()).unwrap();
    let meta = json!({"dev.steadfast/toolVersion": "1"});
    let answer = client.call_with_meta("double", json!({"n": "x", "key": 7_777_777}), meta).await;
    assert!(answer.is_error() && !answer.message().to_string().contains("7777777"), "{:?}", answer.message());
}

#[test]
fn a_wrong_shim_fails_the_one_line_in_a_servers_tests() {
    let failed = |server: fn() -> Server<()>| {
        let run = std::panic::catch_unwind(move || steadfast::assert_contracts!(server()));
        run.err().and_then(|panic| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
    };
    let text = failed(makes_nonsense::server);
    assert!(text.contains("shim-up-invalid") && text.contains("witness"), "{text}");
    assert!(
        text.contains("`double` 2.0.0 is not in the lock") && text.contains("cargo xtask contract bless"),
        "{text}"
    );
    assert!(failed(breaks_the_promise::server).contains("shim-down-invalid"));
}

#[test]
fn a_server_that_keeps_its_promises_passes() {
    steadfast::assert_contracts!(steadfast_tests::library::server());
}
