// SPDX-License-Identifier: Apache-2.0
#include "tests/mounts/node_fixture.hpp"
#include "tests/support/denied_calls.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/tree_text.hpp"

#include <cerrno>
#include <filesystem>
#include <sys/syscall.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

// Of all architectures but Alpha; headers may be older.
constexpr int statmount_number = 457;
constexpr int listmount_number = 458;

struct denied_call {
  const char* name;
  int number;
};

// Shares by bind mounts, then ends everything.
void check_binds(node_fixture& f) {
  control_client client{f.node.socket()};
  const auto files = describe_tree(f.work / "source");
  REQUIRE(client.prepare("sb"));
  const auto share = client.share("sb", "c1", f.work / "source", "/s", true);
  REQUIRE_MESSAGE(share, (share ? "" : share.err().message));
  CHECK(read_file(share->host_path() + "/inner/key") == "inner");
  CHECK(write_failure(share->host_path() + "/key") == EROFS);
  REQUIRE(client.share("sb", "c1", f.work / "source/key", "/k", false));
  REQUIRE(client.share_rootfs("sb", "c1", f.work / "rootfs"));
  // Beside what is ours and empty.
  const auto note = f.node.share_root() + "/sb/mounts/note";
  std::filesystem::create_directory(note);
  bind_by_hand(f.work / "source", note);
  CHECK(client.unshare_container("sb", "c1"));
  unmount_by_hand(note);
  CHECK(client.cleanup("sb"));
  CHECK(std::filesystem::is_empty(f.node.share_root()));
  CHECK(describe_tree(f.work / "source") == files);
}

// Copies a directory with a mount in it to a guest.
void check_copies(node_fixture& f, const guest_process& guest) {
  control_client client{f.node.socket()};
  REQUIRE(client.prepare_copy("copied", to_string(guest.address())));
  const auto share
    = client.share("copied", "c1", f.work / "source", "/s", true);
  REQUIRE_MESSAGE(share, (share ? "" : share.err().message));
  CHECK(share->skipped_size() == 1);
  CHECK(client.cleanup("copied"));
}

// Nothing starts where these calls are denied, and one of them is named.
void check_refused(const std::vector<int>& numbers, int why,
                   const std::string& name) {
  INFO(name, " answers ", why);
  const private_mounts work;
  const auto config = work.write(
    "config.json",
    R"({"api": {"socket": ")" + (work / "api.sock")
      + R"("}, "share": {"root": ")" + (work / "share")
      + R"("}, "http": {"listen": ""}, "mounts": {"visibility": "assumed"}})");
  run_with_denied(numbers, why, [&] {
    const auto got = run_fsshared({"--config", config});
    CHECK(got.exit_code == 1);
    CHECK_MESSAGE(got.errors.find(name + ": ") != std::string::npos,
                  got.errors);
  });
  CHECK_FALSE(exists(work / "api.sock"));
}

bool skip() {
  const private_mounts probe;
  if (!probe.unavailable().empty())
    MESSAGE("skipped: ", probe.unavailable());
  return !probe.unavailable().empty();
}

} // namespace

TEST_SUITE_BEGIN("mounts: system calls that are not allowed");

TEST_CASE("without a newer system call the older way is taken, which is said") {
  if (skip())
    return;
  const std::vector<denied_call> calls{{"openat2", SYS_openat2},
                                       {"statx", SYS_statx},
                                       {"open_tree", SYS_open_tree},
                                       {"move_mount", SYS_move_mount},
                                       {"mount_setattr", SYS_mount_setattr}};
  for (const auto& call : calls)
    for (const auto why : {EPERM, ENOSYS}) {
      INFO(call.name, " answers ", why);
      const guest_process guest;
      run_with_denied({call.number}, why, [name = call.name, &guest] {
        node_fixture f{""};
        check_binds(f);
        check_copies(f, guest);
        CHECK(f.node.program().terminate() == 0);
        const auto log = f.node.program().errors();
        CHECK_MESSAGE(
          log.find("event=older-system-calls calls=" + std::string{name})
            != std::string::npos,
          log);
      });
    }
}

TEST_CASE("where mounts are not told one by one the mount table is read") {
  if (skip())
    return;
  for (const auto number : {statmount_number, listmount_number})
    for (const auto why : {EPERM, ENOSYS}) {
      INFO(number, " answers ", why);
      run_with_denied({number}, why, [] {
        node_fixture f{""};
        check_binds(f);
        CHECK(f.node.program().terminate() == 0);
      });
    }
}

TEST_CASE("without any newer system call everything works") {
  if (skip())
    return;
  const guest_process guest;
  run_with_denied({SYS_openat2, SYS_statx, SYS_open_tree, SYS_move_mount,
                   SYS_mount_setattr, statmount_number, listmount_number},
                  EPERM, [&guest] {
                    node_fixture f{""};
                    check_binds(f);
                    check_copies(f, guest);
                    CHECK(f.node.program().terminate() == 0);
                  });
}

TEST_CASE("without a system call that nothing stands in for, nothing starts, "
          "and it is named") {
  if (skip())
    return;
  const std::vector<denied_call> calls{{"mount", SYS_mount},
                                       {"umount2", SYS_umount2},
                                       {"mkdirat", SYS_mkdirat},
                                       {"mknodat", SYS_mknodat},
                                       {"accept4", SYS_accept4},
                                       {"unlinkat", SYS_unlinkat},
                                       {"epoll_create1", SYS_epoll_create1}};
  for (const auto& [name, number] : calls)
    for (const auto why : {EPERM, ENOSYS})
      check_refused({number}, why, name);
}

TEST_CASE("where threads are made by the older call they are, and where they "
          "are not the call is named") {
  if (skip())
    return;
  run_with_denied({SYS_clone3}, ENOSYS, [] {
    node_fixture f{""};
    check_binds(f);
    CHECK(f.node.program().terminate() == 0);
  });
  // As a limit of tasks answers, too.
  for (const auto why : {EPERM, EAGAIN})
    check_refused({SYS_clone3}, why, "clone3");
}

TEST_CASE("mounts.api new is refused where one of its calls is, by its name") {
  if (skip())
    return;
  for (const auto& [name, number] :
       std::vector<denied_call>{{"open_tree", SYS_open_tree},
                                {"move_mount", SYS_move_mount},
                                {"mount_setattr", SYS_mount_setattr}}) {
    const private_mounts work;
    const auto config = work.write(
      "config.json",
      R"({"api": {"socket": ")" + (work / "api.sock")
        + R"("}, "share": {"root": ")" + (work / "share")
        + R"("}, "http": {"listen": ""}, "mounts": {"visibility": "assumed", "api": "new"}})");
    run_with_denied({number}, EPERM, [&, name = name] {
      const auto got = run_fsshared({"--config", config});
      CHECK(got.exit_code == 1);
      CHECK_MESSAGE(got.errors.find("mounts.api 'new': " + std::string{name})
                      != std::string::npos,
                    got.errors);
    });
  }
}

TEST_SUITE_END();
