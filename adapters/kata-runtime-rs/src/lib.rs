// SPDX-License-Identifier: Apache-2.0
//! What `volume/fsshare_volume.rs` finds around it in runtime-rs, in the same shape:
//! the names of two of its crates, a logger, and the trait `Volume`. So that file is
//! compiled and tested here as it is.

#[macro_use]
extern crate slog;

extern crate self as agent;
extern crate self as hypervisor;

macro_rules! sl {
    () => {
        slog_scope::logger()
    };
}

pub mod device;
mod storage;
pub mod volume;

pub use storage::{FSGroup, FSGroupChangePolicy, Storage};
