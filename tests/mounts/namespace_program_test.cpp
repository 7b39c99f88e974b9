// SPDX-License-Identifier: Apache-2.0
#include "tests/mounts/node_fixture.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/hanging_fuse.hpp"
#include "tests/support/shim_namespace.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree_text.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <optional>
#include <sys/mount.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

/// A node agent that can be killed and started again on what it left.
class restarted_node {
public:
  explicit restarted_node(const std::string& config)
    : config_(dir_.write(
      "config.json",
      R"({"api": {"socket": ")" + socket_ + R"("}, "share": {"root": ")"
        + share_root_ + R"("}, "state": {"directory": ")" + (dir_ / "state")
        + R"("}, )" + config + R"("sources": {"timeout": "1s"}})")) {
    start();
  }

  void start() {
    program_.emplace(
      std::vector{fsshared_program(), std::string{"--config"}, config_});
    REQUIRE(eventually([this] {
      return run_fssharectl(socket_, {"version"}).exit_code == 0;
    }));
  }
  void kill() {
    program_->signal(SIGKILL);
    program_->wait();
  }
  control_client connect() const {
    return control_client{socket_};
  }
  child_process& program() {
    return *program_;
  }
  const std::string& socket() const {
    return socket_;
  }
  const std::string& share_root() const {
    return share_root_;
  }

private:
  temp_dir dir_;
  std::string socket_ = dir_ / "api.sock";
  std::string share_root_ = dir_ / "share";
  std::string config_;
  std::optional<child_process> program_;
};

/// A host with a node agent, on which shims run.
struct host {
  explicit host(const std::string& api)
    : node(R"("mounts": {"visibility": "assumed", "api": ")" + api
           + R"("}, )") {
    work.write("source/key", "value");
  }

  private_mounts work;
  restarted_node node;
};

template <class Scenario>
void for_each_host(Scenario scenario) {
  for (const auto* api : {"new", "classic"}) {
    INFO(api);
    if (const private_mounts probe; !probe.unavailable().empty()) {
      MESSAGE("skipped: ", probe.unavailable());
      return;
    }
    host h{api};
    scenario(h);
    CHECK(h.node.program().terminate() == 0);
  }
}

result<v1::PrepareReply> prepare_in(control_client& client,
                                    const std::string& sandbox,
                                    const std::string& path) {
  v1::PrepareRequest request;
  request.set_sandbox_id(sandbox);
  request.set_mode(v1::SHARING_MODE_SHARED_FILESYSTEM);
  request.set_mount_namespace(path);
  return client.call<v1::PrepareReply>("Prepare", request);
}

template <class Reply>
void check_refused(const result<Reply>& got, errc code,
                   const std::string& words) {
  REQUIRE_MESSAGE(!got, words);
  CHECK_MESSAGE(got.err().code == code, got.err().message);
  CHECK_MESSAGE(got.err().message.find(words) != std::string::npos,
                got.err().message);
}

// The source of a root filesystem that is mounted in the shim's namespace only.
std::string rootfs_of(const host& h, const shim_namespace& shim,
                      const std::string& text) {
  const auto source = h.work / "rootfs";
  shim.mount_tmpfs(source, "bin", text);
  return source;
}

std::string seen(const host& h, const std::string& below) {
  return h.node.share_root() + "/" + below;
}

} // namespace

TEST_SUITE_BEGIN("mounts: fsshared, in the mount namespaces of shims");

TEST_CASE("each sandbox has what its own shim has mounted, and nobody has "
          "another's") {
  for_each_host([](host& h) {
    const shim_namespace first;
    const shim_namespace second;
    const auto before = mount_table();
    auto client = h.node.connect();
    REQUIRE(prepare_in(client, "a", first.path()));
    REQUIRE(prepare_in(client, "b", second.path()));
    REQUIRE(prepare_in(client, "a", first.path()));
    const shim_namespace server_a{namespace_kind::file_server, first};
    const shim_namespace server_b{namespace_kind::file_server, second};
    REQUIRE(client.share_rootfs("a", "c", rootfs_of(h, first, "of a")));
    REQUIRE(client.share_rootfs("b", "c", rootfs_of(h, second, "of b")));
    const auto shared
      = client.share("a", "c", h.work / "source", "/data", true);
    REQUIRE(shared);
    CHECK(read_file(server_a / seen(h, "a/shared/c/rootfs/bin")) == "of a");
    CHECK(read_file(server_b / seen(h, "b/shared/c/rootfs/bin")) == "of b");
    CHECK(read_file(server_a / (shared->host_path() + "/key")) == "value");
    CHECK_FALSE(exists(server_b / seen(h, "a/shared/c/rootfs/bin")));
    CHECK_FALSE(exists(server_b / (shared->host_path() + "/key")));
    CHECK_FALSE(exists(seen(h, "a/shared/c/rootfs/bin")));
    CHECK(mount_table() == before);
    CHECK(client.unshare_container("a", "c"));
    CHECK_FALSE(exists(server_a / seen(h, "a/shared/c/rootfs")));
    CHECK(client.cleanup("a"));
    CHECK(client.cleanup("a"));
    CHECK(read_file(server_b / seen(h, "b/shared/c/rootfs/bin")) == "of b");
    CHECK(client.cleanup("b"));
    CHECK(std::filesystem::is_empty(h.node.share_root()));
    CHECK(read_file(first / (h.work / "rootfs/bin")) == "of a");
  });
}

TEST_CASE("a sandbox whose shim has died is told so, cleaned up, and holds "
          "nothing of it") {
  for_each_host([](host& h) {
    shim_namespace shim;
    const shim_namespace other;
    auto client = h.node.connect();
    const auto path = shim.path();
    REQUIRE(prepare_in(client, "a", path));
    REQUIRE(client.share_rootfs("a", "c", rootfs_of(h, shim, "text")));
    REQUIRE(client.share("a", "c", h.work / "source", "/data", false));
    unmount_watch rootfs{shim / (h.work / "rootfs")};
    shim.kill();
    CHECK(rootfs.is_gone());
    shim.reap();
    const auto gone = " is gone: ";
    check_refused(client.share("a", "c", h.work / "source", "/more", false),
                  errc::failed_precondition, gone);
    check_refused(client.share_rootfs("a", "d", h.work / "source"),
                  errc::failed_precondition, gone);
    check_refused(prepare_in(client, "a", path), errc::failed_precondition,
                  gone);
    check_refused(prepare_in(client, "a", other.path()), errc::already_exists,
                  "mount_namespace");
    CHECK(client.unshare_container("a", "c"));
    CHECK(client.cleanup("a"));
    CHECK(client.cleanup("a"));
    CHECK(std::filesystem::is_empty(h.node.share_root()));
    CHECK(read_file(h.work / "source/key") == "value");
    REQUIRE(prepare_in(client, "a", other.path()));
    CHECK(client.cleanup("a"));
  });
}

TEST_CASE("what is no mount namespace of a process is refused, and nothing is "
          "made") {
  for_each_host([](host& h) {
    const shim_namespace shim;
    auto client = h.node.connect();
    for (const auto& path :
         {std::string{"/proc/self/ns/mnt"}, std::string{"/proc/self/ns/net"},
          "/proc/" + std::to_string(shim.pid()) + "/ns/net",
          h.work / "source/key", std::string{"relative"},
          std::string(5000, 'x')})
      check_refused(prepare_in(client, "a", path), errc::invalid_argument,
                    "mount_namespace");
    // Larger than any pid.
    check_refused(prepare_in(client, "a", "/proc/4194305/ns/mnt"),
                  errc::failed_precondition, "its process has ended");
    v1::PrepareRequest copies;
    copies.set_sandbox_id("a");
    copies.set_mode(v1::SHARING_MODE_COPY);
    copies.mutable_guest()->set_address("unix://" + (h.work / "guest.sock"));
    copies.set_mount_namespace(shim.path());
    check_refused(client.call<v1::PrepareReply>("Prepare", copies),
                  errc::invalid_argument,
                  "mount_namespace: nothing is mounted");
    CHECK(std::filesystem::is_empty(h.node.share_root()));
    const auto sandboxes = client.list_sandboxes();
    REQUIRE(sandboxes);
    CHECK(sandboxes->sandboxes().empty());
  });
}

TEST_CASE("a node agent that was killed goes on in the namespaces of its "
          "sandboxes, and cleans up those whose shim has died meanwhile") {
  for_each_host([](host& h) {
    const shim_namespace lives;
    auto dies = std::make_unique<shim_namespace>();
    {
      auto client = h.node.connect();
      for (const auto* shim :
           std::initializer_list<const shim_namespace*>{&lives, dies.get()}) {
        const std::string sandbox = shim == &lives ? "lives" : "dies";
        REQUIRE(prepare_in(client, sandbox, shim->path()));
        REQUIRE(client.share_rootfs(sandbox, "c", rootfs_of(h, *shim, "text")));
      }
    }
    const auto mounts = lives.mounts();
    h.node.kill();
    unmount_watch rootfs{*dies / (h.work / "rootfs")};
    dies.reset();
    CHECK(rootfs.is_gone());
    h.node.start();
    auto client = h.node.connect();
    CHECK(lives.mounts() == mounts);
    REQUIRE(prepare_in(client, "lives", lives.path()));
    REQUIRE(client.share_rootfs("lives", "c", h.work / "rootfs"));
    REQUIRE(client.share("lives", "c", h.work / "source", "/data", false));
    CHECK(read_file(lives / seen(h, "lives/shared/c/rootfs/bin")) == "text");
    // Nothing but Cleanup is left for the other.
    check_refused(client.share("dies", "c", h.work / "source", "/d", false),
                  errc::failed_precondition, " is gone: ");
    CHECK(client.cleanup("dies"));
    CHECK(client.cleanup("lives"));
    CHECK(std::filesystem::is_empty(h.node.share_root()));
    CHECK(read_file(lives / (h.work / "rootfs/bin")) == "text");
  });
}

TEST_CASE("a source that hangs in one namespace holds up its own request only, "
          "and no namespace once it has answered") {
  for_each_host([](host& h) {
    // Before the shims, which begin with what is mounted.
    hanging_fuse fuse{h.work.make_dir("fuse"),
                      {{"dir", {fuse_node::kind::directory}}}};
    auto shim = std::make_unique<shim_namespace>();
    const shim_namespace other;
    const auto rootfs = rootfs_of(h, *shim, "text");
    // Only there, at a path that is something else here.
    shim->run([&] {
      std::filesystem::create_directories(rootfs + "/slow");
      REQUIRE(::mount(fuse.path().c_str(), (rootfs + "/slow").c_str(), nullptr,
                      MS_BIND, nullptr)
              == 0);
    });
    auto client = h.node.connect();
    REQUIRE(prepare_in(client, "a", shim->path()));
    REQUIRE(prepare_in(client, "b", other.path()));
    fuse.set_silence(hanging_fuse::silence::all);
    check_refused(client.share("a", "c", rootfs + "/slow/dir", "/slow", false),
                  errc::deadline_exceeded, "slow");
    CHECK(client.share("a", "c", h.work / "source", "/data", false));
    CHECK(client.share("b", "c", h.work / "source", "/data", false));
    CHECK(client.cleanup("a"));
    unmount_watch end{*shim / rootfs};
    fuse.set_silence(hanging_fuse::silence::none);
    shim.reset();
    CHECK(end.is_gone());
    CHECK(client.cleanup("b"));
    CHECK(std::filesystem::is_empty(h.node.share_root()));
  });
}

TEST_SUITE_END();
