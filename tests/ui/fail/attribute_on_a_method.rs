use steadfast::prelude::*;

struct Greeter;

impl Greeter {
    /// Say hello.
    #[mcp_tool(version = "1.0.0", effect = read_only)]
    async fn hello(&self) -> String {
        String::new()
    }
}

fn main() {
    let _ = Greeter.hello();
}
