// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/mounts/node_fixture.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/tree_text.hpp"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

namespace {

constexpr std::size_t storm_clients = 16;
constexpr std::size_t storm_sandboxes = 200;
constexpr std::chrono::seconds storm_time{2};

// One client of the storm, which keeps what it must not have met.
struct storm_client {
  std::vector<std::string> complaints;
  std::size_t rounds = 0;

  template <class Reply>
  void want(const result<Reply>& got) {
    if (!got)
      complaints.push_back(got.err().message);
  }

  // The whole life of a sandbox; most of it twice, as retrying shims do.
  void live(control_client& client, const std::string& sandbox,
            const private_mounts& work) {
    want(client.prepare(sandbox));
    want(client.prepare(sandbox));
    want(client.share_rootfs(sandbox, "c1", work / "rootfs"));
    want(client.share(sandbox, "c1", work / "source", "/ro", true));
    want(client.share(sandbox, "c1", work / "source", "/rw", false));
    want(client.share(sandbox, "c1", work / "source/key", "/key", true));
    want(client.share(sandbox, "c2",
                      work / "volumes/kubernetes.io~configmap/small", "/etc/x",
                      true));
    const auto missing
      = client.share(sandbox, "c2", work / "missing", "/m", false);
    if (missing || missing.err().code != errc::not_found)
      complaints.emplace_back("a missing source is not NOT_FOUND");
    if (rounds % 2 == 0)
      want(client.unshare_container(sandbox, "c1"));
    want(client.cleanup(sandbox));
    want(client.cleanup(sandbox));
    ++rounds;
  }
};

constexpr std::chrono::seconds patience{30};

std::vector<mounted_entry> mount_table_of(int pid) {
  auto table = read_mountinfo("/proc/" + std::to_string(pid) + "/mountinfo");
  REQUIRE(table);
  return *std::move(table);
}

// Returns the mount points below a directory.
std::vector<std::string> mounts_below(const std::string& dir) {
  std::vector<std::string> points;
  const auto table = read_mountinfo();
  REQUIRE(table);
  for (const auto& entry : *table)
    if (is_below(entry.mount_point, dir))
      points.push_back(entry.mount_point);
  return points;
}

} // namespace

TEST_SUITE_BEGIN("mounts: fsshared");

TEST_CASE("a storm of sandboxes leaves nothing and meets no error") {
  for_each_api([](node_fixture& f) {
    const auto before = mount_table();
    const auto files = describe_tree(f.work.path());
    std::vector<storm_client> clients(storm_clients);
    std::vector<std::thread> threads;
    const auto end = std::chrono::steady_clock::now() + storm_time;
    for (std::size_t i = 0; i < storm_clients; ++i)
      threads.emplace_back([&, i] {
        control_client client{f.node.socket()};
        // Its share of the sandboxes, at least once, until time is up.
        for (bool first = true; first || std::chrono::steady_clock::now() < end;
             first = false)
          for (auto n = i; n < storm_sandboxes; n += storm_clients)
            if (first || std::chrono::steady_clock::now() < end)
              clients[i].live(client, "sb" + std::to_string(n), f.work);
      });
    for (auto& thread : threads)
      thread.join();
    std::size_t rounds = 0;
    for (const auto& client : clients) {
      rounds += client.rounds;
      CHECK_MESSAGE(client.complaints.empty(), client.complaints.size(),
                    " complaints: ", client.complaints.front());
    }
    MESSAGE(rounds, " sandboxes lived and ended");
    CHECK(rounds >= storm_sandboxes);
    CHECK(mount_table() == before);
    CHECK(describe_tree(f.work.path()) == files);
    CHECK(std::filesystem::is_empty(f.node.share_root()));
  });
}

TEST_CASE("a small ConfigMap is shared for the guest agent to watch") {
  for_each_api([](node_fixture& f) {
    control_client client{f.node.socket()};
    REQUIRE(client.prepare("sb"));
    const auto shared = client.share(
      "sb", "c1", f.work / "volumes/kubernetes.io~configmap/small", "/etc/x",
      true);
    REQUIRE_MESSAGE(shared, (shared ? "" : shared.err().message));
    const std::string in_guest = "/run/kata-containers/shared/containers/";
    REQUIRE(shared->volume_storages_size() == 1);
    const auto& storage = shared->volume_storages(0);
    CHECK(storage.driver() == "watchable-bind");
    CHECK(storage.source() == in_guest + shared->share_id());
    CHECK(storage.fstype() == "bind");
    CHECK(storage.mount_point()
          == in_guest + "watchable/" + shared->share_id());
    CHECK(shared->guest_path() == storage.mount_point());
    const auto mounts = f.node.share_root() + "/sb/mounts";
    CHECK(std::filesystem::is_empty(mounts + "/watchable"));
    CHECK(write_failure(mounts + "/" + shared->share_id() + "/a") == EROFS);
    const auto plain
      = client.share("sb", "c1", f.work / "source", "/plain", true);
    REQUIRE(plain);
    CHECK(plain->volume_storages_size() == 0);
    CHECK(plain->guest_path() == in_guest + plain->share_id());
    CHECK(client.cleanup("sb"));
    CHECK(std::filesystem::is_empty(f.node.share_root()));
  });
}

TEST_CASE("ids and paths that lead elsewhere are refused, nothing changed") {
  for_each_api([](node_fixture& f) {
    control_client client{f.node.socket()};
    const auto code = [](const auto& got) {
      return got ? errc::none : got.err().code;
    };
    for (const auto* id : {"a/b", "..", "", "a/../b", "/a"})
      CHECK_MESSAGE(code(client.prepare(id)) == errc::invalid_argument, id);
    REQUIRE(client.prepare("sb"));
    const auto before = mount_table();
    const auto files = describe_tree(f.node.share_root());
    const auto source = f.work / "source";
    for (const auto* id : {"a/b", "..", ""}) {
      CHECK(code(client.share("sb", id, source, "/d", true))
            == errc::invalid_argument);
      CHECK(code(client.share_rootfs("sb", id, source))
            == errc::invalid_argument);
    }
    const std::string too_long = "/" + std::string(4096, 'a');
    for (const auto& path : {std::string{"source"}, source + "/../x", too_long,
                             f.node.share_root() + "/sb/mounts"}) {
      CHECK(code(client.share("sb", "c", path, "/d", true))
            == errc::invalid_argument);
      CHECK(code(client.share_rootfs("sb", "c", path))
            == errc::invalid_argument);
    }
    CHECK(code(client.share("sb", "c", source, too_long, true))
          == errc::invalid_argument);
    v1::ShareFileRequest many;
    many.set_sandbox_id("sb");
    many.set_container_id("c");
    many.mutable_mount()->set_source(source);
    many.mutable_mount()->set_destination("/d");
    for (int i = 0; i < 10000; ++i)
      many.mutable_mount()->add_options("ro");
    const auto refused = client.call<v1::ShareFileReply>("ShareFile", many);
    REQUIRE(!refused);
    CHECK(refused.err().code == errc::invalid_argument);
    CHECK(refused.err().message.find("mount.options has 10000 entries")
          != std::string::npos);
    CHECK(mount_table() == before);
    CHECK(describe_tree(f.node.share_root()) == files);
    CHECK(client.cleanup("sb"));
  });
}

TEST_CASE("Cleanup of a sandbox whose directory holds what is not ours "
          "succeeds, lists that, and forgets the sandbox") {
  for_each_api([](node_fixture& f) {
    control_client client{f.node.socket()};
    const auto box = f.node.share_root() + "/sb";
    REQUIRE(client.prepare("sb"));
    REQUIRE(client.share("sb", "c1", f.work / "source", "/s", true));
    std::ofstream{box + "/mounts/note"} << "somebody's";
    std::filesystem::create_directory(box + "/passthrough");
    const auto listed = [&client] {
      const auto all = client.call<v1::ListSandboxesReply>(
        "ListSandboxes", v1::ListSandboxesRequest{});
      REQUIRE(all);
      return all->sandboxes_size();
    };
    CHECK(listed() == 1);
    const auto done = client.cleanup("sb");
    REQUIRE_MESSAGE(done, (done ? "" : done.err().message));
    REQUIRE(done->foreign_size() == 2);
    CHECK(done->foreign(0).path() == box + "/mounts/note");
    CHECK(done->foreign(1).path() == box + "/passthrough");
    CHECK(mounts_below(f.node.share_root()).empty());
    CHECK(read_file(box + "/mounts/note") == "somebody's");
    CHECK(listed() == 0);
    const auto again = client.cleanup("sb");
    REQUIRE(again);
    CHECK(again->foreign_size() == 1);
  });
}

TEST_CASE("while the share root is covered nothing is told to be gone, and "
          "afterwards everything ends") {
  for_each_api([](node_fixture& f) {
    control_client client{f.node.socket()};
    const auto root = f.node.share_root();
    const auto empty = mounts_below(root);
    REQUIRE(client.prepare("sb"));
    REQUIRE(client.share("sb", "c1", f.work / "source", "/s", true));
    REQUIRE(client.share_rootfs("sb", "c1", f.work / "rootfs"));
    const auto mounted = mounts_below(root);
    bind_by_hand(f.work.make_dir("over"), root);
    const auto code = [](const auto& got) {
      return got ? errc::none : got.err().code;
    };
    CHECK(code(client.share("sb", "c1", f.work / "source", "/t", true))
          == errc::failed_precondition);
    CHECK(code(client.unshare_container("sb", "c1"))
          == errc::failed_precondition);
    CHECK(code(client.prepare("other")) == errc::failed_precondition);
    CHECK(code(client.cleanup("sb")) == errc::failed_precondition);
    CHECK(code(client.cleanup("nobody")) == errc::failed_precondition);
    unmount_by_hand(root);
    CHECK(mounts_below(root) == mounted);
    CHECK(client.cleanup("sb"));
    CHECK(mounts_below(root) == empty);
    CHECK(std::filesystem::is_empty(root));
    CHECK(client.prepare("sb"));
    CHECK(client.cleanup("sb"));
  });
}

TEST_CASE("mounts.recursive decides where the options of a mount do not") {
  if (const private_mounts probe; !probe.unavailable().empty()) {
    MESSAGE("skipped: ", probe.unavailable());
    return;
  }
  for (const bool recursive : {true, false}) {
    INFO("recursive ", recursive);
    node_fixture f{std::string{R"("mounts": {"recursive": )"}
                   + (recursive ? "true}" : "false}")};
    control_client client{f.node.socket()};
    REQUIRE(client.prepare("sb"));
    const auto shared = client.share("sb", "c1", f.work / "source", "/s", true);
    REQUIRE(shared);
    CHECK(exists(shared->host_path() + "/inner/key") == recursive);
    CHECK(client.cleanup("sb"));
  }
}

TEST_CASE("what the host unmounts goes within seconds from a share with ro and "
          "rslave") {
  for_each_api([](node_fixture& f) {
    control_client client{f.node.socket()};
    REQUIRE(client.prepare("sb"));
    v1::ShareFileRequest request;
    request.set_sandbox_id("sb");
    request.set_container_id("exporter");
    auto& mount = *request.mutable_mount();
    mount.set_source(f.work / "source");
    mount.set_destination("/host");
    mount.set_type("bind");
    for (const auto* word : {"rbind", "ro", "rslave"})
      mount.add_options(word);
    const auto shared = client.call<v1::ShareFileReply>("ShareFile", request);
    REQUIRE(shared);
    const auto inner = shared->host_path() + "/inner";
    CHECK(has_mount(mount_table_of(f.node.program().pid()), inner));
    unmount_by_hand(f.work / "source/inner");
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (has_mount(mount_table_of(f.node.program().pid()), inner)
           && std::chrono::steady_clock::now() < limit)
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    CHECK_FALSE(has_mount(mount_table_of(f.node.program().pid()), inner));
    CHECK(client.cleanup("sb"));
  });
}

TEST_CASE("where the host would not see the mounts, nothing starts") {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: ", work.unavailable());
    return;
  }
  const auto config
    = work.write("config.json", R"({"api": {"socket": ")" + (work / "api.sock")
                                  + R"("}, "share": {"root": ")"
                                  + (work / "share") + "\"}}");
  const auto got = run_fsshared({"--config", config});
  CHECK(got.exit_code == 1);
  CHECK(got.errors.find("mount --make-rshared " + (work / "share"))
        != std::string::npos);
  CHECK_FALSE(exists(work / "api.sock"));
}

TEST_CASE("what is mounted over a volume that is followed, or unmounted from "
          "it, arrives in the guest without a sweep, and is followed") {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: ", work.unavailable());
    return;
  }
  const std::string in_pod = "pods/u/volumes/kubernetes.io~secret/";
  const auto volume = work.make_dir(in_pod + "v");
  const auto other = work.make_dir("other");
  const auto link = work / "link";
  std::filesystem::create_directory_symlink("pods", link);
  rotator below{volume, kubelet_order::from_1_27};
  rotator above{other, kubelet_order::from_1_27};
  below.rotate({{"a", {"below"}}});
  // Generations of two volumes have names of their own.
  above.rotate({{"a", {"none"}}});
  above.rotate({{"a", {"above"}}});
  node_process node{R"("volumes": {"sweep_interval": "3600s"})"};
  guest_process guest;
  control_client client{node.socket()};
  REQUIRE(client.prepare_copy("sb", to_string(guest.address())));
  const auto shared = client.share(
    "sb", "c1", link + "/u/volumes/kubernetes.io~secret/v", "/v", true);
  REQUIRE_MESSAGE(shared, (shared ? "" : shared.err().message));
  const auto copy = guest.root() + "/" + shared->share_id();
  const auto arrives = [&copy](const std::string& text) {
    // While `..data` is replaced it is not there.
    const auto is_there = [&] {
      std::ifstream in{copy + "/..data/a"};
      std::string content;
      return std::getline(in, content) && content == text;
    };
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (!is_there() && std::chrono::steady_clock::now() < limit)
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    return is_there();
  };
  CHECK(arrives("below"));
  for (int n = 0; n < 3; ++n) {
    const auto number = std::to_string(n);
    bind_by_hand(other, volume);
    CHECK(arrives(n == 0 ? "above" : "above" + std::to_string(n - 1)));
    above.rotate({{"a", {"above" + number}}});
    CHECK(arrives("above" + number));
    // Nothing tells of the end of a mount whose filesystem goes on.
    unmount_by_hand(volume);
    CHECK(arrives(n == 0 ? "below" : "below" + std::to_string(n - 1)));
    below.rotate({{"a", {"below" + number}}});
    CHECK(arrives("below" + number));
  }
  CHECK(client.cleanup("sb"));
  CHECK(node.program().terminate() == 0);
}

TEST_SUITE_END();
