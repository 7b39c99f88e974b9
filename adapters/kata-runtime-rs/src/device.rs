// SPDX-License-Identifier: Apache-2.0
pub mod device_manager {
    /// A volume of fsshare has no device.
    pub struct DeviceManager;
}
