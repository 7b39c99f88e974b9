// SPDX-License-Identifier: Apache-2.0
//! What tests against the real programs need. They find these in the folder that
//! the variable `FSSHARE_BIN` names; `./dev clients` sets it.

mod programs;
mod volume;
mod wait;

pub use programs::{Guest, Node};
pub use volume::Volume;
pub use wait::{eventually, PATIENCE};
