// SPDX-License-Identifier: Apache-2.0
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use protobuf::Message;
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use ttrpc::asynchronous::transport::Socket;
use ttrpc::proto::MESSAGE_LENGTH_MAX;

use crate::api;
use crate::error::{Code, Error};
use crate::pace::Pace;
use crate::scope::{Entry, Making, Request};

const SERVICE: &str = "fsshare.v1.FilesystemShare";

/// How long a client waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// For the answer of a call, all its tries together. 60 s by default; a copy
    /// of many gigabytes takes longer than that.
    pub deadline: Duration,
    /// For the answer of one try, 20 s by default: then the request is sent again
    /// over a new connection, in case the old one died without a word. What the
    /// first one began goes on meanwhile.
    pub attempt: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            deadline: Duration::from_secs(60),
            attempt: Duration::from_secs(20),
        }
    }
}

/// A client of the fsshared that listens at a socket. It connects when it is
/// first called, and anew when the connection ends. Clones share the connection,
/// over which any number of calls may be under way.
///
/// Of a call that is dropped before its answer the work goes on.
///
/// A request that makes something is not sent again once this client, or a clone,
/// was called to end that: the call to `share_file` that an
/// [`unshare_container`](Client::unshare_container) interrupts ends with ABORTED.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    options: Options,
}

struct Shared {
    socket: PathBuf,
    connection: Mutex<Connection>,
    order: std::sync::Mutex<()>,
    making: Making,
}

/// At most one; `number` tells whether it is still the one that a call had.
struct Connection {
    number: u64,
    client: Option<ttrpc::asynchronous::Client>,
}

impl Client {
    /// Nothing is connected yet, and nothing can fail.
    pub fn new(socket: impl Into<PathBuf>) -> Client {
        Client::with_options(socket, Options::default())
    }

    pub fn with_options(socket: impl Into<PathBuf>, options: Options) -> Client {
        Client {
            shared: Arc::new(Shared {
                socket: socket.into(),
                connection: Mutex::new(Connection {
                    number: 0,
                    client: None,
                }),
                order: std::sync::Mutex::new(()),
                making: Making::default(),
            }),
            options,
        }
    }

    /// The same client with another deadline for its calls.
    pub fn within(&self, deadline: Duration) -> Client {
        Client {
            shared: self.shared.clone(),
            options: Options {
                deadline,
                ..self.options
            },
        }
    }

    pub fn socket(&self) -> &Path {
        &self.shared.socket
    }

    async fn call<Q: Request, R: Message>(
        &self,
        method: &'static str,
        request: &Q,
    ) -> Result<R, Error> {
        let entry = self.shared.making.enter(request.effect());
        let payload = request
            .write_to_bytes()
            .map_err(|error| cannot_be_sent(method, &error.to_string()))?;
        let mut last = None;
        let tries = self.try_until_final(method, payload, &entry, &mut last);
        let reply = match tokio::time::timeout(self.options.deadline, tries).await {
            Ok(result) => result?,
            Err(_) => {
                return Err(Error::Deadline {
                    method,
                    within: self.options.deadline,
                    last: last.map(Box::new),
                })
            }
        };
        R::parse_from_bytes(&reply).map_err(|error| Error::Status {
            method,
            code: Code::INTERNAL,
            message: format!("the reply cannot be read: {error}"),
        })
    }

    /// Tries again and again, until there is a reply or an error that stays.
    /// `last` is the error of the last try that ended.
    async fn try_until_final(
        &self,
        method: &'static str,
        payload: Vec<u8>,
        entry: &Entry<'_>,
        last: &mut Option<Error>,
    ) -> Result<Vec<u8>, Error> {
        let end = Instant::now() + self.options.deadline;
        let mut pace = Pace::new();
        loop {
            let error = match self.try_once(method, &payload, end).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            if !error.is_passing() || entry.is_ended() {
                return Err(error);
            }
            log::debug!("fsshare: {error}; it is tried again");
            *last = Some(error);
            tokio::time::sleep(pace.pause(random())).await;
            if entry.is_ended() {
                return Err(last.take().expect("set above"));
            }
        }
    }

    async fn try_once(
        &self,
        method: &'static str,
        payload: &[u8],
        end: Instant,
    ) -> Result<Vec<u8>, Error> {
        let limit = self
            .options
            .attempt
            .min(end.saturating_duration_since(Instant::now()));
        let request = ttrpc::proto::Request {
            service: SERVICE.into(),
            method: method.into(),
            timeout_nano: limit.as_nanos().clamp(1, i64::MAX as u128) as i64,
            payload: payload.to_vec(),
            ..Default::default()
        };
        if request.compute_size() > MESSAGE_LENGTH_MAX as u64 {
            return Err(cannot_be_sent(method, "it exceeds a frame of 4 MiB"));
        }
        let (client, number) = self.connected().await?;
        match self.in_order(client.request(request)).await {
            Ok(response) => Ok(response.payload),
            Err(error) => {
                let error = error_of(method, error);
                if error.ends_connection() {
                    self.drop_connection(number).await;
                }
                Err(error)
            }
        }
    }

    /// ttrpc's client takes the number of a call first and queues the call then.
    /// Where two calls do that at once their numbers may come in the wrong order,
    /// which servers refuse. Both happen in the first poll: one at a time, and
    /// without tokio's budget, which could end it in between.
    async fn in_order<F: Future>(&self, call: F) -> F::Output {
        let mut call = pin!(tokio::task::unconstrained(call));
        let first = std::future::poll_fn(|context| {
            let _one = self.shared.order.lock();
            Poll::Ready(call.as_mut().poll(context))
        });
        match first.await {
            Poll::Ready(output) => output,
            Poll::Pending => call.await,
        }
    }

    /// The connection that all calls share, made where there is none.
    async fn connected(&self) -> Result<(ttrpc::asynchronous::Client, u64), Error> {
        let mut connection = self.shared.connection.lock().await;
        if let Some(client) = &connection.client {
            return Ok((client.clone(), connection.number));
        }
        let stream = UnixStream::connect(&self.shared.socket)
            .await
            .map_err(|error| Error::Connect {
                socket: self.shared.socket.clone(),
                error,
            })?;
        let client = ttrpc::asynchronous::Client::new(Socket::from(stream));
        connection.number += 1;
        connection.client = Some(client.clone());
        Ok((client, connection.number))
    }

    /// Gives up the connection of this number, unless it has been replaced.
    async fn drop_connection(&self, number: u64) {
        let mut connection = self.shared.connection.lock().await;
        if connection.number == number {
            connection.client = None;
        }
    }
}

/// A request that is not to be sent is no fault of the connection.
fn cannot_be_sent(method: &'static str, reason: &str) -> Error {
    Error::Status {
        method,
        code: Code::INVALID_ARGUMENT,
        message: format!("the request cannot be sent: {reason}"),
    }
}

fn error_of(method: &'static str, error: ttrpc::Error) -> Error {
    match error {
        ttrpc::Error::RpcStatus(status) => Error::Status {
            method,
            code: status.code(),
            message: status.message,
        },
        other => Error::Connection {
            method,
            message: other.to_string(),
        },
    }
}

/// Good enough to spread pauses.
fn random() -> u64 {
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}

/// One method of [`Client`] for each of the service.
macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident: $method:ident($request:ident) -> $reply:ident;)*) => {
        impl Client {
            $(
                $(#[$doc])*
                pub async fn $name(&self, request: &api::$request) -> Result<api::$reply, Error> {
                    self.call(stringify!($method), request).await
                }
            )*
        }

        #[cfg(test)]
        const METHODS: &[(&str, &str, &str)] =
            &[$((stringify!($method), stringify!($request), stringify!($reply))),*];
    };
}

methods! {
    /// Makes a sandbox known. Copies need the guest's address, which `set_guest`
    /// may tell later; the guest is not called yet.
    prepare: Prepare(PrepareRequest) -> PrepareReply;
    /// Tells what `prepare` could not know of the guest yet, such as its address.
    set_guest: SetGuest(SetGuestRequest) -> SetGuestReply;
    /// Forgets a sandbox, and takes away what it has on the host.
    cleanup: Cleanup(CleanupRequest) -> CleanupReply;
    /// Makes a mount of a container visible in the guest. Where the reply says
    /// `ignored` the container goes without it; otherwise it mounts `guest_path`.
    share_file: ShareFile(ShareFileRequest) -> ShareFileReply;
    /// Makes several mounts of a container visible in the guest in one round trip;
    /// the outcomes are in the order of the mounts.
    share_files: ShareFiles(ShareFilesRequest) -> ShareFilesReply;
    /// Ends one share.
    unshare_file: UnshareFile(UnshareFileRequest) -> UnshareFileReply;
    /// Ends all shares of a container, its root filesystem among them.
    unshare_container: UnshareContainer(UnshareContainerRequest) -> UnshareContainerReply;
    /// Makes the root filesystem of a container visible in the guest, or says what
    /// the guest has to mount.
    share_root_filesystem:
        ShareRootFilesystem(ShareRootFilesystemRequest) -> ShareRootFilesystemReply;
    unshare_root_filesystem:
        UnshareRootFilesystem(UnshareRootFilesystemRequest) -> UnshareRootFilesystemReply;
    /// Lets the copies of a sandbox follow their volumes, which Prepare does by
    /// itself in copy mode.
    start_file_event_watcher:
        StartFileEventWatcher(StartFileEventWatcherRequest) -> StartFileEventWatcherReply;
    stop_file_event_watcher:
        StopFileEventWatcher(StopFileEventWatcherRequest) -> StopFileEventWatcherReply;
    list_sandboxes: ListSandboxes(ListSandboxesRequest) -> ListSandboxesReply;
    /// All there is to know of a sandbox: its shares, volumes, and what could not
    /// be removed from the guest.
    get_sandbox: GetSandbox(GetSandboxRequest) -> GetSandboxReply;
    list_volumes: ListVolumes(ListVolumesRequest) -> ListVolumesReply;
    /// Lists, or removes, sandboxes of earlier processes that nobody knows.
    collect_orphans: CollectOrphans(CollectOrphansRequest) -> CollectOrphansReply;
    /// What has happened to sandboxes, shares and volumes behind a cursor, or, where
    /// nothing has, the next event; see `wait_ns`.
    watch_events: WatchEvents(WatchEventsRequest) -> WatchEventsReply;
    /// Whether fsshared takes calls.
    check: Check(CheckRequest) -> CheckReply;
    version: Version(VersionRequest) -> VersionReply;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_has_each_method_of_the_service() {
        let file = api::file_descriptor().proto();
        let service = &file.service[0];
        assert_eq!(
            SERVICE,
            format!("{}.{}", file.package(), service.name()),
            "the service's name"
        );
        let of_proto: Vec<(&str, &str, &str)> = service
            .method
            .iter()
            .map(|m| (m.name(), bare(m.input_type()), bare(m.output_type())))
            .collect();
        assert_eq!(METHODS, of_proto);
    }

    fn bare(name: &str) -> &str {
        name.rsplit('.').next().unwrap()
    }
}
