// SPDX-License-Identifier: Apache-2.0
//! What takes the programs: fsshared, and a stand-in for a guest agent.

use std::fs;

use fsshare_testing::{eventually, Guest as StandIn, Node, Volume as KubeletVolume};

use super::*;

async fn prepared_with(node: &Node, guest: &StandIn, memory: u32, built: &[&str]) -> Arc<FsShare> {
    let socket = node.socket().display().to_string();
    let fsshare = FsShare::new(&socket, SANDBOX, PATIENCE).unwrap();
    let told = Guest {
        address: &guest.address(),
        port: 1024,
        memory_mib: memory,
        features: &features(built),
    };
    fsshare.prepare(&told).await.unwrap();
    fsshare
}

async fn prepared(node: &Node, guest: &StandIn) -> Arc<FsShare> {
    prepared_with(node, guest, 2048, &["agent-policy", "seccomp"]).await
}

/// The volumes of a container with these mounts, shared.
async fn shared(
    fsshare: &Arc<FsShare>,
    container: &str,
    mounts: &[oci::Mount],
) -> Result<Vec<Arc<FsShareVolume>>> {
    let mut of = fsshare.mounts_of(container);
    let volumes = mounts.iter().map(|mount| of.add(mount, true)).collect();
    of.share().await?;
    Ok(volumes)
}

async fn only_volume(
    fsshare: &Arc<FsShare>,
    container: &str,
    mount: &oci::Mount,
) -> Arc<FsShareVolume> {
    let volumes = shared(fsshare, container, std::slice::from_ref(mount)).await;
    volumes.unwrap().remove(0)
}

/// The one mount that a volume has.
fn only_mount(volume: &FsShareVolume) -> oci::Mount {
    let mounts = volume.get_volume_mount().unwrap();
    assert_eq!(mounts.len(), 1);
    mounts[0].clone()
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn a_config_map_is_current_in_the_guest_until_its_container_ends() {
    let node = Node::start("");
    let guest = StandIn::start(&[]);
    let fsshare = prepared(&node, &guest).await;
    let mut source = KubeletVolume::new("configmap", "settings", &[("level", "0")]);

    let of = mount(source.path(), "/etc/settings");
    let volume = only_volume(&fsshare, "web", &of).await;
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
    let guest = StandIn::start(&[]);
    let fsshare = prepared(&node, &guest).await;
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();

    let of = mount(&socket, "/run/socket");
    let volume = only_volume(&fsshare, "web", &of).await;

    assert_eq!(volume.get_volume_mount().unwrap().len(), 0);
    volume.unshare().await.unwrap();
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn each_mount_has_its_own_path_in_the_order_of_the_specification() {
    let node = Node::start("");
    let guest = StandIn::start(&[]);
    let fsshare = prepared(&node, &guest).await;
    let dir = tempfile::tempdir().unwrap();
    let of = |name: &str| {
        fs::write(dir.path().join(name), name).unwrap();
        mount(&dir.path().join(name), &format!("/etc/{name}"))
    };

    let mounts = [of("hosts"), of("hostname"), of("resolv.conf")];
    let volumes = shared(&fsshare, "web", &mounts).await.unwrap();

    for (mount, volume) in mounts.iter().zip(&volumes) {
        let mounted = only_mount(volume);
        assert_eq!(mounted.destination(), mount.destination());
        let read = fs::read_to_string(guest.at(mounted.source().as_ref().unwrap())).unwrap();
        assert_eq!(
            mount.destination().to_str().unwrap(),
            format!("/etc/{read}")
        );
    }
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn of_mounts_one_of_which_fails_nothing_is_left() {
    let node = Node::start("");
    let guest = StandIn::start(&[]);
    let fsshare = prepared(&node, &guest).await;
    let source = KubeletVolume::new("secret", "keys", &[("key", "x")]);
    let mounts = [
        mount(source.path(), "/keys"),
        mount(Path::new("/nowhere/at/all"), "/etc/settings"),
    ];

    assert!(shared(&fsshare, "web", &mounts).await.is_err());

    assert_eq!(fs::read_dir(guest.root()).unwrap().count(), 0);
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn an_empty_dir_is_made_by_the_guest_agent_unless_it_has_contents() {
    let node = Node::start("");
    let guest = StandIn::start(&[]);
    let fsshare = prepared(&node, &guest).await;
    let dir = tempfile::tempdir().unwrap();
    let volume_at = |name: &str| {
        let at = dir.path().join("pods/6fa1/volumes/kubernetes.io~empty-dir");
        fs::create_dir_all(at.join(name)).unwrap();
        mount(&at.join(name), "/cache")
    };
    let (empty, full) = (volume_at("empty"), volume_at("full"));
    fs::write(full.source().as_ref().unwrap().join("file"), "x").unwrap();

    let made = only_volume(&fsshare, "first", &empty).await;
    let copied = only_volume(&fsshare, "second", &full).await;

    let path =
        Path::new("/run/kata-containers/shared/containers/passthrough/sandbox/rootfs/local/empty");
    let mounted = only_mount(&made);
    assert_eq!(mounted.source().as_deref(), Some(path));
    // What policies want of it.
    assert_eq!(mounted.typ().as_deref(), Some("local"));
    let storages = made.get_storage().unwrap();
    assert_eq!(storages.len(), 1);
    assert_eq!(storages[0].driver, "local");
    assert_eq!(storages[0].options, ["mode=0777"]);
    assert_eq!(Path::new(&storages[0].mount_point), path);
    let mounted = only_mount(&copied);
    assert_eq!(mounted.typ().as_deref(), Some("bind"));
    assert_eq!(copied.get_storage().unwrap().len(), 0);
    let in_guest = guest.at(mounted.source().as_ref().unwrap());
    assert_eq!(fs::read_to_string(in_guest.join("file")).unwrap(), "x");
    assert_eq!(fs::read_dir(guest.root()).unwrap().count(), 1);
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn copies_take_a_quarter_of_the_memory_that_the_guest_has() {
    let node = Node::start("");
    let guest = StandIn::start(&[]);
    let fsshare = prepared_with(&node, &guest, 4, &[]).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, vec![b'x'; 2 << 20]).unwrap();

    let failed = shared(&fsshare, "web", &[mount(&file, "/file")]).await;

    let error = failed.err().unwrap().to_string();
    assert!(error.contains("RESOURCE_EXHAUSTED"), "{}", error);
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn a_guest_without_a_policy_has_one_copy_for_all_containers() {
    let node = Node::start("");
    let guest = StandIn::start(&[]);
    let fsshare = prepared_with(&node, &guest, 2048, &["seccomp"]).await;
    let source = KubeletVolume::new("secret", "keys", &[("key", "x")]);
    let of = mount(source.path(), "/keys");

    let first = only_volume(&fsshare, "first", &of).await;
    let second = only_volume(&fsshare, "second", &of).await;

    assert_eq!(only_mount(&first).source(), only_mount(&second).source());
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn a_missing_source_is_the_error_of_the_container() {
    let node = Node::start("");
    let guest = StandIn::start(&[]);
    let fsshare = prepared(&node, &guest).await;

    let of = mount(Path::new("/nowhere/at/all"), "/etc/settings");
    let failed = shared(&fsshare, "web", &[of]).await;

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
    let guest = StandIn::start(&[]);
    let source = KubeletVolume::new("secret", "keys", &[("key", "x")]);
    let of = mount(source.path(), "/keys");
    let before = prepared(&node, &guest).await;
    let volume = only_volume(&before, "web", &of).await;
    let path = only_mount(&volume).source().clone();
    drop(volume);

    let after = prepared(&node, &guest).await;
    let again = only_volume(&after, "web", &of).await;

    assert_eq!(only_mount(&again).source(), &path);
    again.unshare().await.unwrap();
    assert_eq!(fs::read_dir(guest.root()).unwrap().count(), 0);
}

#[tokio::test]
#[ignore = "needs FSSHARE_BIN"]
async fn containers_and_sandboxes_end_after_a_restart_of_fsshare() {
    let mut node = Node::start("");
    let guest = StandIn::start(&[]);
    let fsshare = prepared(&node, &guest).await;
    let source = KubeletVolume::new("secret", "keys", &[("key", "x")]);
    let of = mount(source.path(), "/keys");
    let volume = only_volume(&fsshare, "web", &of).await;

    node.kill();
    node.start_again();

    volume.unshare().await.unwrap();
    fsshare.cleanup().await.unwrap();
    fsshare.cleanup().await.unwrap();
    // Nothing of it is in the way of another one.
    prepared(&node, &guest).await;
}
