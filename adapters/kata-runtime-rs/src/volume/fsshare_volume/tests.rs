// SPDX-License-Identifier: Apache-2.0
use std::fs;
use std::path::Path;

use fsshare_testing::{eventually, Guest, Node, Volume as KubeletVolume, PATIENCE};

use super::*;

const SANDBOX: &str = "sandbox";

fn mount(source: &Path, destination: &str) -> oci::Mount {
    let mut out = oci::Mount::default();
    out.set_source(Some(source.to_owned()));
    out.set_destination(destination.into());
    out.set_typ(Some("bind".into()));
    out.set_options(Some(vec!["rbind".into(), "ro".into()]));
    out
}

async fn prepared(node: &Node, guest: &Guest) -> Arc<FsShare> {
    let socket = node.socket().display().to_string();
    let fsshare = FsShare::new(&socket, SANDBOX, PATIENCE).unwrap();
    fsshare.prepare(&guest.address(), 1024).await.unwrap();
    fsshare
}

/// The one mount that a volume has.
fn only_mount(volume: &FsShareVolume) -> oci::Mount {
    let mounts = volume.get_volume_mount().unwrap();
    assert_eq!(mounts.len(), 1);
    mounts[0].clone()
}

#[test]
fn without_a_socket_fsshare_is_not_used() {
    assert!(FsShare::new("", SANDBOX, PATIENCE).is_none());
}

#[test]
fn an_address_gets_the_port_that_it_lacks() {
    assert_eq!(with_port("vsock://3", 1024), "vsock://3:1024");
    assert_eq!(with_port("vsock://3:9", 1024), "vsock://3:9");
    assert_eq!(
        with_port("hvsock:///run/kata.hvsock", 1024),
        "hvsock:///run/kata.hvsock:1024"
    );
    assert_eq!(
        with_port("hvsock:///run/kata.hvsock:9", 1024),
        "hvsock:///run/kata.hvsock:9"
    );
    assert_eq!(
        with_port("remote:///run/agent.ttrpc", 1024),
        "remote:///run/agent.ttrpc"
    );
    assert_eq!(with_port("unix:///run/agent", 1024), "unix:///run/agent");
}

#[test]
fn what_is_asked_for_is_the_mount_of_the_specification() {
    let request = share_request("s", "c", &mount(Path::new("/srv/a"), "/b"), true);
    assert_eq!(
        (request.sandbox_id.as_str(), request.container_id.as_str()),
        ("s", "c")
    );
    assert_eq!(request.mount.source, "/srv/a");
    assert_eq!(request.mount.destination, "/b");
    assert_eq!(request.mount.type_, "bind");
    assert_eq!(request.mount.options, ["rbind", "ro"]);
    assert!(request.mount.read_only);
}

#[test]
fn storages_are_handed_on_field_by_field() {
    let of = api::Storage {
        driver: "local".into(),
        driver_options: vec!["a=b".into()],
        source: "local".into(),
        fstype: "local".into(),
        options: vec!["mode=0777".into()],
        mount_point: "/run/m".into(),
        fs_group: Some(api::FSGroup {
            group_id: 7,
            group_change_policy: api::FSGroupChangePolicy::OnRootMismatch.into(),
            ..Default::default()
        })
        .into(),
        shared: true,
        ..Default::default()
    };
    let second = api::Storage {
        driver: "9p".into(),
        ..Default::default()
    };
    let reply = api::ShareFileReply {
        container_storages: vec![of],
        volume_storages: vec![second],
        ..Default::default()
    };

    let got = storages(&reply);

    assert_eq!(got.len(), 2);
    assert_eq!(got[0].driver, "local");
    assert_eq!(got[0].driver_options, ["a=b"]);
    assert_eq!(got[0].source, "local");
    assert_eq!(got[0].fs_type, "local");
    assert_eq!(got[0].options, ["mode=0777"]);
    assert_eq!(got[0].mount_point, "/run/m");
    assert!(got[0].shared);
    let group = got[0].fs_group.as_ref().unwrap();
    assert_eq!(group.group_id, 7);
    assert_eq!(
        group.group_change_policy.clone() as i32,
        FSGroupChangePolicy::OnRootMismatch as i32
    );
    assert_eq!(got[1].driver, "9p");
    assert!(got[1].fs_group.is_none());
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn a_config_map_is_current_in_the_guest_until_its_container_ends() {
    let node = Node::start("");
    let guest = Guest::start(&[]);
    let fsshare = prepared(&node, &guest).await;
    let mut source = KubeletVolume::new("configmap", "settings", &[("level", "0")]);

    let of = mount(source.path(), "/etc/settings");
    let volume = FsShareVolume::new(&fsshare, &of, "web", true)
        .await
        .unwrap();
    let mounted = only_mount(&volume);
    assert_eq!(mounted.destination(), of.destination());
    assert_eq!(mounted.options(), of.options());
    assert_eq!(mounted.typ().as_deref(), Some("bind"));
    assert_eq!(volume.get_storage().unwrap().len(), 0);
    assert!(volume.get_device_id().unwrap().is_none());
    let in_guest = guest.at(mounted.source().as_ref().unwrap());
    // The form that guests' policies know.
    let name = in_guest.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(
        name.starts_with("web-") && name.ends_with("-settings"),
        "{}",
        name
    );
    assert_eq!(fs::read_to_string(in_guest.join("level")).unwrap(), "0");

    for n in 1..=10 {
        let value = n.to_string();
        source.rotate(&[("level", &value)]);
        eventually("the guest has the rotation", || {
            let read = fs::read_to_string(in_guest.join("level")).ok();
            read.filter(|read| *read == value)
        });
    }

    volume.unshare().await.unwrap();
    assert!(in_guest.symlink_metadata().is_err());
    fsshare.cleanup().await.unwrap();
    assert_eq!(fs::read_dir(guest.root()).unwrap().count(), 0);
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn what_cannot_be_copied_is_a_volume_without_a_mount() {
    let node = Node::start("");
    let guest = Guest::start(&[]);
    let fsshare = prepared(&node, &guest).await;
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();

    let of = mount(&socket, "/run/socket");
    let volume = FsShareVolume::new(&fsshare, &of, "web", false)
        .await
        .unwrap();

    assert_eq!(volume.get_volume_mount().unwrap().len(), 0);
    volume.unshare().await.unwrap();
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn a_missing_source_is_the_error_of_the_container() {
    let node = Node::start("");
    let guest = Guest::start(&[]);
    let fsshare = prepared(&node, &guest).await;

    let of = mount(Path::new("/nowhere/at/all"), "/etc/settings");
    let failed = FsShareVolume::new(&fsshare, &of, "web", true).await;

    let error = failed.err().unwrap().to_string();
    assert!(
        error.contains("NOT_FOUND") && error.contains("/nowhere/at/all"),
        "{}",
        error
    );
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn a_shim_that_was_started_again_goes_on_with_its_sandbox() {
    let node = Node::start("");
    let guest = Guest::start(&[]);
    let source = KubeletVolume::new("secret", "keys", &[("key", "x")]);
    let of = mount(source.path(), "/keys");
    let before = prepared(&node, &guest).await;
    let volume = FsShareVolume::new(&before, &of, "web", true).await.unwrap();
    let path = only_mount(&volume).source().clone();
    drop(volume);

    let after = prepared(&node, &guest).await;
    let again = FsShareVolume::new(&after, &of, "web", true).await.unwrap();

    assert_eq!(only_mount(&again).source(), &path);
    again.unshare().await.unwrap();
    assert_eq!(fs::read_dir(guest.root()).unwrap().count(), 0);
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn containers_and_sandboxes_end_after_a_restart_of_fsshare() {
    let mut node = Node::start("");
    let guest = Guest::start(&[]);
    let fsshare = prepared(&node, &guest).await;
    let source = KubeletVolume::new("secret", "keys", &[("key", "x")]);
    let of = mount(source.path(), "/keys");
    let volume = FsShareVolume::new(&fsshare, &of, "web", true)
        .await
        .unwrap();

    node.kill();
    node.start_again();

    volume.unshare().await.unwrap();
    fsshare.cleanup().await.unwrap();
    fsshare.cleanup().await.unwrap();
    // Nothing of it is in the way of another one.
    prepared(&node, &guest).await;
}
