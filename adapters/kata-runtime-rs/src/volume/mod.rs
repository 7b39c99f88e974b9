// SPDX-License-Identifier: Apache-2.0
use anyhow::Result;
use async_trait::async_trait;
use oci_spec::runtime as oci;
use tokio::sync::RwLock;

use crate::device::device_manager::DeviceManager;

pub mod fsshare_volume;

/// What a container has of a mount of its specification.
#[async_trait]
pub trait Volume: Send + Sync {
    fn get_volume_mount(&self) -> Result<Vec<oci::Mount>>;
    fn get_storage(&self) -> Result<Vec<crate::Storage>>;
    fn get_device_id(&self) -> Result<Option<String>>;
    async fn cleanup(&self, device_manager: &RwLock<DeviceManager>) -> Result<()>;
}
