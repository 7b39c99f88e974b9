// SPDX-License-Identifier: Apache-2.0
//! Calls fsshare, the node agent that shares filesystems with micro-VM sandboxes.
//!
//! ```no_run
//! # async fn run() -> Result<(), fsshare_client::Error> {
//! use fsshare_client::{api, Client};
//!
//! let client = Client::new("/run/fsshare/fsshare.sock");
//! client
//!     .prepare(&api::PrepareRequest {
//!         sandbox_id: "sandbox".into(),
//!         mode: api::SharingMode::SHARING_MODE_COPY.into(),
//!         guest: Some(api::Guest {
//!             address: "vsock://3:1024".into(),
//!             ..Default::default()
//!         })
//!         .into(),
//!         ..Default::default()
//!     })
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Retries
//!
//! Every request of fsshare may be repeated: the same one again gets the same
//! answer, and waits for it where the first still runs. A caller that goes away
//! cancels nothing. So a [`Client`] sends a request again, with growing pauses,
//! until its deadline:
//!
//! * on a new connection where the old one ended, or none could be made;
//! * where the answer is ABORTED, UNAVAILABLE or DEADLINE_EXCEEDED.
//!
//! Any other answer is final. A request that makes something is not sent again
//! once the same client was told to take that away: see [`Client`].
//!
//! When the deadline passes the error says what failed last. The work may still
//! be done: who gives up calls what undoes it, as
//! [`unshare_container`](Client::unshare_container) or
//! [`cleanup`](Client::cleanup).

pub mod api;
mod client;
mod error;
mod pace;
mod scope;

pub use client::{Client, Options};
pub use error::{Code, Error};
