//! A real PostgreSQL and a real Redis for steps that need them, on free ports of loopback.
//!
//! Installed from Debian's packages where that is possible (see `peers`). Invariant: each start begins with empty data
//! in a folder of its own, and both servers end with the value that [`Databases::start`] gave, or with this process
//! when it is killed; one that can't be had is `Err(reason)`, which a step reports as skipped.

use std::{
    fs,
    io::ErrorKind,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use crate::{
    clock::{self, Deadline},
    failure::{Failure, While},
    peers,
    process::{self, Cmd, MINUTE},
    project::Project,
    running::{Running, free_ports},
    watchdog::Watchdog,
};

/// The user and the password of both servers; they are reached from this machine alone.
const NAME: &str = "steadfast";

/// See the module.
#[derive(Debug)]
pub(crate) struct Databases {
    pub(crate) postgres: Result<Database, String>,
    pub(crate) redis: Result<Database, String>,
}

/// A server that runs until this value goes away.
#[derive(Debug)]
pub(crate) struct Database {
    /// With user and password.
    pub(crate) url: String,
    /// Stopped before nobody watches over it any more and its data goes away.
    _running: Running,
    _watchdog: Watchdog,
    _data: Data,
}

/// A folder that goes away with its server.
#[derive(Debug)]
struct Data(PathBuf);

impl Databases {
    /// Starts both, installing what is missing.
    pub(crate) fn start(project: &Project) -> Self {
        let started = |name: &str, started: Result<Database, Failure>| {
            started.map_err(|failure| {
                eprintln!("{name} can't be had: {failure}");
                format!("{name} can't be had: {failure}")
            })
        };
        Self { postgres: started("PostgreSQL", postgres(project)), redis: started("Redis", redis(project)) }
    }

    /// Tells a command where they are, as the tests of the store want it.
    pub(crate) fn tell(&self, mut command: Cmd) -> Cmd {
        for (variable, database) in [("STEADFAST_TEST_POSTGRES", &self.postgres), ("STEADFAST_TEST_REDIS", &self.redis)]
        {
            command = match database {
                Ok(database) => command.env(variable, &database.url),
                Err(_) => command.without_env(variable),
            };
        }
        command
    }

    /// Why there is one less than there should be.
    pub(crate) fn missing(&self) -> Vec<String> {
        [&self.postgres, &self.redis].into_iter().filter_map(|database| database.as_ref().err().cloned()).collect()
    }
}

impl Data {
    /// A new folder that only its owner can look into. One that is there is left alone: in a folder for temporary files
    /// it could be somebody else's, and elsewhere it is that of a process that had this one's number.
    fn new(parent: &Path, name: &str) -> Result<Self, Failure> {
        fs::create_dir_all(parent).while_(|| format!("making {}", parent.display()))?;
        let mut folder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        let mut number = 0;
        loop {
            let path = parent.join(format!("{name}-{}-{number}", std::process::id()));
            match folder.create(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists && number < 100 => number += 1,
                made => return made.while_(|| format!("making {}", path.display())).map(|()| Self(path)),
            }
        }
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn postgres(project: &Project) -> Result<Database, Failure> {
    let programs = match postgres_programs() {
        Some(programs) => programs,
        None => {
            peers::apt(&["postgresql"])?;
            postgres_programs().ok_or_else(|| Failure::new("`initdb` is in no folder that is known"))?
        }
    };
    let user = unprivileged();
    let command = |program: &str| as_user(user, &programs.join(program));
    let data = postgres_folder(project, user)?;
    let folder = data.0.join("data");
    let password = data.0.join("password");
    // In a folder that is nobody else's.
    fs::write(&password, NAME).while_(|| format!("writing {}", password.display()))?;

    let init = ["--no-sync", "--no-locale", "--encoding", "UTF8", "--auth", "scram-sha-256", "--username", NAME];
    let files = ["--pgdata".as_ref(), folder.as_os_str(), "--pwfile".as_ref(), password.as_os_str()];
    command("initdb").args(init).args(files).dir(&data.0).quiet(MINUTE)?.checked()?;

    let [address] = free_ports([0])?;
    let port = address.port().to_string();
    // Nothing here has to survive a power cut.
    let options = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=200"];
    let server = command("postgres").args(["-D".as_ref(), folder.as_os_str()]).args(["-p", &port]).dir(&data.0);
    let server = server.args(options.iter().flat_map(|option| ["-c", option]));
    let mut running = Running::start(server, &project.target.join("peers/postgres.log"))?;
    let watchdog = Watchdog::over(running.id(), &data.0)?;
    running.ready(address, None, MINUTE)?;
    answers(&programs, &port)?;
    let url = format!("postgres://{NAME}:{NAME}@{address}/postgres");
    Ok(Database { url, _running: running, _watchdog: watchdog, _data: data })
}

/// The folder of the newest version's programs, which Debian does not put on the path.
fn postgres_programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").exists())
        .collect();
    versions.sort();
    let newest = versions.pop().map(|(_, programs)| programs);
    newest.or_else(|| (process::exists("initdb") && process::exists("postgres")).then(PathBuf::new))
}

/// PostgreSQL accepts connections a moment before it answers.
fn answers(programs: &Path, port: &str) -> Result<(), Failure> {
    let deadline = Deadline::after(MINUTE);
    while deadline.left().is_some() {
        let ready = Cmd::new(programs.join("pg_isready")).args(["--host", "127.0.0.1", "--port", port]);
        if ready.quiet(MINUTE)?.ok {
            return Ok(());
        }
        clock::pause();
    }
    Err(Failure::new("PostgreSQL does not answer within a minute"))
}

/// Whom to run PostgreSQL as: it refuses to be root's.
fn unprivileged() -> Option<&'static str> {
    let id = |arguments: &[&str]| Cmd::new("id").args(arguments).quiet(MINUTE).ok()?.checked().ok();
    let root = id(&["-u"]).is_some_and(|id| id.trim() == "0");
    let users = ["postgres", "nobody"];
    root.then(|| users.into_iter().find(|user| id(&["-u", user]).is_some())).flatten()
}

fn as_user(user: Option<&str>, program: &Path) -> Cmd {
    let Some(user) = user else { return Cmd::new(program) };
    // It becomes the program, so that the process to stop is the server itself.
    let change = ["--reuid", user, "--regid", user, "--clear-groups"];
    let change = if user == "nobody" { ["--reuid", user, "--regid", "nogroup", "--clear-groups"] } else { change };
    Cmd::new("setpriv").args(change).args([program])
}

/// An empty folder of that user: below the target directory, or where that is out of the user's reach, below the
/// system's folder for temporary files.
fn postgres_folder(project: &Project, user: Option<&str>) -> Result<Data, Failure> {
    let mut reason = Failure::new("there is no folder for it");
    for parent in [project.target.join("peers"), std::env::temp_dir()] {
        let data = Data::new(&parent, "steadfast-postgres")?;
        if let Some(user) = user {
            Cmd::new("chown").args([user.as_ref(), data.0.as_os_str()]).quiet(MINUTE)?.checked()?;
        }
        let reached = as_user(user, Path::new("test")).args(["-w".as_ref(), data.0.as_os_str()]).quiet(MINUTE)?;
        match reached.checked() {
            Ok(_) => return Ok(data),
            Err(failure) => reason = failure,
        }
    }
    Err(reason)
}

fn redis(project: &Project) -> Result<Database, Failure> {
    if !process::exists("redis-server") {
        peers::apt(&["redis-server"])?;
    }
    let data = Data::new(&project.target.join("peers"), "steadfast-redis")?;
    let [address] = free_ports::<1>([0])?;
    let mut running = Running::start(redis_server(address, &data.0), &project.target.join("peers/redis.log"))?;
    let watchdog = Watchdog::over(running.id(), &data.0)?;
    running.ready(address, None, MINUTE)?;
    Ok(Database { url: format!("redis://:{NAME}@{address}"), _running: running, _watchdog: watchdog, _data: data })
}

fn redis_server(address: SocketAddr, folder: &Path) -> Cmd {
    let port = address.port().to_string();
    let options = ["--bind", "127.0.0.1", "--port", &port, "--requirepass", NAME, "--save", "", "--appendonly", "no"];
    Cmd::new("redis-server").args(options).dir(folder)
}

#[cfg(all(test, unix))]
mod tests {
    use std::{io::Write as _, net::TcpStream};

    use super::*;
    use crate::project::Kind;

    #[test]
    fn folders_that_others_left_are_in_nobody_s_way() {
        let parent = tempfile::tempdir().unwrap();
        let folders: Vec<Data> = (0..3).map(|_| Data::new(parent.path(), "data").unwrap()).collect();
        let mode = |data: &Data| std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&data.0).unwrap().permissions());
        assert!(folders.iter().all(|data| mode(data) & 0o077 == 0));
        assert!(folders[0].0 != folders[1].0 && folders[1].0 != folders[2].0);
    }

    #[test]
    fn both_run_as_long_as_the_value_and_leave_nothing() {
        if postgres_programs().is_none() || !process::exists("redis-server") {
            let _ = writeln!(std::io::stdout(), "\nSKIPPED databases: PostgreSQL or Redis is not installed");
            return;
        }
        let target = tempfile::tempdir().unwrap();
        let project = Project {
            kind: Kind::Checkout,
            root: target.path().into(),
            target: target.path().into(),
            packages: vec![],
        };
        let databases = Databases::start(&project);
        assert_eq!(databases.missing(), [""; 0]);
        let places = [&databases.postgres, &databases.redis].map(|database| {
            let url = &database.as_ref().unwrap().url;
            url.split(['@', '/']).nth(3).unwrap().to_owned()
        });
        let folders =
            [&databases.postgres, &databases.redis].map(|database| database.as_ref().unwrap()._data.0.clone());
        assert!(places.iter().all(|place| TcpStream::connect(place).is_ok()));
        drop(databases);
        assert!(places.iter().all(|place| TcpStream::connect(place).is_err()));
        assert!(folders.iter().all(|folder| !folder.exists()));
    }
}
