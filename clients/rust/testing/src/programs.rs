// SPDX-License-Identifier: Apache-2.0
use std::fs;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::eventually;

fn program(name: &str) -> PathBuf {
    let folder = std::env::var_os("FSSHARE_BIN")
        .expect("FSSHARE_BIN names the folder of fsshared and fsshare-guest");
    PathBuf::from(folder).join(name)
}

fn leave_mounts() -> std::io::Result<()> {
    let nothing = std::ptr::null();
    let private = libc::MS_REC | libc::MS_PRIVATE;
    let failed = unsafe {
        libc::unshare(libc::CLONE_NEWNS) != 0
            || libc::mount(nothing, c"/".as_ptr(), nothing, private, nothing.cast()) != 0
    };
    match failed {
        true => Err(std::io::Error::last_os_error()),
        false => Ok(()),
    }
}

/// A program that ends with the test, however that ends.
struct Running(Child);

impl Running {
    /// With mounts of its own that nobody else sees, if those are asked for.
    fn start(command: &mut Command, own_mounts: bool) -> Running {
        // Also where the test is killed, which runs no destructor.
        unsafe {
            command.pre_exec(move || {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                match own_mounts {
                    true => leave_mounts(),
                    false => Ok(()),
                }
            });
        }
        Running(command.spawn().unwrap_or_else(|error| {
            panic!("start {}: {error}", command.get_program().to_string_lossy())
        }))
    }

    fn signal(&self, number: libc::c_int) {
        assert_eq!(unsafe { libc::kill(self.0.id() as i32, number) }, 0);
    }

    fn end(&mut self, number: libc::c_int) {
        self.signal(number);
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// fsshared with a socket, a share root and a configuration of its own.
pub struct Node {
    program: Option<Running>,
    own_mounts: bool,
    dir: TempDir,
}

impl Node {
    /// One that takes calls. `more` is merged into its configuration: the inner
    /// part of a JSON object, such as `"guest": {"dial_timeout": "1s"}`.
    pub fn start(more: &str) -> Node {
        let mut node = Node::stopped(more);
        node.start_again();
        node
    }

    /// One that may mount, in a mount namespace of its own. Takes root.
    pub fn start_with_mounts(more: &str) -> Node {
        let mut node = Node::stopped(more);
        node.own_mounts = true;
        node.start_again();
        node
    }

    /// One that is yet to be started.
    pub fn stopped(more: &str) -> Node {
        let dir = TempDir::new().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("config.d")).unwrap();
        fs::write(at("config.d/more.json"), format!("{{{more}}}")).unwrap();
        // What runs beside the test looks where that runs, not at the host.
        fs::write(
            at("config.json"),
            format!(
                r#"{{"api": {{"socket": "{}"}}, "share": {{"root": "{}"}},
                    "http": {{"listen": ""}}, "mounts": {{"visibility": "assumed"}}}}"#,
                at("fsshare.sock").display(),
                at("root").display(),
            ),
        )
        .unwrap();
        Node {
            program: None,
            own_mounts: false,
            dir,
        }
    }

    /// Returns when it takes calls. As a service manager does, it starts it once more
    /// where it ends: what one that was killed leaves behind for a moment still holds
    /// the share root.
    pub fn start_again(&mut self) {
        self.launch();
        let socket = self.socket();
        eventually("fsshared takes calls", || {
            if self.has_ended() {
                self.launch();
            }
            UnixStream::connect(&socket).ok()
        });
    }

    fn has_ended(&mut self) -> bool {
        let program = self.program.as_mut().expect("it was started");
        program.0.try_wait().unwrap().is_some()
    }

    /// Returns at once.
    pub fn launch(&mut self) {
        let mut command = Command::new(program("fsshared"));
        command
            .arg("--config")
            .arg(self.dir.path().join("config.json"));
        command.stderr(fs::File::create(self.dir.path().join("log")).unwrap());
        self.program = Some(Running::start(&mut command, self.own_mounts));
    }

    /// As `kill -9` does. Returns when nothing of it listens any more: its readers end
    /// a moment later.
    pub fn kill(&mut self) {
        self.program.take().expect("it runs").end(libc::SIGKILL);
        let socket = self.socket();
        eventually("nothing listens", || UnixStream::connect(&socket).err());
    }

    /// What it has mounted, by lines of mountinfo.
    pub fn mounts(&self) -> Vec<String> {
        let table = fs::read_to_string(self.proc("mountinfo")).unwrap();
        let root = self.share_root().display().to_string();
        let ours = table.lines().filter(|line| line.contains(&root));
        ours.map(str::to_owned).collect()
    }

    /// An absolute path as it sees that.
    pub fn sees(&self, path: &str) -> PathBuf {
        self.proc("root").join(path.trim_start_matches('/'))
    }

    fn proc(&self, name: &str) -> PathBuf {
        let id = self.program.as_ref().expect("it runs").0.id();
        PathBuf::from(format!("/proc/{id}/{name}"))
    }

    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("fsshare.sock")
    }

    pub fn share_root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    /// What it has logged since it was started.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap()
    }
}

/// fsshare-guest, which stands in for the guest agent and serves a folder that
/// stands for the guest's share directory.
pub struct Guest {
    program: Option<Running>,
    options: Vec<String>,
    dir: TempDir,
}

impl Guest {
    /// One that can be called. `options` are fsshare-guest's, such as `--profile`.
    pub fn start(options: &[&str]) -> Guest {
        let mut guest = Guest::stopped(options);
        guest.start_again();
        guest
    }

    /// One that is yet to be started.
    pub fn stopped(options: &[&str]) -> Guest {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("share")).unwrap();
        Guest {
            program: None,
            options: options.iter().map(|o| o.to_string()).collect(),
            dir,
        }
    }

    /// With what it holds, as a guest that was paused.
    pub fn start_again(&mut self) {
        let mut command = Command::new(program("fsshare-guest"));
        command.arg("--listen").arg(self.address());
        command.arg("--root").arg(self.root());
        command.args(&self.options).stdout(Stdio::null());
        self.program = Some(Running::start(&mut command, false));
        let socket = self.dir.path().join("guest.sock");
        eventually("the guest listens", || UnixStream::connect(&socket).ok());
    }

    pub fn kill(&mut self) {
        self.program.take().expect("it runs").end(libc::SIGKILL);
        fs::remove_file(self.dir.path().join("guest.sock")).unwrap();
    }

    pub fn address(&self) -> String {
        format!("unix://{}", self.dir.path().join("guest.sock").display())
    }

    /// The folder on this machine.
    pub fn root(&self) -> PathBuf {
        self.dir.path().join("share")
    }

    /// Where on this machine that is which has this path in the guest.
    pub fn at(&self, guest_path: impl AsRef<Path>) -> PathBuf {
        const SHARE_DIR: &str = "/run/kata-containers/shared/containers";
        let path = guest_path.as_ref();
        self.root().join(
            path.strip_prefix(SHARE_DIR)
                .unwrap_or_else(|_| panic!("{} is below {SHARE_DIR}", path.display())),
        )
    }
}
