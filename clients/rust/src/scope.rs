// SPDX-License-Identifier: Apache-2.0
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::api;

/// What of a sandbox a request makes or ends: all of it, all of a container, or
/// what is at one destination.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scope {
    pub(crate) sandbox: String,
    pub(crate) container: Option<String>,
    pub(crate) destination: Option<String>,
}

impl Scope {
    fn sandbox(id: &str) -> Scope {
        Scope {
            sandbox: id.into(),
            container: None,
            destination: None,
        }
    }

    fn container(sandbox: &str, id: &str) -> Scope {
        Scope {
            container: Some(id.into()),
            ..Scope::sandbox(sandbox)
        }
    }

    fn destination(sandbox: &str, container: &str, path: &str) -> Scope {
        Scope {
            destination: Some(path.into()),
            ..Scope::container(sandbox, container)
        }
    }

    fn holds(&self, other: &Scope) -> bool {
        self.sandbox == other.sandbox
            && (self.container.is_none() || self.container == other.container)
            && (self.destination.is_none() || self.destination == other.destination)
    }
}

/// What a request does to what is there.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    Makes(Scope),
    Ends(Scope),
    None,
}

pub(crate) trait Request: protobuf::Message {
    fn effect(&self) -> Effect {
        Effect::None
    }
}

/// The destination that root filesystems have in the status.
const ROOT: &str = "/";

impl Request for api::PrepareRequest {
    fn effect(&self) -> Effect {
        Effect::Makes(Scope::sandbox(&self.sandbox_id))
    }
}

// One that was ended is not found.
impl Request for api::SetGuestRequest {}

impl Request for api::CleanupRequest {
    fn effect(&self) -> Effect {
        Effect::Ends(Scope::sandbox(&self.sandbox_id))
    }
}

impl Request for api::ShareFileRequest {
    fn effect(&self) -> Effect {
        Effect::Makes(Scope::destination(
            &self.sandbox_id,
            &self.container_id,
            &self.mount.destination,
        ))
    }
}

impl Request for api::ShareFilesRequest {
    fn effect(&self) -> Effect {
        Effect::Makes(Scope::container(&self.sandbox_id, &self.container_id))
    }
}

impl Request for api::UnshareFileRequest {
    fn effect(&self) -> Effect {
        // Who knows the share's id has had the answer of what made it.
        if self.destination.is_empty() {
            return Effect::None;
        }
        Effect::Ends(Scope::destination(
            &self.sandbox_id,
            &self.container_id,
            &self.destination,
        ))
    }
}

impl Request for api::UnshareContainerRequest {
    fn effect(&self) -> Effect {
        Effect::Ends(Scope::container(&self.sandbox_id, &self.container_id))
    }
}

impl Request for api::ShareRootFilesystemRequest {
    fn effect(&self) -> Effect {
        Effect::Makes(Scope::destination(
            &self.sandbox_id,
            &self.container_id,
            ROOT,
        ))
    }
}

impl Request for api::UnshareRootFilesystemRequest {
    fn effect(&self) -> Effect {
        Effect::Ends(Scope::destination(
            &self.sandbox_id,
            &self.container_id,
            ROOT,
        ))
    }
}

impl Request for api::StartFileEventWatcherRequest {}
impl Request for api::StopFileEventWatcherRequest {}
impl Request for api::ListSandboxesRequest {}
impl Request for api::GetSandboxRequest {}
impl Request for api::ListVolumesRequest {}
// No sandbox that anybody makes is one.
impl Request for api::CollectOrphansRequest {}
impl Request for api::WatchEventsRequest {}
impl Request for api::CheckRequest {}
impl Request for api::VersionRequest {}

/// The calls of a client that make something and are not answered yet, so that
/// what ends it also ends their retries. Otherwise such a retry would make anew
/// what was ended, and nobody would end it again.
#[derive(Default)]
pub(crate) struct Making {
    next: AtomicU64,
    calls: Mutex<HashMap<u64, (Scope, Arc<AtomicBool>)>>,
}

impl Making {
    /// Enters a call where it makes something, until the result is dropped, and
    /// ends the others that it is to end.
    pub(crate) fn enter(&self, effect: Effect) -> Entry<'_> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let ended = Arc::new(AtomicBool::new(false));
        match effect {
            Effect::Makes(scope) => {
                self.locked().insert(id, (scope, ended.clone()));
            }
            Effect::Ends(ends) => {
                for (scope, ended) in self.locked().values() {
                    if ends.holds(scope) {
                        ended.store(true, Ordering::Release);
                    }
                }
            }
            Effect::None => {}
        }
        Entry {
            making: self,
            id,
            ended,
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<u64, (Scope, Arc<AtomicBool>)>> {
        // Nothing that holds it panics.
        self.calls
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

pub(crate) struct Entry<'a> {
    making: &'a Making,
    id: u64,
    ended: Arc<AtomicBool>,
}

impl Entry<'_> {
    /// Whether another call has ended what this one makes.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.making.locked().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(container: &str, destination: &str) -> Effect {
        api::ShareFileRequest {
            sandbox_id: "s".into(),
            container_id: container.into(),
            mount: Some(api::Mount {
                destination: destination.into(),
                ..Default::default()
            })
            .into(),
            ..Default::default()
        }
        .effect()
    }

    fn unshare(container: &str, destination: &str) -> Effect {
        api::UnshareFileRequest {
            sandbox_id: "s".into(),
            container_id: container.into(),
            destination: destination.into(),
            ..Default::default()
        }
        .effect()
    }

    fn unshare_container(container: &str) -> Effect {
        api::UnshareContainerRequest {
            sandbox_id: "s".into(),
            container_id: container.into(),
            ..Default::default()
        }
        .effect()
    }

    fn cleanup(sandbox: &str) -> Effect {
        api::CleanupRequest {
            sandbox_id: sandbox.into(),
            ..Default::default()
        }
        .effect()
    }

    /// Whether a share of c at /d is ended by something else.
    fn ended_by(other: Effect) -> bool {
        let making = Making::default();
        let entry = making.enter(share("c", "/d"));
        drop(making.enter(other));
        entry.is_ended()
    }

    #[test]
    fn what_ends_a_share_ends_its_retries() {
        assert!(ended_by(unshare("c", "/d")));
        assert!(ended_by(unshare_container("c")));
        assert!(ended_by(cleanup("s")));
    }

    #[test]
    fn what_ends_another_share_does_not() {
        assert!(!ended_by(unshare("c", "/e")));
        assert!(!ended_by(unshare("b", "/d")));
        assert!(!ended_by(unshare_container("b")));
        assert!(!ended_by(cleanup("t")));
        assert!(!ended_by(share("c", "/d")));
    }

    #[test]
    fn the_end_of_a_root_filesystem_ends_its_share_only() {
        let making = Making::default();
        let rootfs = making.enter(
            api::ShareRootFilesystemRequest {
                sandbox_id: "s".into(),
                container_id: "c".into(),
                ..Default::default()
            }
            .effect(),
        );
        let file = making.enter(share("c", "/d"));
        drop(
            making.enter(
                api::UnshareRootFilesystemRequest {
                    sandbox_id: "s".into(),
                    container_id: "c".into(),
                    ..Default::default()
                }
                .effect(),
            ),
        );
        assert!(rootfs.is_ended());
        assert!(!file.is_ended());
    }

    #[test]
    fn what_is_made_after_the_end_is_not_ended() {
        let making = Making::default();
        drop(making.enter(cleanup("s")));
        assert!(!making.enter(share("c", "/d")).is_ended());
    }

    #[test]
    fn nothing_is_kept_of_calls_that_are_over() {
        let making = Making::default();
        drop(making.enter(share("c", "/d")));
        assert!(making.locked().is_empty());
    }
}
