//! A client starts a server in a directory that is somebody's: what is there configures nothing, unless it is named.

use std::fs;

use crate::support::stdio::StdioServer;

#[test]
fn a_configuration_that_lies_where_a_client_starts_a_server_is_passed_over() {
    for named in [false, true] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let [file, script, ran] = ["steadfast.toml", "script", "ran"].map(|name| folder.path().join(name));
        fs::write(&script, format!("touch {}; echo a-secret-value", ran.display())).unwrap();
        fs::write(&file, format!("[secrets]\nkey = \"command:sh {}\"", script.display())).unwrap();
        let mut server = StdioServer::with(|command| {
            command.current_dir(folder.path());
            if named {
                command.arg("--config").arg(&file);
            }
        });
        server.initialize();
        assert_eq!(ran.exists(), named);
        if !named {
            let lines: Vec<String> = (0..3).map(|_| server.process.line()).collect();
            let told = lines.iter().find(|line| line.contains("`steadfast.toml` is not read"));
            assert!(told.is_some_and(|line| line.contains("--config")), "{lines:?}");
        }
    }
}
