// SPDX-License-Identifier: Apache-2.0
//! Volumes that fsshare, the node agent, copies into a guest with which no
//! filesystem is shared, and keeps current there.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agent::{FSGroup, FSGroupChangePolicy, Storage};
use anyhow::{Context, Result};
use async_trait::async_trait;
use fsshare_client::{api, Client, Code, Error};
use hypervisor::device::device_manager::DeviceManager;
use oci_spec::runtime as oci;
use tokio::sync::RwLock;

use super::Volume;

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

    /// To be called when the guest agent can be, at the hypervisor's address of it
    /// and the agent's configured port, and before the first container is created.
    pub async fn prepare(&self, address: &str, port: u32) -> Result<()> {
        let request = api::PrepareRequest {
            sandbox_id: self.sandbox.clone(),
            mode: api::SharingMode::SHARING_MODE_COPY.into(),
            guest: Some(api::Guest {
                address: with_port(address, port),
                ..Default::default()
            })
            .into(),
            ..Default::default()
        };
        self.client.prepare(&request).await?;
        Ok(())
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

/// A mount of a container, copied into the guest until the container ends.
pub struct FsShareVolume {
    fsshare: Arc<FsShare>,
    container: String,
    destination: String,
    mounts: Vec<oci::Mount>,
    storages: Vec<Storage>,
}

impl FsShareVolume {
    /// Returns when the guest has all of it. What cannot be copied, such as a
    /// socket, is left out as before: the volume has no mount then.
    pub async fn new(
        fsshare: &Arc<FsShare>,
        mount: &oci::Mount,
        container: &str,
        read_only: bool,
    ) -> Result<FsShareVolume> {
        let request = share_request(&fsshare.sandbox, container, mount, read_only);
        let reply = fsshare.client.share_file(&request).await?;
        for left in &reply.skipped {
            warn!(sl!(), "fsshare did not copy {}: {}", left.path, left.reason);
        }
        if reply.ignored {
            warn!(
                sl!(),
                "{} is not copied: {}", request.mount.source, reply.reason
            );
        }
        Ok(FsShareVolume {
            fsshare: fsshare.clone(),
            container: container.to_owned(),
            destination: request.mount.destination.clone(),
            mounts: guest_mount(mount, &reply).into_iter().collect(),
            storages: storages(&reply),
        })
    }

    async fn unshare(&self) -> Result<()> {
        let request = api::UnshareFileRequest {
            sandbox_id: self.fsshare.sandbox.clone(),
            container_id: self.container.clone(),
            destination: self.destination.clone(),
            ..Default::default()
        };
        let result = self.fsshare.client.unshare_file(&request).await;
        if has_code(&result, Code::NOT_FOUND) {
            // Neither this fsshared nor the sandbox has it any more.
            return Ok(());
        }
        let reply = result.with_context(|| format!("unshare {}", self.destination))?;
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
        Ok(self.mounts.clone())
    }

    fn get_storage(&self) -> Result<Vec<Storage>> {
        Ok(self.storages.clone())
    }

    fn get_device_id(&self) -> Result<Option<String>> {
        Ok(None)
    }

    async fn cleanup(&self, _device_manager: &RwLock<DeviceManager>) -> Result<()> {
        self.unshare().await
    }
}

fn share_request(
    sandbox: &str,
    container: &str,
    mount: &oci::Mount,
    read_only: bool,
) -> api::ShareFileRequest {
    let source = mount
        .source()
        .as_ref()
        .map(|path| path.display().to_string());
    api::ShareFileRequest {
        sandbox_id: sandbox.to_owned(),
        container_id: container.to_owned(),
        mount: Some(api::Mount {
            source: source.unwrap_or_default(),
            destination: mount.destination().display().to_string(),
            type_: mount.typ().clone().unwrap_or_default(),
            options: mount.options().clone().unwrap_or_default(),
            read_only,
            ..Default::default()
        })
        .into(),
        ..Default::default()
    }
}

/// The container's mount with the guest's path for its source.
fn guest_mount(mount: &oci::Mount, reply: &api::ShareFileReply) -> Option<oci::Mount> {
    if reply.ignored {
        return None;
    }
    let mut out = oci::Mount::default();
    out.set_destination(mount.destination().clone());
    out.set_typ(Some("bind".to_owned()));
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
