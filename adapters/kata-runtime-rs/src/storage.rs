// SPDX-License-Identifier: Apache-2.0

/// What the guest agent is told to mount.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Storage {
    pub driver: String,
    pub driver_options: Vec<String>,
    pub source: String,
    pub fs_type: String,
    pub fs_group: Option<FSGroup>,
    pub options: Vec<String>,
    pub mount_point: String,
    pub shared: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct FSGroup {
    pub group_id: u32,
    pub group_change_policy: FSGroupChangePolicy,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum FSGroupChangePolicy {
    #[default]
    Always = 0,
    OnRootMismatch = 1,
}
