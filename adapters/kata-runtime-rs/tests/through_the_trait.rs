// SPDX-License-Identifier: Apache-2.0
//! As runtime-rs calls it: volumes behind their trait, one after the other.

use std::fs;
use std::sync::Arc;

use fsshare_kata_runtime_rs::device::device_manager::DeviceManager;
use fsshare_kata_runtime_rs::volume::fsshare_volume::{FsShare, Guest};
use fsshare_kata_runtime_rs::volume::Volume;
use fsshare_testing::{eventually, Guest as StandIn, Node, Volume as KubeletVolume, PATIENCE};
use oci_spec::runtime as oci;
use tokio::sync::RwLock;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs FSSHARE_BIN"]
async fn two_containers_have_a_volume_each_and_end_one_after_the_other() {
    let node = Node::start("");
    let guest = StandIn::start(&[]);
    let mut source = KubeletVolume::new("projected", "token", &[("token", "a")]);
    let fsshare = FsShare::new(node.socket().to_str().unwrap(), "pod", PATIENCE).unwrap();
    let told = Guest {
        address: &guest.address(),
        port: 1024,
        memory_mib: 2048,
        features: &["agent-policy".to_owned()],
    };
    fsshare.prepare(&told).await.unwrap();
    let mut mount = oci::Mount::default();
    mount.set_source(Some(source.path().to_owned()));
    mount.set_destination("/token".into());
    mount.set_typ(Some("bind".into()));

    let mut volumes: Vec<Arc<dyn Volume>> = vec![];
    for container in ["first", "second"] {
        let mut mounts = fsshare.mounts_of(container);
        volumes.push(mounts.add(&mount, true));
        mounts.share().await.unwrap();
    }
    let token_of = |volume: &Arc<dyn Volume>| {
        let mounts = volume.get_volume_mount().unwrap();
        guest.at(mounts[0].source().as_ref().unwrap()).join("token")
    };
    let (first, second) = (token_of(&volumes[0]), token_of(&volumes[1]));
    assert_ne!(first, second);

    let devices = RwLock::new(DeviceManager);
    volumes[0].cleanup(&devices).await.unwrap();
    assert!(fs::read_to_string(&first).is_err());
    source.rotate(&[("token", "b")]);
    eventually("the other one follows", || {
        fs::read_to_string(&second)
            .ok()
            .filter(|token| token == "b")
    });
    volumes[1].cleanup(&devices).await.unwrap();
    fsshare.cleanup().await.unwrap();
    assert_eq!(fs::read_dir(guest.root()).unwrap().count(), 0);
}
