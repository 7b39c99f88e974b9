// SPDX-License-Identifier: Apache-2.0
use std::path::Path;

use fsshare_testing::PATIENCE;

use super::*;

mod with_fsshared;

const SANDBOX: &str = "sandbox";

fn mount(source: &Path, destination: &str) -> oci::Mount {
    let mut out = oci::Mount::default();
    out.set_source(Some(source.to_owned()));
    out.set_destination(destination.into());
    out.set_typ(Some("bind".into()));
    out.set_options(Some(vec!["rbind".into(), "ro".into()]));
    out
}

fn features(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
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
fn a_policy_is_known_by_what_the_agent_was_built_with() {
    use api::GuestPolicy::*;
    assert_eq!(policy_of(&[]), GUEST_POLICY_UNKNOWN);
    assert_eq!(policy_of(&features(&["seccomp"])), GUEST_POLICY_NONE);
    let both = features(&["agent-policy", "seccomp"]);
    assert_eq!(policy_of(&both), GUEST_POLICY_SET);
}

fn volume_of(mount: &oci::Mount) -> Arc<FsShareVolume> {
    let fsshare = FsShare::new("/nobody/listens", SANDBOX, PATIENCE).unwrap();
    fsshare.mounts_of("web").add(mount, true)
}

#[test]
fn what_is_asked_for_is_the_mount_of_the_specification() {
    let asked = volume_of(&mount(Path::new("/srv/a"), "/b")).asked();
    assert_eq!(asked.source, "/srv/a");
    assert_eq!(asked.destination, "/b");
    assert_eq!(asked.type_, "bind");
    assert_eq!(asked.options, ["rbind", "ro"]);
    assert!(asked.read_only);
}

#[test]
fn a_volume_that_is_not_shared_yet_has_no_mount() {
    let volume = volume_of(&mount(Path::new("/srv/a"), "/b"));
    let error = volume.get_volume_mount().unwrap_err().to_string();
    assert_eq!(error, "/b is not shared");
    assert!(volume.get_storage().is_err());
}

#[test]
fn what_is_no_matter_of_sharing_stays_as_it_is() {
    let of = mount(Path::new("/dev"), "/host-dev");
    let volume = volume_of(&of);
    volume.take(api::ShareFileReply {
        ignored: true,
        keeps_mount: true,
        ..Default::default()
    });
    assert_eq!(volume.get_volume_mount().unwrap(), [of]);
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
async fn a_container_without_such_mounts_asks_nobody() {
    let fsshare = FsShare::new("/nobody/listens", SANDBOX, PATIENCE).unwrap();
    fsshare.mounts_of("web").share().await.unwrap();
}
