// SPDX-License-Identifier: Apache-2.0
//! The client against fsshared where guest and host share a filesystem.

use std::fs;

use fsshare_client::{api, Client};
use fsshare_testing::Node;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs FSSHARE_BIN and root"]
async fn a_shared_filesystem_has_what_is_shared_until_cleanup() {
    let node = Node::start_with_mounts("");
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("page"), "hello").unwrap();
    let client = Client::new(node.socket());

    let prepared = client
        .prepare(&api::PrepareRequest {
            sandbox_id: "box".into(),
            mode: api::SharingMode::SHARING_MODE_SHARED_FILESYSTEM.into(),
            ..Default::default()
        })
        .await
        .unwrap();
    let shared = client
        .share_file(&api::ShareFileRequest {
            sandbox_id: "box".into(),
            container_id: "web".into(),
            mount: Some(api::Mount {
                source: source.path().to_str().unwrap().into(),
                destination: "/srv".into(),
                type_: "bind".into(),
                options: vec!["rbind".into(), "ro".into()],
                read_only: true,
                ..Default::default()
            })
            .into(),
            ..Default::default()
        })
        .await
        .unwrap();

    let name = std::path::Path::new(&shared.guest_path)
        .file_name()
        .unwrap();
    let exported = node.sees(&prepared.shared_dir).join(name);
    assert_eq!(fs::read_to_string(exported.join("page")).unwrap(), "hello");
    assert!(!node.mounts().is_empty());
    let refused = fs::write(exported.join("new"), "x").unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(libc::EROFS));

    let left = client
        .cleanup(&api::CleanupRequest {
            sandbox_id: "box".into(),
            ..Default::default()
        })
        .await
        .unwrap();
    assert!(left.foreign.is_empty(), "{:?}", left.foreign);
    assert_eq!(node.mounts(), [""; 0]);
    assert_eq!(
        fs::read_to_string(source.path().join("page")).unwrap(),
        "hello"
    );
}
