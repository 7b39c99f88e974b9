// SPDX-License-Identifier: Apache-2.0
//! Volumes that fsshare, the node agent, copies into a guest with which no
//! filesystem is shared, and keeps current there.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use agent::{FSGroup, FSGroupChangePolicy, Storage};
use anyhow::{Context, Result};
use async_trait::async_trait;
use fsshare_client::{api, Client, Code, Error};
use hypervisor::device::device_manager::DeviceManager;
use oci_spec::runtime as oci;
use tokio::sync::RwLock;

use super::Volume;

/// How many mounts fsshare takes in one request.
const MOST_MOUNTS: usize = 256;

/// Of storages for which the guest agent makes a directory, and of their mounts.
const LOCAL: &str = "local";

/// What is known of a guest when its agent has told of itself.
pub struct Guest<'a> {
    /// The hypervisor's address of the agent, and the agent's configured port.
    pub address: &'a str,
    pub port: u32,
    /// What the guest was started with; copies take a quarter of it at most.
    pub memory_mib: u32,
    /// What the agent was built with.
    pub features: &'a [String],
}

/// A sandbox as fsshare has it. It holds nothing but names, so that a shim that was
/// started again makes it anew and goes on.
pub struct FsShare {
    client: Client,
    sandbox: String,
}

impl FsShare {
    /// `socket` is where fsshare listens; none where it is not used. `deadline` is
    /// how long a volume may take, which is runtime-rs's for creating a container.
    pub fn new(socket: &str, sandbox: &str, deadline: Duration) -> Option<Arc<FsShare>> {
        if socket.is_empty() {
            return None;
        }
        Some(Arc::new(FsShare {
            client: Client::new(socket).within(deadline),
            sandbox: sandbox.to_owned(),
        }))
    }

    /// To be called when the guest agent can be, and before the first container is
    /// created.
    pub async fn prepare(&self, guest: &Guest<'_>) -> Result<()> {
        let request = api::PrepareRequest {
            sandbox_id: self.sandbox.clone(),
            mode: api::SharingMode::SHARING_MODE_COPY.into(),
            local_dir: local_dir(&self.sandbox),
            guest: Some(api::Guest {
                address: with_port(guest.address, guest.port),
                memory_bytes: i64::from(guest.memory_mib) << 20,
                policy: policy_of(guest.features).into(),
                ..Default::default()
            })
            .into(),
            ..Default::default()
        };
        self.client.prepare(&request).await?;
        Ok(())
    }

    /// The mounts of a container: each is added, then all are shared.
    pub fn mounts_of(self: &Arc<Self>, container: &str) -> ContainerMounts {
        ContainerMounts {
            fsshare: self.clone(),
            container: container.to_owned(),
            volumes: vec![],
        }
    }

    /// To be called when the sandbox has ended.
    pub async fn cleanup(&self) -> Result<()> {
        let mut request = api::CleanupRequest {
            sandbox_id: self.sandbox.clone(),
            ..Default::default()
        };
        let mut result = self.client.cleanup(&request).await;
        if has_code(&result, Code::FAILED_PRECONDITION) {
            // An fsshared before this one knew it. Who ends the sandbox may say that
            // nobody needs it any more.
            request.abandoned = true;
            result = self.client.cleanup(&request).await;
        }
        let reply = result?;
        for left in &reply.foreign {
            warn!(sl!(), "fsshare left {}: {}", left.path, left.reason);
        }
        Ok(())
    }
}

fn has_code<T>(result: &Result<T, Error>, code: Code) -> bool {
    matches!(result, Err(error) if error.code() == code)
}

/// The address as fsshare wants it: with the port, but for `remote`, whose peer knows
/// it.
fn with_port(address: &str, port: u32) -> String {
    let ported = address.starts_with("vsock://") || address.starts_with("hvsock://");
    let (_, last) = address.rsplit_once(':').unwrap_or_default();
    let has_port = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    if ported && !has_port {
        format!("{address}:{port}")
    } else {
        address.to_owned()
    }
}

/// Where runtime-rs has emptyDirs that the guest agent makes, and policies know them.
fn local_dir(sandbox: &str) -> String {
    format!("/run/kata-containers/shared/containers/passthrough/{sandbox}/rootfs/local")
}

/// An agent that was built without a policy takes every request, so that one copy of a
/// volume may serve all containers. Agents up to 3.2 tell nothing.
fn policy_of(features: &[String]) -> api::GuestPolicy {
    if features.is_empty() {
        api::GuestPolicy::GUEST_POLICY_UNKNOWN
    } else if features.iter().any(|feature| feature == "agent-policy") {
        api::GuestPolicy::GUEST_POLICY_SET
    } else {
        api::GuestPolicy::GUEST_POLICY_NONE
    }
}

/// The mounts of a container that fsshare copies. They are copied side by side, so
/// that all of them take about as long as the largest.
pub struct ContainerMounts {
    fsshare: Arc<FsShare>,
    container: String,
    volumes: Vec<Arc<FsShareVolume>>,
}

impl ContainerMounts {
    /// The volume has neither mounts nor storages until all are shared.
    pub fn add(&mut self, mount: &oci::Mount, read_only: bool) -> Arc<FsShareVolume> {
        let volume = Arc::new(FsShareVolume {
            fsshare: self.fsshare.clone(),
            container: self.container.clone(),
            mount: mount.clone(),
            read_only,
            reply: OnceLock::new(),
        });
        self.volumes.push(volume.clone());
        volume
    }

    /// Returns when the guest has all of them. Where one fails, those of its request
    /// are ended again.
    pub async fn share(self) -> Result<()> {
        for volumes in self.volumes.chunks(MOST_MOUNTS) {
            let request = api::ShareFilesRequest {
                sandbox_id: self.fsshare.sandbox.clone(),
                container_id: self.container.clone(),
                mounts: volumes.iter().map(|volume| volume.asked()).collect(),
                all_or_nothing: true,
                ..Default::default()
            };
            let reply = self.fsshare.client.share_files(&request).await?;
            for (volume, outcome) in volumes.iter().zip(reply.outcomes) {
                volume.take(outcome.reply.unwrap_or_default());
            }
        }
        Ok(())
    }
}

/// A mount of a container, copied into the guest until the container ends.
pub struct FsShareVolume {
    fsshare: Arc<FsShare>,
    container: String,
    mount: oci::Mount,
    read_only: bool,
    reply: OnceLock<api::ShareFileReply>,
}

impl FsShareVolume {
    /// The mount of the specification.
    fn asked(&self) -> api::Mount {
        let source = self.mount.source().as_ref();
        api::Mount {
            source: source
                .map(|path| path.display().to_string())
                .unwrap_or_default(),
            destination: self.destination(),
            type_: self.mount.typ().clone().unwrap_or_default(),
            options: self.mount.options().clone().unwrap_or_default(),
            read_only: self.read_only,
            ..Default::default()
        }
    }

    fn destination(&self) -> String {
        self.mount.destination().display().to_string()
    }

    /// What cannot be copied, such as a socket, is left out as before: the volume
    /// has no mount then.
    fn take(&self, reply: api::ShareFileReply) {
        for left in &reply.skipped {
            warn!(sl!(), "fsshare did not copy {}: {}", left.path, left.reason);
        }
        if reply.ignored && !reply.keeps_mount {
            warn!(
                sl!(),
                "{} is not copied: {}",
                self.destination(),
                reply.reason
            );
        }
        let _ = self.reply.set(reply);
    }

    fn reply(&self) -> Result<&api::ShareFileReply> {
        let reply = self.reply.get();
        reply.with_context(|| format!("{} is not shared", self.destination()))
    }

    async fn unshare(&self) -> Result<()> {
        let request = api::UnshareFileRequest {
            sandbox_id: self.fsshare.sandbox.clone(),
            container_id: self.container.clone(),
            destination: self.destination(),
            ..Default::default()
        };
        let result = self.fsshare.client.unshare_file(&request).await;
        if has_code(&result, Code::NOT_FOUND) {
            // Neither this fsshared nor the sandbox has it any more.
            return Ok(());
        }
        let reply = result.with_context(|| format!("unshare {}", self.destination()))?;
        for left in &reply.pending {
            info!(
                sl!(),
                "fsshare is yet to remove {}: {}", left.path, left.reason
            );
        }
        Ok(())
    }
}

#[async_trait]
impl Volume for FsShareVolume {
    fn get_volume_mount(&self) -> Result<Vec<oci::Mount>> {
        let mount = guest_mount(&self.mount, self.reply()?);
        Ok(mount.into_iter().collect())
    }

    fn get_storage(&self) -> Result<Vec<Storage>> {
        Ok(storages(self.reply()?))
    }

    fn get_device_id(&self) -> Result<Option<String>> {
        Ok(None)
    }

    async fn cleanup(&self, _device_manager: &RwLock<DeviceManager>) -> Result<()> {
        self.unshare().await
    }
}

/// The container's mount with the guest's path for its source, or as it is where it is
/// no matter of sharing.
fn guest_mount(mount: &oci::Mount, reply: &api::ShareFileReply) -> Option<oci::Mount> {
    if reply.keeps_mount {
        return Some(mount.clone());
    }
    if reply.ignored {
        return None;
    }
    let mut out = oci::Mount::default();
    out.set_destination(mount.destination().clone());
    let is_local = |storage: &api::Storage| storage.driver == LOCAL;
    let is_made_there = reply.volume_storages.iter().any(is_local);
    let typ = if is_made_there { LOCAL } else { "bind" };
    out.set_typ(Some(typ.to_owned()));
    out.set_options(mount.options().clone());
    out.set_source(Some(PathBuf::from(&reply.guest_path)));
    Some(out)
}

fn storages(reply: &api::ShareFileReply) -> Vec<Storage> {
    let all = reply
        .container_storages
        .iter()
        .chain(&reply.volume_storages);
    all.map(storage).collect()
}

fn storage(of: &api::Storage) -> Storage {
    Storage {
        driver: of.driver.clone(),
        driver_options: of.driver_options.clone(),
        source: of.source.clone(),
        fs_type: of.fstype.clone(),
        fs_group: of.fs_group.as_ref().map(fs_group),
        options: of.options.clone(),
        mount_point: of.mount_point.clone(),
        shared: of.shared,
    }
}

fn fs_group(of: &api::FSGroup) -> FSGroup {
    let on_mismatch = of.group_change_policy == api::FSGroupChangePolicy::OnRootMismatch.into();
    FSGroup {
        group_id: of.group_id,
        group_change_policy: match on_mismatch {
            true => FSGroupChangePolicy::OnRootMismatch,
            false => FSGroupChangePolicy::Always,
        },
    }
}

#[cfg(test)]
mod tests;
