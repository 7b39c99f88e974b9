// SPDX-License-Identifier: Apache-2.0
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Instant;

use fsshare_client::{api, Client, Code, Error};
use fsshare_runtimes::{
    fill, load, play, Call, Calls, Event, Fault, Reply, Runtime, FAULTS, PROFILES,
};
use fsshare_testing::{eventually, Guest, Node, Volume, PATIENCE};
use tempfile::TempDir;

mod shim;
use shim::Shim;

const SHARE_DIR: &str = "/run/kata-containers/shared/containers";

const AT_ONCE: usize = 5;

/// One that a runtime has on a node.
struct Pod<'a> {
    node: &'a Node,
    guest: Option<Guest>,
    shim: Option<Shim>,
    calls: &'a Calls,
    runtime: &'a Runtime,
    fault: &'a Fault,
    client: Client,
    values: HashMap<&'static str, String>,
    volumes: Vec<Volume>,
    turn: u32,
    /// What a file server exports.
    shared_dir: PathBuf,
    /// Whether the guest agent has made the emptyDir.
    has_local: bool,
    /// By container and mount: where it is on this machine.
    shared: HashMap<String, HashMap<String, PathBuf>>,
    _dir: TempDir,
}

impl<'a> Pod<'a> {
    fn new(
        node: &'a Node,
        guest: Option<Guest>,
        calls: &'a Calls,
        runtime: &'a Runtime,
        fault: &'a Fault,
        number: usize,
    ) -> Pod<'a> {
        let dir = TempDir::new().unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        let keys = [("key", "0")];
        let volumes = vec![
            Volume::new("configmap", "settings", &keys),
            Volume::new("projected", "kube-api-access", &keys),
        ];
        let path_of = |volume: &Volume| volume.path().display().to_string();
        let mut values = HashMap::from([
            ("SANDBOX", format!("pod-{number}")),
            ("SETTINGS", path_of(&volumes[0])),
            ("TOKEN", path_of(&volumes[1])),
            ("HOSTS", at("etc-hosts")),
            ("RESOLV_CONF", at("resolv.conf")),
            ("TERMINATION_LOG", at("4f8e")),
            (
                "EMPTY_DIR",
                at("pods/6fa1/volumes/kubernetes.io~empty-dir/cache"),
            ),
            ("ROOTFS", at("rootfs")),
            (
                "GUEST",
                guest.as_ref().map(Guest::address).unwrap_or_default(),
            ),
        ]);
        fs::create_dir_all(&values["EMPTY_DIR"]).unwrap();
        fs::create_dir_all(&values["ROOTFS"]).unwrap();
        fs::write(&values["HOSTS"], "127.0.0.1 localhost\n").unwrap();
        fs::write(&values["RESOLV_CONF"], "nameserver ::1\n").unwrap();
        fs::write(&values["TERMINATION_LOG"], "").unwrap();
        let shim = match runtime.mode.as_str() {
            "shared" => Some(start_shim(runtime, &at("image"), &mut values)),
            _ => None,
        };
        Pod {
            node,
            guest,
            shim,
            calls,
            runtime,
            fault,
            client: Client::new(node.socket()).within(PATIENCE),
            values,
            volumes,
            turn: 0,
            shared_dir: PathBuf::new(),
            has_local: false,
            shared: HashMap::new(),
            _dir: dir,
        }
    }

    async fn live(&mut self) {
        for event in &self.calls.life {
            if event.phase == "rotate" {
                self.rotate();
                continue;
            }
            if let ("guest_start", Some(guest)) = (event.phase.as_str(), &mut self.guest) {
                guest.start_again();
            }
            for call in self.runtime.phase(&event.phase) {
                self.make(call, event).await;
            }
            if event.phase.ends_with("_end") {
                self.shared.remove(&event.container);
            }
            self.look();
        }
    }

    async fn make(&mut self, call: &Call, event: &Event) {
        self.values.insert("CONTAINER", event.container.clone());
        let names = event.mounts.as_ref().unwrap_or(&self.runtime.mounts);
        let filled = |name| fill(&self.calls.mounts[name], &self.values);
        let mounts: Vec<String> = names.iter().map(filled).collect();
        self.values
            .insert("MOUNTS", format!("[{}]", mounts.join(",")));
        if call.of != "mounts" {
            let request = fill(&call.request, &self.values);
            let reply = self.call(&call.method, &request).await;
            self.take(&event.container, names, reply);
            return;
        }
        for (name, mount) in names.iter().zip(mounts) {
            let parsed: serde_json::Value = serde_json::from_str(&mount).unwrap();
            let destination = parsed["destination"].as_str().unwrap().to_owned();
            self.values.insert("MOUNT", mount);
            self.values.insert("DESTINATION", destination);
            let request = fill(&call.request, &self.values);
            let reply = self.call(&call.method, &request).await;
            self.take(&event.container, std::slice::from_ref(name), reply);
        }
    }

    /// Looks at a reply to a request for these mounts.
    fn take(&mut self, container: &str, mounts: &[String], reply: Reply) {
        match reply {
            Reply::Prepared(reply) => self.shared_dir = reply.shared_dir.into(),
            Reply::Shared(replies) => {
                assert_eq!(replies.len(), mounts.len());
                for (mount, reply) in mounts.iter().zip(&replies) {
                    self.keep(container, mount, reply);
                }
            }
            Reply::SharedRoot(reply) => {
                let path = self.exported(&reply.guest_path);
                self.keep_at(container, "rootfs", path);
            }
            Reply::Cleaned(_) | Reply::Other => {}
        }
    }

    /// Where a file server of the sandbox sees what has this path in the guest.
    fn exported(&self, guest_path: &str) -> PathBuf {
        let path = Path::new(guest_path).strip_prefix(SHARE_DIR).unwrap();
        let path = self.shared_dir.join(path);
        match &self.shim {
            Some(shim) if self.runtime.has_shims() => shim.sees(&path),
            _ => self.node.sees(path.to_str().unwrap()),
        }
    }

    /// The same request again has to have the same answer.
    async fn call(&mut self, method: &str, request: &str) -> Reply {
        let reply = self.call_once(method, request).await;
        if !self.fault.twice {
            return reply;
        }
        self.client = Client::new(self.node.socket()).within(PATIENCE);
        let again = self.call_once(method, request).await;
        assert_eq!(guest_paths(&reply), guest_paths(&again));
        again
    }

    async fn call_once(&self, method: &str, request: &str) -> Reply {
        let mut reply = play(&self.client, method, request).await;
        let limit = Instant::now() + PATIENCE;
        while self.fault.again && is_failure_of_guest(&reply) && Instant::now() < limit {
            reply = play(&self.client, method, request).await;
        }
        let reply = reply.unwrap_or_else(|error| panic!("{request}: {error}"));
        if let Reply::Cleaned(cleaned) = &reply {
            assert!(cleaned.foreign.is_empty(), "{:?}", cleaned.foreign);
        }
        reply
    }

    fn keep(&mut self, container: &str, mount: &str, reply: &api::ShareFileReply) {
        assert!(!reply.ignored, "{mount}: {}", reply.reason);
        if mount == "cache" && self.runtime.hands_storages_on() {
            self.make_local(reply);
        }
        let path = match &self.guest {
            Some(guest) => guest.at(&reply.guest_path),
            None => self.exported(&reply.raw_guest_path),
        };
        self.keep_at(container, mount, path);
    }

    /// Does what the guest agent does with the storage of an emptyDir that has nothing
    /// to be copied.
    fn make_local(&mut self, reply: &api::ShareFileReply) {
        let path = self.guest.as_ref().unwrap().at(&reply.guest_path);
        let [storage] = &reply.volume_storages[..] else {
            panic!("{reply:?}");
        };
        assert_eq!(storage.driver, "local");
        assert_eq!(storage.mount_point, reply.guest_path);
        assert_eq!(path.exists(), self.has_local, "{}", path.display());
        self.has_local = true;
        fs::create_dir_all(path).unwrap();
    }

    fn keep_at(&mut self, container: &str, mount: &str, path: PathBuf) {
        let mounts = self.shared.entry(container.to_owned()).or_default();
        mounts.insert(mount.to_owned(), path);
    }

    /// Compares what each container that lives has with the host.
    fn look(&self) {
        for (container, mounts) in &self.shared {
            for (mount, path) in mounts {
                self.look_at(container, mount, path);
            }
        }
    }

    fn look_at(&self, container: &str, mount: &str, path: &Path) {
        let (at, want) = match mount {
            "hosts" => (path.to_owned(), "127.0.0.1 localhost\n".to_owned()),
            "resolv-conf" => (path.to_owned(), "nameserver ::1\n".to_owned()),
            "termination-log" => (path.to_owned(), String::new()),
            "rootfs" => (path.join("init"), "#!".to_owned()),
            "cache" => {
                assert_eq!(fs::read_dir(path).unwrap().count(), 0);
                return;
            }
            _ => (path.join("key"), self.turn.to_string()),
        };
        eventually(&format!("{mount} of {container} is {want}"), || {
            fs::read_to_string(&at).ok().filter(|text| *text == want)
        });
    }

    fn rotate(&mut self) {
        self.turn += 1;
        let value = self.turn.to_string();
        for volume in &mut self.volumes {
            volume.rotate(&[("key", &value)]);
        }
        self.look();
    }
}

/// Lets all containers of a pod have a root filesystem of an image, which only the shim
/// sees where the runtime has one for each sandbox.
fn start_shim(runtime: &Runtime, image: &str, values: &mut HashMap<&'static str, String>) -> Shim {
    fs::create_dir(image).unwrap();
    fs::write(Path::new(image).join("init"), "#!").unwrap();
    let shim = Shim::start(image, &values["ROOTFS"]);
    values.insert("NAMESPACE", shim.namespace());
    if !runtime.has_shims() {
        values.insert("ROOTFS", image.to_owned());
    }
    shim
}

/// Those of what a reply shares.
fn guest_paths(reply: &Reply) -> Vec<&str> {
    match reply {
        Reply::Shared(replies) => replies.iter().map(|r| r.guest_path.as_str()).collect(),
        Reply::SharedRoot(reply) => vec![&reply.guest_path],
        _ => vec![],
    }
}

fn is_failure_of_guest(reply: &Result<Reply, Error>) -> bool {
    matches!(reply, Err(error) if error.code() == Code::INTERNAL)
}

/// Looks when all pods of a node are gone.
async fn nothing_is_left(node: &Node) {
    let client = Client::new(node.socket());
    let sandboxes = client
        .list_sandboxes(&api::ListSandboxesRequest::new())
        .await;
    assert!(sandboxes.unwrap().sandboxes.is_empty());
    let volumes = client.list_volumes(&api::ListVolumesRequest::new()).await;
    assert!(volumes.unwrap().volumes.is_empty());
    assert_eq!(node.mounts(), [""; 0]);
    if let Ok(entries) = fs::read_dir(node.share_root()) {
        assert_eq!(entries.count(), 0);
    }
}

/// An emptyDir is the sandbox's, and ends with its guest.
fn nothing_is_left_in(guest: &Guest) {
    for entry in fs::read_dir(guest.root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let stays = name.contains("cache") || name == "passthrough";
        assert!(stays, "in the guest: {name}");
    }
}

/// Lets pods of a runtime live and end on one node, some at a time.
async fn play_pods(
    calls: Arc<Calls>,
    runtime: usize,
    fault: &'static Fault,
    profile: &'static str,
) {
    let copies = calls.runtimes[runtime].mode == "copy";
    // It knows what guest agents of 4.2 are to be like.
    let config = r#""guest": {"quiet_time": "20ms", "no_implicit_parents_from": "4.2"}"#;
    let node = Arc::new(match copies {
        true => Node::start(config),
        false => Node::start_with_mounts(config),
    });
    let pods = std::env::var("FSSHARE_PODS").map_or(2, |text| text.parse().unwrap());
    let next = Arc::new(AtomicUsize::new(0));
    let players: Vec<_> = (0..AT_ONCE.min(pods))
        .map(|_| {
            let (calls, node, next) = (calls.clone(), node.clone(), next.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= pods {
                        return;
                    }
                    let mut options = vec!["--profile", profile];
                    options.extend_from_slice(fault.guest);
                    let guest = copies.then(|| Guest::stopped(&options));
                    let runtime = &calls.runtimes[runtime];
                    let mut pod = Pod::new(&node, guest, &calls, runtime, fault, number);
                    pod.live().await;
                    if let Some(shim) = &pod.shim {
                        assert_eq!(shim.mounts_below(&node.share_root()), [""; 0]);
                    }
                    let removes = profile != PROFILES[0] && !fault.again;
                    if let (Some(guest), true) = (&pod.guest, removes) {
                        nothing_is_left_in(guest);
                    }
                }
            })
        })
        .collect();
    for player in players {
        player.await.unwrap();
    }
    nothing_is_left(&node).await;
}

async fn play_mode(mode: &str) {
    let calls = Arc::new(load());
    let mut played = 0;
    for (number, runtime) in calls.runtimes.iter().enumerate() {
        if runtime.mode != mode {
            continue;
        }
        let profiles = if mode == "copy" {
            &PROFILES[..]
        } else {
            &PROFILES[..1]
        };
        for profile in profiles {
            for fault in FAULTS
                .iter()
                .filter(|f| mode == "copy" || f.guest.is_empty())
            {
                println!("{} {mode} {profile} {}", runtime.name, fault.name);
                play_pods(calls.clone(), number, fault, profile).await;
                played += 1;
            }
        }
    }
    assert!(played > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
#[ignore = "needs FSSHARE_BIN"]
async fn pods_with_copies_live_and_leave_nothing() {
    play_mode("copy").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
#[ignore = "needs FSSHARE_BIN and root"]
async fn pods_with_a_shared_filesystem_live_and_leave_nothing() {
    play_mode("shared").await;
}
