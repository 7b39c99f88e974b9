// SPDX-License-Identifier: Apache-2.0
//! The client against fsshared and a guest that copies are sent to.

use std::fs;
use std::time::Duration;

use fsshare_client::{api, Client, Code, Error, Options};
use fsshare_testing::{eventually, Guest, Node, Volume, PATIENCE};
use tokio::net::{UnixListener, UnixStream};

const SANDBOX: &str = "sandbox";

fn prepare(guest: &Guest) -> api::PrepareRequest {
    api::PrepareRequest {
        sandbox_id: SANDBOX.into(),
        mode: api::SharingMode::SHARING_MODE_COPY.into(),
        guest: Some(api::Guest {
            address: guest.address(),
            ..Default::default()
        })
        .into(),
        ..Default::default()
    }
}

fn share(container: &str, source: &std::path::Path, destination: &str) -> api::ShareFileRequest {
    api::ShareFileRequest {
        sandbox_id: SANDBOX.into(),
        container_id: container.into(),
        mount: Some(api::Mount {
            source: source.to_str().unwrap().into(),
            destination: destination.into(),
            type_: "bind".into(),
            options: vec!["rbind".into(), "ro".into()],
            read_only: true,
            ..Default::default()
        })
        .into(),
        ..Default::default()
    }
}

fn unshare_container(container: &str) -> api::UnshareContainerRequest {
    api::UnshareContainerRequest {
        sandbox_id: SANDBOX.into(),
        container_id: container.into(),
        ..Default::default()
    }
}

fn cleanup() -> api::CleanupRequest {
    api::CleanupRequest {
        sandbox_id: SANDBOX.into(),
        ..Default::default()
    }
}

async fn shares(client: &Client) -> u64 {
    let request = api::GetSandboxRequest {
        sandbox_id: SANDBOX.into(),
        ..Default::default()
    };
    client.get_sandbox(&request).await.unwrap().sandbox.shares
}

async fn serving(client: &Client) -> bool {
    let reply = client.check(&api::CheckRequest::new()).await.unwrap();
    reply.status == api::check_reply::ServingStatus::SERVING.into()
}

/// A client that is as patient as a test, with one try after the other.
fn patient(node: &Node) -> Client {
    Client::with_options(
        node.socket(),
        Options {
            deadline: PATIENCE,
            attempt: PATIENCE,
        },
    )
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs FSSHARE_BIN"]
async fn a_volume_follows_ten_rotations_until_it_is_unshared() {
    let node = Node::start("");
    let guest = Guest::start(&[]);
    let mut volume = Volume::new("configmap", "settings", &[("level", "0")]);
    let client = Client::new(node.socket());

    client.prepare(&prepare(&guest)).await.unwrap();
    let shared = client
        .share_file(&share("web", volume.path(), "/etc/settings"))
        .await
        .unwrap();
    assert!(!shared.ignored);
    assert_eq!(shared.generation, volume.generation());
    let in_guest = guest.at(&shared.guest_path);
    assert_eq!(fs::read_to_string(in_guest.join("level")).unwrap(), "0");

    for n in 1..=10 {
        let value = n.to_string();
        volume.rotate(&[("level", &value)]);
        eventually("the guest has the rotation", || {
            fs::read_to_string(in_guest.join("level"))
                .ok()
                .filter(|read| *read == value)
        });
    }

    let ended = client
        .unshare_container(&unshare_container("web"))
        .await
        .unwrap();
    assert!(ended.pending.is_empty(), "{:?}", ended.pending);
    assert!(in_guest.symlink_metadata().is_err());
    client.cleanup(&cleanup()).await.unwrap();
    let left = client
        .list_sandboxes(&api::ListSandboxesRequest::new())
        .await
        .unwrap();
    assert!(left.sandboxes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs FSSHARE_BIN"]
async fn what_is_refused_is_said_at_once_and_in_its_words() {
    let node = Node::start("");
    let guest = Guest::start(&[]);
    let volume = Volume::new("secret", "keys", &[("key", "x")]);
    let other = Volume::new("secret", "keys", &[("key", "y")]);
    // It would wait for the whole of it if it tried again.
    let client = Client::new(node.socket()).within(PATIENCE);

    let unknown = client
        .share_file(&share("web", volume.path(), "/keys"))
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Code::NOT_FOUND);
    client.prepare(&prepare(&guest)).await.unwrap();
    let relative = client
        .share_file(&share("web", std::path::Path::new("a/b"), "/keys"))
        .await
        .unwrap_err();
    assert_eq!(relative.code(), Code::INVALID_ARGUMENT);
    assert!(relative.to_string().contains("'a/b'"), "{relative}");
    client
        .share_file(&share("web", volume.path(), "/keys"))
        .await
        .unwrap();
    let different = client
        .share_file(&share("web", other.path(), "/keys"))
        .await
        .unwrap_err();
    assert_eq!(different.code(), Code::ALREADY_EXISTS);
    assert!(!matches!(different, Error::Deadline { .. }));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs FSSHARE_BIN"]
async fn a_request_that_no_frame_holds_is_refused_and_costs_no_connection() {
    let node = Node::start("");
    let client = Client::new(node.socket()).within(PATIENCE);
    let request = api::CheckRequest {
        sandbox_id: "x".repeat(5 << 20),
        ..Default::default()
    };

    let refused = client.check(&request).await.unwrap_err();

    assert_eq!(refused.code(), Code::INVALID_ARGUMENT);
    assert!(serving(&client).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs FSSHARE_BIN"]
async fn a_call_waits_for_a_node_agent_that_is_yet_to_start() {
    let mut node = Node::stopped("");
    let client = patient(&node);
    let call = tokio::spawn({
        let client = client.clone();
        async move { serving(&client).await }
    });

    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!call.is_finished());
    node.launch();

    assert!(call.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs FSSHARE_BIN"]
async fn calls_go_on_after_a_restart_of_the_node_agent() {
    let mut node = Node::start("");
    let client = patient(&node);
    assert!(serving(&client).await);

    for _ in 0..3 {
        node.kill();
        let calls: Vec<_> = (0..8)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { serving(&client).await })
            })
            .collect();
        node.start_again();
        for call in calls {
            assert!(call.await.unwrap());
        }
    }
}

/// A socket whose first connection is never answered; the others are the node agent's.
fn dead_then_alive(dir: &tempfile::TempDir, node: &Node) -> std::path::PathBuf {
    let socket = dir.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    let node = node.socket();
    tokio::spawn(async move {
        let _first = listener.accept().await.unwrap();
        loop {
            let (mut from, _) = listener.accept().await.unwrap();
            let mut to = UnixStream::connect(&node).await.unwrap();
            tokio::spawn(async move {
                let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
            });
        }
    });
    socket
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs FSSHARE_BIN"]
async fn a_connection_that_is_silent_is_replaced() {
    let node = Node::start("");
    let dir = tempfile::tempdir().unwrap();
    let client = Client::with_options(
        dead_then_alive(&dir, &node),
        Options {
            deadline: PATIENCE,
            attempt: Duration::from_millis(100),
        },
    );

    assert!(serving(&client).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs FSSHARE_BIN"]
async fn a_share_is_tried_again_until_the_guest_is_there() {
    let node = Node::start(r#""guest": {"dial_timeout": "100ms"}"#);
    let mut guest = Guest::stopped(&[]);
    let volume = Volume::new("configmap", "settings", &[("level", "0")]);
    let client = patient(&node);
    client.prepare(&prepare(&guest)).await.unwrap();

    let request = share("web", volume.path(), "/etc/settings");
    let late = client
        .within(Duration::from_secs(1))
        .share_file(&request)
        .await;
    let late = late.unwrap_err();
    assert!(matches!(late, Error::Deadline { .. }), "{late}");
    assert_eq!(late.code(), Code::UNAVAILABLE, "{late}");

    let call = tokio::spawn({
        let client = client.clone();
        async move { client.share_file(&request).await }
    });
    guest.start_again();
    let shared = call.await.unwrap().unwrap();
    let level = guest.at(&shared.guest_path).join("level");
    assert_eq!(fs::read_to_string(level).unwrap(), "0");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs FSSHARE_BIN"]
async fn a_share_that_is_ended_while_it_is_made_is_not_made_again() {
    let node = Node::start("");
    let guest = Guest::start(&["--delay", "300ms"]);
    let volume = Volume::new("configmap", "settings", &[("level", "0")]);
    let client = patient(&node);
    client.prepare(&prepare(&guest)).await.unwrap();

    let call = tokio::spawn({
        let client = client.clone();
        let request = share("web", volume.path(), "/etc/settings");
        async move { client.share_file(&request).await }
    });
    eventually_shared(&client).await;
    client
        .unshare_container(&unshare_container("web"))
        .await
        .unwrap();

    let ended = call.await.unwrap().unwrap_err();
    assert!(
        matches!(
            ended,
            Error::Status {
                code: Code::ABORTED,
                ..
            }
        ),
        "{ended}"
    );
    assert_eq!(shares(&client).await, 0);
}

async fn eventually_shared(client: &Client) {
    for _ in 0..10_000 {
        if shares(client).await > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("the share is not begun");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs FSSHARE_BIN"]
async fn one_connection_carries_many_calls() {
    let node = Node::start("");
    let guest = Guest::start(&["--delay", "5ms"]);
    let client = patient(&node);
    client.prepare(&prepare(&guest)).await.unwrap();
    let volume = Volume::new("configmap", "settings", &[("level", "0")]);

    let calls: Vec<_> = (0..50)
        .map(|n| {
            let client = client.clone();
            let request = share(&format!("c{n}"), volume.path(), "/etc/settings");
            tokio::spawn(async move { client.share_file(&request).await })
        })
        .collect();

    let mut paths = std::collections::HashSet::new();
    for call in calls {
        paths.insert(call.await.unwrap().unwrap().guest_path);
    }
    assert_eq!(paths.len(), 50);
    assert_eq!(shares(&client).await, 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
#[ignore = "needs FSSHARE_BIN"]
async fn calls_of_many_threads_come_in_the_order_of_their_numbers() {
    let node = Node::start("");
    let client = patient(&node);

    let callers: Vec<_> = (0..64)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                for _ in 0..50 {
                    assert!(serving(&client).await);
                }
            })
        })
        .collect();

    for caller in callers {
        caller.await.unwrap();
    }
}
