// SPDX-License-Identifier: Apache-2.0
#include "core/share/share_mark.hpp"
#include "tests/mounts/node_fixture.hpp"
#include "tests/support/denied_calls.hpp"
#include "tests/support/hanging_fuse.hpp"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

using namespace fsshare;
using namespace fsshare::test;
using nlohmann::json;

namespace {

using words = std::vector<std::string>;

struct examined {
  int exit_code = -1;
  json findings;

  /// Returns the levels of all findings of a kind.
  std::set<std::string> levels(const std::string& check) const {
    std::set<std::string> out;
    for (const auto& each : findings)
      if (each.at("check") == check)
        out.insert(each.at("level").get<std::string>());
    return out;
  }

  /// Checks that what is not well is this alone; returns what is said of it.
  std::string only(const std::string& level, const std::string& check) const {
    std::string said;
    for (const auto& each : findings) {
      if (each.at("level") == "ok")
        continue;
      CHECK_MESSAGE(each.at("check") == check, each.dump());
      CHECK_MESSAGE(each.at("level") == level, each.dump());
      CHECK(!each.at("cure").get<std::string>().empty());
      said += each.at("found").get<std::string>();
    }
    CHECK_MESSAGE(!said.empty(), "nothing of ", check);
    CHECK(exit_code == (level == "fail" ? 1 : 0));
    return said;
  }
};

/// Runs doctor, by another program if `by` names one.
examined examine(const std::string& config, words by = {}) {
  for (const auto& word :
       words{fssharectl_program(), "doctor", "-o", "json", "--config", config})
    by.push_back(word);
  const auto ended = run_process(std::move(by));
  INFO(ended.output, ended.errors);
  CHECK(ended.errors.empty());
  const auto got = json::parse(ended.output);
  return {ended.exit_code, got.at("findings")};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A node agent, without which there is nothing to plant faults in, and what
/// doctor needs to be content with this machine.
struct doctor_fixture {
  private_mounts work;
  node_process node{R"("volumes": {"kubelet_roots": [")" + work.path()
                    + R"("]})"};

  examined look(words by = {}) const {
    return examine(node.config_file(), std::move(by));
  }
};

/// Writes a configuration for a node agent that does not run.
std::string config_of(const private_mounts& work, const std::string& more) {
  work.make_dir("share");
  return work.write("config.json", R"({"api": {"socket": ")" + (work / "sock")
                                     + R"("}, "share": {"root": ")"
                                     + (work / "share") + R"("})" + more + "}");
}

} // namespace

TEST_SUITE_BEGIN("mounts: doctor");

TEST_CASE("doctor is content with a node on which all is well") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  doctor_fixture f;
  control_client client{f.node.socket()};
  REQUIRE(client.prepare("box"));
  std::filesystem::create_directory(f.node.share_root() + "/shim");
  const auto seen = f.look();
  for (const auto& each : seen.findings)
    CHECK_MESSAGE(each.at("level") == "ok", each.dump());
  CHECK(seen.exit_code == 0);
  CHECK(seen.levels("foreign") == std::set<std::string>{"ok"});
  CHECK(seen.levels("guests") == std::set<std::string>{"ok"});
  const auto text = run_process(
    {fssharectl_program(), "doctor", "--config", f.node.config_file()});
  CHECK(contains(text.output, "\nok    system-calls "));
  CHECK(text.output.ends_with(" ok, 0 warn, 0 fail\n"));
  REQUIRE(client.cleanup("box"));
  CHECK(f.node.program().terminate() == 0);
}

TEST_CASE("doctor finds what the node agent does not know, and does not touch "
          "it") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  doctor_fixture f;
  std::filesystem::create_directories(f.node.share_root() + "/lost");
  const auto lost_mark = f.node.share_root() + "/lost/.fsshare";
  std::filesystem::copy_file(f.work.write("mark", render_share_mark({"lost"})),
                             lost_mark);
  std::filesystem::create_directories(f.node.socket() + ".copies");
  std::filesystem::copy_file(f.work.write("other", "x"),
                             f.node.socket() + ".copies/gone");
  const auto said = f.look().only("warn", "orphans");
  CHECK(contains(said, "gone, lost"));
  CHECK(exists(lost_mark));
  // With another sandbox's mark, whose it is cannot be told.
  std::filesystem::remove(f.node.socket() + ".copies/gone");
  std::filesystem::rename(f.node.share_root() + "/lost",
                          f.node.share_root() + "/other");
  CHECK(contains(f.look().only("warn", "marks"),
                 "other (the mark is that of sandbox 'lost')"));
}

TEST_CASE("a kubelet root that does not answer is said in time, and holds up "
          "nobody who reads") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  private_mounts work;
  hanging_fuse root{work.make_dir("kubelet")};
  const node_process node{R"("volumes": {"kubelet_roots": [")" + root.path()
                          + R"("]})"};
  root.set_silence(hanging_fuse::silence::all);
  // Its end, and that of what it prints, come while the read hangs.
  const auto seen = examine(node.config_file());
  CHECK(root.waiting() > 0);
  CHECK(contains(seen.only("fail", "kubelet-root"), "no answer for 3s"));
  root.set_silence(hanging_fuse::silence::none);
}

TEST_CASE("a node agent that does not answer, or lets others in its place, is "
          "found") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  doctor_fixture f;
  const std::string dir = f.node.socket().substr(0, f.node.socket().rfind('/'));
  REQUIRE(::chmod(f.node.socket().c_str(), 0666) == 0);
  CHECK(contains(f.look().only("warn", "control-socket"), "0666"));
  REQUIRE(::chmod(f.node.socket().c_str(), 0600) == 0);
  REQUIRE(::chmod(dir.c_str(), 0777) == 0);
  CHECK(contains(f.look().only("fail", "control-socket"), "others can put"));
  REQUIRE(::chmod(dir.c_str(), 0700) == 0);
  f.node.program().stop();
  const auto silent = f.look();
  CHECK(silent.levels("node-agent") == std::set<std::string>{"fail"});
  CHECK(silent.exit_code == 1);
  f.node.program().signal(SIGCONT);
  CHECK(f.look().exit_code == 0);
}

TEST_CASE(
  "doctor says what it and the node agent may not do, and where it sees "
  "other mounts") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  doctor_fixture f;
  CHECK(contains(
    f.look({"/usr/bin/unshare", "--mount"}).only("warn", "mount-namespace"),
    "another mount namespace"));
  // The node agent's count, not doctor's.
  CHECK(f.look({"/usr/bin/prlimit", "--nofile=64:64"}).exit_code == 0);
  CHECK(f.node.program().terminate() == 0);
  const auto away = f.look({"/usr/bin/prlimit", "--nofile=64:64"});
  CHECK(away.levels("descriptors") == std::set<std::string>{"warn"});
  CHECK(away.levels("node-agent") == std::set<std::string>{"warn"});
  CHECK(away.exit_code == 0);
  CHECK(f.look({"/usr/bin/setpriv", "--bounding-set=-sys_admin"})
          .levels("capabilities")
        == std::set<std::string>{"warn"});
  run_with_denied({SYS_openat2}, ENOSYS, [&f] {
    CHECK(f.look().levels("system-calls") == std::set<std::string>{"warn"});
  });
  run_with_denied({SYS_mknodat}, EPERM, [&f] {
    const auto denied = f.look();
    CHECK(denied.levels("system-calls") == std::set<std::string>{"fail"});
    CHECK(denied.exit_code == 1);
  });
}

TEST_CASE("without a node agent doctor finds what would keep it from "
          "starting") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  private_mounts work;
  // Nothing that is mounted here is seen outside.
  auto seen = examine(config_of(work, ""));
  CHECK(seen.levels("share-root") == std::set<std::string>{"fail"});
  CHECK(seen.exit_code == 1);
  const std::string assumed = R"(, "mounts": {"visibility": "assumed"})";
  seen = examine(config_of(work, assumed));
  CHECK(contains(seen.only("warn", "node-agent"), "nobody listens"));
  // Marked, with nobody to ask.
  work.write("share/box/.fsshare", render_share_mark({"box"}));
  CHECK(examine(config_of(work, assumed)).levels("orphans")
        == std::set<std::string>{"warn"});
  work.write("sock", "no socket");
  seen = examine(config_of(work, assumed));
  CHECK(seen.levels("control-socket") == std::set<std::string>{"fail"});
  seen = examine(config_of(
    work, assumed
            + R"(, "volumes": {"match": "kubelet-root", "kubelet_roots": [")"
            + (work / "nowhere") + R"("]})"));
  CHECK(seen.levels("kubelet-root") == std::set<std::string>{"fail"});
  seen = examine(config_of(work, R"(, "shares": {})"));
  CHECK(seen.levels("configuration") == std::set<std::string>{"fail"});
  CHECK(seen.exit_code == 78);
  CHECK(examine(work / "missing.json").exit_code == 78);
}

TEST_CASE("doctor finds damaged state files, and leaves them as they are") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  doctor_fixture f;
  {
    control_client client{f.node.socket()};
    REQUIRE(client.prepare("whole"));
    REQUIRE(client.prepare("damaged"));
  }
  f.node.program().signal(SIGKILL);
  f.node.program().wait();
  const auto dir
    = f.node.socket().substr(0, f.node.socket().rfind('/')) + "/state";
  std::filesystem::resize_file(dir + "/damaged.jsonl", 20);
  const auto unfinished = dir + "/odd.jsonl.new";
  std::filesystem::copy_file(dir + "/whole.jsonl", unfinished);
  const auto seen = f.look();
  CHECK(seen.levels("states") == std::set<std::string>{"warn"});
  std::string said;
  for (const auto& each : seen.findings)
    if (each.at("check") == "orphans")
      said = each.at("found").get<std::string>();
  CHECK(contains(said, "to go on with: damaged"));
  CHECK(seen.exit_code == 0);
  CHECK(exists(dir + "/damaged.jsonl"));
  CHECK(exists(unfinished));
}

TEST_SUITE_END();
