// SPDX-License-Identifier: Apache-2.0
//! The messages, as `proto/fsshare.proto` has them. The comments there say what
//! each field means.

include!(concat!(env!("OUT_DIR"), "/api/mod.rs"));

pub use fsshare::*;
