// SPDX-License-Identifier: Apache-2.0
#include "tests/mounts/node_fixture.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/tree_text.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sys/mount.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// How much is planted; what is checked is the same.
struct amounts {
  int orphans = 20;
  int shares = 10;
  int placeholders = 10;
  int foreign = 20;
};

// FSSHARE_GC_FULL in the environment plants what a node has after weeks: 10,000
// files and directories and more mounts of 200 sandboxes, beside 100 that are
// not ours. It takes minutes, since the kernel's mount table is long then.
amounts wanted() {
  // Read before any thread exists. NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (std::getenv("FSSHARE_GC_FULL") == nullptr)
    return {};
  return {200, 20, 20, 100};
}

json run_gc(const std::string& config, const std::string& how, int code) {
  const auto ended = run_process(
    {fssharectl_program(), "gc", how, "-o", "json", "--config", config});
  INFO(ended.output, ended.errors);
  REQUIRE(ended.exit_code == code);
  REQUIRE(ended.errors.empty());
  return json::parse(ended.output);
}

// Nobody else mounts in this namespace.
std::vector<mounted_entry> all_of_the_table() {
  auto table = read_mountinfo();
  REQUIRE(table);
  return *std::move(table);
}

/// A node agent, what it has, and what others and earlier ones have left.
struct planted_node {
  private_mounts work;
  node_process node;
  amounts many = wanted();
  std::string root = node.share_root();
  std::string marks = node.socket() + ".copies";
  std::vector<std::string> orphans;

  planted_node() {
    work.write("user/key", "value");
    work.write("user/empty", "");
    work.make_dir("user/dir/inner");
    work.mount_tmpfs("user/mount");
    work.write("user/mount/file", "in a mount");
    plant_orphans();
    plant_foreign();
  }

  std::string user() const {
    return work / "user";
  }

  // As an earlier process does, whose state files are gone.
  void plant_orphans() {
    auto mounts = make_kernel_mount(mount_api_choice::automatic, root);
    REQUIRE(mounts);
    for (int i = 0; i < many.orphans; ++i) {
      const auto id = "lost" + std::to_string(1000 + i);
      orphans.push_back(id);
      const share_layout layout{root, id, "/guest"};
      must_run(plan_prepare(layout, {}, submounts::take), **mounts);
      for (int j = 0; j < many.shares; ++j) {
        const bind_options options{j % 2 == 0 ? access::read_only
                                              : access::read_write,
                                   submounts::take, propagation::closed};
        must_run(plan_share(layout, "c-" + std::to_string(j),
                            j % 3 == 0 ? user() + "/key" : user(), options),
                 **mounts);
      }
      for (int j = 0; j < many.placeholders; ++j) {
        const auto name = layout.mounts_dir() + "/p" + std::to_string(j);
        if (j % 2 == 0)
          fs::create_directories(name + "/rootfs");
        else
          make_empty(name);
      }
    }
    fs::create_directory(marks);
    make_empty(marks + "/copied");
    orphans.emplace_back("copied");
  }

  // Shims that mount by themselves.
  void plant_foreign() {
    for (int i = 0; i < many.foreign; ++i) {
      const auto dir = root + "/shim" + std::to_string(i);
      fs::create_directories(dir + "/mounts/data");
      fs::create_directories(dir + "/shared");
      make_empty(dir + "/mounts/empty");
      bind_by_hand(dir + "/mounts", dir + "/mounts");
      make_shared_by_hand(dir + "/mounts");
      bind_by_hand(user(), dir + "/mounts/data", MS_REC);
    }
  }

  static void must_run(const result<mount_plan>& plan,
                       mount_executor& executor) {
    REQUIRE(plan);
    const auto done = run(*plan, executor, open_sources(*plan));
    REQUIRE_MESSAGE(done, (done ? "" : done.err().message));
  }

  static void make_empty(const std::string& path) {
    const unique_fd file{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
    REQUIRE(file);
  }

  /// Links to user data, and a file with content, where ours were.
  void plant_odd_things(const std::string& id) const {
    const auto dir = root + "/" + id + "/mounts";
    fs::create_symlink(user(), dir + "/link");
    fs::create_symlink(user() + "/key", dir + "/file-link");
    fs::copy_file(user() + "/key", dir + "/note");
  }

  /// Mounts that are not of the orphans.
  std::vector<mounted_entry> other_mounts() const {
    std::vector<mounted_entry> out;
    for (auto& entry : all_of_the_table())
      if (entry.mount_point.find(root + "/lost") != 0)
        out.push_back(std::move(entry));
    return out;
  }

  std::set<std::string> names() const {
    std::set<std::string> out;
    for (const auto& each : fs::directory_iterator{root})
      out.insert(each.path().filename().string());
    return out;
  }
};

/// What may not change.
struct kept_things {
  std::string user;
  std::vector<mounted_entry> mounts;
  std::string shims;

  explicit kept_things(const planted_node& of)
    : user(describe_tree(of.user())), mounts(of.other_mounts()) {
    for (int i = 0; i < of.many.foreign; ++i)
      shims += describe_tree(of.root + "/shim" + std::to_string(i));
  }
  friend bool operator==(const kept_things&, const kept_things&) = default;
};

/// Prepares what is alive, with a share, and returns where it is seen.
std::string prepare_live(const planted_node& f, const std::string& id) {
  control_client client{f.node.socket()};
  REQUIRE(client.prepare(id));
  const auto share = client.share(id, "c", f.user(), "/d", true);
  REQUIRE_MESSAGE(share, (share ? "" : share.err().message));
  return share->host_path();
}

bool needs_root() {
  if (::geteuid() == 0)
    return false;
  MESSAGE("skipped: needs root");
  return true;
}

} // namespace

TEST_SUITE_BEGIN("mounts: gc");

TEST_CASE("gc takes exactly what is ours and nobody's, with or without a node "
          "agent") {
  if (needs_root())
    return;
  for (const bool runs : {true, false}) {
    CAPTURE(runs);
    planted_node f;
    const auto live = prepare_live(f, "live");
    f.plant_odd_things(f.orphans.front());
    if (!runs)
      REQUIRE(f.node.program().terminate() == 0);
    const kept_things before{f};
    const auto all_mounts = all_of_the_table().size();
    REQUIRE(all_mounts - before.mounts.size()
            > static_cast<std::size_t>(f.many.orphans * f.many.shares));

    const auto listed = run_gc(f.node.config_file(), "--dry-run", 0);
    CHECK(listed.at("orphans").size() == f.orphans.size());
    CHECK(listed.at("foreign").size()
          == static_cast<std::size_t>(f.many.foreign));
    CHECK(all_of_the_table().size() == all_mounts);
    CHECK(kept_things{f} == before);

    const auto done = run_gc(f.node.config_file(), "--yes", 0);
    REQUIRE(done.at("orphans").size() == f.orphans.size());
    for (const auto& each : done.at("orphans"))
      CHECK_MESSAGE(each.at("removed") == true, each.dump());
    // The odd things stay where they are, and are told.
    std::set<std::string> told;
    for (const auto& each : done.at("orphans"))
      for (const auto& path : each.at("foreign"))
        told.insert(path.at("path"));
    const auto odd = f.root + "/" + f.orphans.front() + "/mounts";
    CHECK(told
          == std::set<std::string>{odd + "/file-link", odd + "/link",
                                   odd + "/note"});
    CHECK(kept_things{f} == before);
    CHECK(all_of_the_table().size() == before.mounts.size());
    CHECK(read_file(live + "/key") == "value");
    CHECK(read_file(odd + "/note") == "value");
    CHECK(fs::is_symlink(odd + "/link"));
    std::set<std::string> left{"live", f.orphans.front()};
    for (int i = 0; i < f.many.foreign; ++i)
      left.insert("shim" + std::to_string(i));
    CHECK(f.names() == left);
    CHECK(!exists(f.marks + "/copied"));

    const auto again = run_gc(f.node.config_file(), "--yes", 0);
    CHECK(again.at("orphans").empty());
    // Without our mark it is as foreign as the others.
    CHECK(again.at("foreign").size()
          == static_cast<std::size_t>(f.many.foreign) + 1);
  }
}

TEST_CASE("gc leaves what somebody uses, says who, and takes it once nobody "
          "does") {
  if (needs_root())
    return;
  for (const bool runs : {true, false}) {
    CAPTURE(runs);
    planted_node f;
    if (!runs)
      REQUIRE(f.node.program().terminate() == 0);
    const auto id = f.orphans.front();
    {
      child_process user{{"/bin/sh", "-c",
                          "cd \"$1\" && echo ready && exec sleep 60", "sh",
                          f.root + "/" + id + "/mounts/c-1"}};
      REQUIRE(user.read_line() == "ready");
      const auto done = run_gc(f.node.config_file(), "--yes", 1);
      for (const auto& each : done.at("orphans")) {
        const bool is_used = each.at("sandbox_id") == id;
        CHECK(each.at("removed") == !is_used);
        const std::string reason = each.at("reason");
        CHECK((reason.find("process " + std::to_string(user.pid()))
               != std::string::npos)
              == is_used);
      }
      CHECK(read_file(f.root + "/" + id + "/mounts/c-1/key") == "value");
    }
    const auto done = run_gc(f.node.config_file(), "--yes", 0);
    REQUIRE(done.at("orphans").size() == 1);
    CHECK(done.at("orphans").at(0).at("removed") == true);
    CHECK(!exists(f.root + "/" + id));
  }
}

TEST_CASE("what a node agent would go on with is no orphan while none runs, "
          "and none starts meanwhile") {
  if (needs_root())
    return;
  private_mounts work;
  const node_process other;
  node_process node;
  {
    control_client client{node.socket()};
    REQUIRE(client.prepare("live"));
    REQUIRE(client.prepare("damaged"));
  }
  node.program().signal(SIGKILL);
  node.program().wait();
  const auto state = node.socket().substr(0, node.socket().rfind('/'))
                     + "/state/damaged.jsonl";
  REQUIRE(exists(state));
  fs::resize_file(state, 20);
  const auto listed = run_gc(node.config_file(), "--dry-run", 0);
  REQUIRE(listed.at("orphans").size() == 1);
  CHECK(listed.at("orphans").at(0).at("sandbox_id") == "damaged");
  CHECK(exists(state));
  CHECK(run_gc(node.config_file(), "--yes", 0).at("orphans").size() == 1);
  CHECK(!exists(state));
  CHECK(exists(node.share_root() + "/live/.fsshare"));
  CHECK(!exists(node.share_root() + "/damaged"));
  // Of a share root that a node agent has nothing is taken, wherever it
  // listens.
  const auto config = work.write(
    "config.json", R"({"api": {"socket": ")" + (work / "nobody.sock")
                     + R"("}, "share": {"root": ")" + other.share_root()
                     + R"("}, "mounts": {"visibility": "assumed"}})");
  const auto refused
    = run_process({fssharectl_program(), "gc", "--yes", "--config", config});
  CHECK(refused.exit_code == 1);
  CHECK_MESSAGE(refused.errors.find("is in use by process")
                  != std::string::npos,
                refused.errors);
}

TEST_SUITE_END();
