// SPDX-License-Identifier: Apache-2.0
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A process that has left the host's mount namespace, as those of Kata do, and has
/// mounted a root filesystem that nobody else sees.
pub struct Shim(Child);

impl Shim {
    /// Mounts what is in `image` at `rootfs`.
    pub fn start(image: &str, rootfs: &str) -> Shim {
        let script = r#"mount --bind "$1" "$2" && echo mounted && exec cat"#;
        let mut child = Command::new("unshare")
            .args(["--mount", "--propagation", "slave", "sh", "-c"])
            .args([script, "sh", image, rootfs])
            // cat lives until nobody writes to it any more.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "mounted\n");
        Shim(child)
    }

    pub fn namespace(&self) -> String {
        self.proc("ns/mnt").display().to_string()
    }

    /// An absolute path as it sees that.
    pub fn sees(&self, path: &Path) -> PathBuf {
        self.proc("root").join(path.strip_prefix("/").unwrap())
    }

    /// What is mounted below a path, by lines of mountinfo.
    pub fn mounts_below(&self, path: &Path) -> Vec<String> {
        let table = fs::read_to_string(self.proc("mountinfo")).unwrap();
        let path = path.display().to_string();
        let found = table.lines().filter(|line| line.contains(&path));
        found.map(str::to_owned).collect()
    }

    fn proc(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.0.id()))
    }
}

impl Drop for Shim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
