// SPDX-License-Identifier: Apache-2.0
//! Plays what runtimes do over a pod's life, call by call, as `../calls.json` lists it.

use std::collections::HashMap;

use fsshare_client::{api, Client, Error};
use serde::Deserialize;
use serde_json::value::RawValue;

mod fault;

pub use fault::{Fault, FAULTS, PROFILES};

/// The whole list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    pub read: HashMap<String, String>,
    pub life: Vec<Event>,
    pub mounts: HashMap<String, Box<RawValue>>,
    pub runtimes: Vec<Runtime>,
}

/// One of a pod's life. The mounts are the container's, where they are not those of the
/// runtime.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub phase: String,
    #[serde(default)]
    pub container: String,
    pub mounts: Option<Vec<String>>,
}

/// What one does in one mode.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runtime {
    pub name: String,
    pub mode: String,
    pub mounts: Vec<String>,
    #[serde(default)]
    sandbox_start: Vec<Call>,
    #[serde(default)]
    guest_start: Vec<Call>,
    #[serde(default)]
    pause_start: Vec<Call>,
    #[serde(default)]
    container_start: Vec<Call>,
    #[serde(default)]
    container_end: Vec<Call>,
    #[serde(default)]
    pause_end: Vec<Call>,
    #[serde(default)]
    sandbox_end: Vec<Call>,
}

/// One, or one for each mount. The source is where the runtime makes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    pub method: String,
    #[serde(default, rename = "for")]
    pub of: String,
    pub source: String,
    pub request: Box<RawValue>,
}

impl Runtime {
    pub fn phase(&self, name: &str) -> &[Call] {
        match name {
            "sandbox_start" => &self.sandbox_start,
            "guest_start" => &self.guest_start,
            "pause_start" => &self.pause_start,
            "container_start" => &self.container_start,
            "container_end" => &self.container_end,
            "pause_end" => &self.pause_end,
            "sandbox_end" => &self.sandbox_end,
            _ => panic!("no such phase: {name}"),
        }
    }

    /// Whether each sandbox has a process with a mount namespace of its own.
    pub fn has_shims(&self) -> bool {
        asks(&self.sandbox_start, "${NAMESPACE}")
    }

    /// Whether the guest agent is given the storages of copies.
    pub fn hands_storages_on(&self) -> bool {
        asks(&self.guest_start, "localDir")
    }
}

/// Whether a request of these calls has a word in it.
fn asks(calls: &[Call], word: &str) -> bool {
    calls.iter().any(|call| call.request.get().contains(word))
}

/// The list that `FSSHARE_CALLS` names, or the one of the project.
pub fn load() -> Calls {
    let path = std::env::var("FSSHARE_CALLS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../calls.json").into());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Puts values in place of their names. Those of mounts are JSON themselves.
pub fn fill(template: &RawValue, values: &HashMap<&str, String>) -> String {
    let mut text = template.get().to_owned();
    for name in ["MOUNT", "MOUNTS"] {
        if let Some(value) = values.get(name) {
            text = text.replace(&format!("\"${{{name}}}\""), value);
        }
    }
    for (name, value) in values {
        text = text.replace(&format!("${{{name}}}"), value);
    }
    text
}

/// What of a reply a player looks at.
#[derive(Debug, PartialEq)]
pub enum Reply {
    Prepared(api::PrepareReply),
    /// In the order of the mounts.
    Shared(Vec<api::ShareFileReply>),
    SharedRoot(api::ShareRootFilesystemReply),
    Cleaned(api::CleanupReply),
    Other,
}

/// Makes a call with a request in JSON. Panics where that is no request.
pub async fn play(client: &Client, method: &str, request: &str) -> Result<Reply, Error> {
    macro_rules! call {
        ($name:ident) => {
            client.$name(&parsed(request)).await?
        };
    }
    match method {
        "Prepare" => return Ok(Reply::Prepared(call!(prepare))),
        "SetGuest" => drop(call!(set_guest)),
        "Cleanup" => return Ok(Reply::Cleaned(call!(cleanup))),
        "ShareFile" => return Ok(Reply::Shared(vec![call!(share_file)])),
        "ShareFiles" => {
            let outcomes = call!(share_files).outcomes.into_iter();
            let replies = outcomes.map(|outcome| outcome.reply.unwrap_or_default());
            return Ok(Reply::Shared(replies.collect()));
        }
        "UnshareFile" => drop(call!(unshare_file)),
        "UnshareContainer" => drop(call!(unshare_container)),
        "ShareRootFilesystem" => return Ok(Reply::SharedRoot(call!(share_root_filesystem))),
        "UnshareRootFilesystem" => drop(call!(unshare_root_filesystem)),
        _ => panic!("no such method: {method}"),
    }
    Ok(Reply::Other)
}

fn parsed<M: protobuf::MessageFull>(request: &str) -> M {
    protobuf_json_mapping::parse_from_str(request)
        .unwrap_or_else(|error| panic!("{request}: {error}"))
}
