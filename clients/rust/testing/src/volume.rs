// SPDX-License-Identifier: Apache-2.0
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A volume as the kubelet writes it: generations below hidden names, of which
/// the link `..data` names the one that counts, and a link for each key.
pub struct Volume {
    _dir: TempDir,
    path: PathBuf,
    number: u32,
}

impl Volume {
    /// `kind` is `configmap`, `secret`, `projected` or `downward-api`.
    pub fn new(kind: &str, name: &str, keys: &[(&str, &str)]) -> Volume {
        let dir = TempDir::new().unwrap();
        let path = dir
            .path()
            .join("pods/6fa1/volumes")
            .join(format!("kubernetes.io~{kind}"))
            .join(name);
        fs::create_dir_all(&path).unwrap();
        let mut volume = Volume {
            _dir: dir,
            path,
            number: 0,
        };
        volume.rotate(keys);
        volume
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the generation that counts.
    pub fn generation(&self) -> String {
        format!("..2026_01_02_03_04_05.{:09}", self.number)
    }

    /// Step by step as the kubelet does it.
    pub fn rotate(&mut self, keys: &[(&str, &str)]) {
        let old = self.path.join(self.generation());
        self.number += 1;
        let new = self.path.join(self.generation());
        fs::create_dir(&new).unwrap();
        for (key, value) in keys {
            fs::write(new.join(key), value).unwrap();
        }
        let beside = self.path.join("..data_tmp");
        symlink(self.generation(), &beside).unwrap();
        fs::rename(&beside, self.path.join("..data")).unwrap();
        for (key, _) in keys {
            let link = self.path.join(key);
            if link.symlink_metadata().is_err() {
                symlink(Path::new("..data").join(key), &link).unwrap();
            }
        }
        if old.exists() {
            fs::remove_dir_all(&old).unwrap();
        }
    }
}
