// SPDX-License-Identifier: Apache-2.0
#include "sys/process/reader_threads.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/failing_mounts.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree_text.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <future>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

std::string mark_of(const mount_fixture& f) {
  return copy_mark_path(f.work / "marks", "box");
}

// Brings the staging directory to where a process was killed that mounted by
// the classic API.
void leave_staging(const mount_fixture& f, const std::string& source) {
  f.work.make_dir("share/box/private/slot");
  bind_by_hand(f.layout.staging_dir(), f.layout.staging_dir());
  make_private_by_hand(f.layout.staging_dir());
  bind_by_hand(source, f.layout.staging_dir() + "/slot", MS_REC);
}

/// A process that sees nothing but a directory, in a mount namespace of its
/// own, as virtiofsd does.
class file_server {
public:
  explicit file_server(const std::string& dir) {
    std::array<int, 2> ready{};
    REQUIRE(::pipe2(ready.data(), O_CLOEXEC) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      const char byte = 'x';
      if (::unshare(CLONE_NEWNS) != 0
          || ::mount(nullptr, "/", nullptr, MS_PRIVATE | MS_REC, nullptr) != 0
          || ::chdir(dir.c_str()) != 0
          || ::syscall(SYS_pivot_root, ".", ".") != 0
          || ::umount2(".", MNT_DETACH) != 0
          || ::write(ready[1], &byte, 1) != 1)
        ::_exit(1);
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;)
        ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    const auto got = ::read(ready[0], &byte, 1);
    ::close(ready[0]);
    REQUIRE(got == 1);
  }
  ~file_server() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  file_server(const file_server&) = delete;
  file_server& operator=(const file_server&) = delete;

  int pid() const {
    return pid_;
  }

private:
  int pid_ = -1;
};

} // namespace

TEST_SUITE_BEGIN("mounts: what an earlier process left");

TEST_CASE("discarding what an earlier process left takes nothing of a user's, "
          "wherever that one was killed") {
  for (const auto* source : {"source", ""})
    for_each_way([source](mount_fixture& f) {
      // All of it is empty, and would go first where a tree is deleted.
      f.work.write("source/app.lock", "");
      f.work.write("source/.fsshare", "");
      f.work.make_dir("source/spool/new");
      f.work.mount_tmpfs("source/inner");
      f.work.write("source/inner/empty", "");
      const auto empty = mount_table();
      const auto files = describe_tree(f.work.path());
      f.prepare();
      f.share("c", f.work / "source", read_write);
      f.must_run(plan_rootfs(f.layout, "c1", f.work / "source", read_write));
      leave_staging(f, f.work / source);
      f.start();
      const auto refused = f.run(plan_cleanup_unknown(f.layout, mark_of(f)));
      REQUIRE(!refused);
      CHECK_MESSAGE(refused.err().message.ends_with("discard it"),
                    refused.err().message);
      f.must_run(plan_discard(f.layout, mark_of(f)));
      CHECK(mount_table() == empty);
      CHECK(describe_tree(f.work.path()) == files);
      // The same again finds nothing to do.
      const auto again = f.run(plan_discard(f.layout, mark_of(f)));
      REQUIRE(again);
      CHECK(again->changed == 0);
    });
}

TEST_CASE("what cannot be discarded is listed, and the next time goes on") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.share("c", f.work / "source", read_write);
    f.start();
    const auto plan = plan_discard(f.layout, mark_of(f));
    failing_mounts mounts{*f.kernel, "unmount " + f.layout.mounts_dir()};
    const auto done = run(plan, mounts);
    REQUIRE(done);
    REQUIRE(done->leftovers.size() == 1);
    CHECK(done->leftovers[0].path == f.layout.mounts_dir());
    CHECK(exists(f.layout.mark_path()));
    f.must_run(plan);
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_CASE("what is not ours does not keep a sandbox from being discarded") {
  for_each_way([](mount_fixture& f) {
    const auto before = mount_table();
    f.prepare();
    f.share("c", f.work / "source", read_write);
    f.work.write("share/box/mounts/note", "somebody's");
    f.start();
    const auto done = f.run(plan_discard(f.layout, mark_of(f)));
    REQUIRE(done);
    CHECK(check_nothing_of_ours_left(*done));
    REQUIRE(done->foreign.size() == 1);
    CHECK(done->foreign[0].path == f.layout.mounts_dir() + "/note");
    CHECK(mount_table() == before);
    CHECK(
      tree_of(f.layout.share_root())
      == std::vector<std::string>{"/box", "/box/mounts", "/box/mounts/note"});
  });
}

TEST_CASE("without our mark, or with another sandbox's, nothing is discarded") {
  for_each_way([](mount_fixture& f) {
    f.work.write("share/box/mounts/theirs", "");
    for (const std::string mark :
         {"", R"({"version":1,"sandbox_id":"other"})"}) {
      if (!mark.empty())
        f.work.write("share/box/.fsshare", mark);
      const auto files = describe_tree(f.work.path());
      const auto done = f.run(plan_discard(f.layout, mark_of(f)));
      REQUIRE(!done);
      CHECK(done.err().code == errc::failed_precondition);
      CHECK(describe_tree(f.work.path()) == files);
    }
  });
}

TEST_CASE("a sandbox whose directory another process has open is not "
          "discarded") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.share("c", f.work / "source", read_write);
    f.start();
    const auto before = mount_table();
    const auto refuse = [&](int pid) {
      const auto done = f.run(plan_discard(f.layout, mark_of(f)));
      REQUIRE(!done);
      CHECK(done.err().code == errc::failed_precondition);
      CHECK_MESSAGE(
        done.err().message.find("process " + std::to_string(pid) + " (")
          != std::string::npos,
        done.err().message);
      CHECK(mount_table() == before);
    };
    for (const std::string opens : {"cd \"$1\"", "exec 8<\"$1/key\""}) {
      child_process user{{"/bin/sh", "-c",
                          opens + " && echo ready && exec sleep 60", "sh",
                          f.shared("c")}};
      REQUIRE(user.read_line() == "ready");
      refuse(user.pid());
    }
    {
      const file_server server{f.layout.shared_dir()};
      refuse(server.pid());
    }
    f.must_run(plan_discard(f.layout, mark_of(f)));
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_CASE("what our own readers have open keeps no sandbox from being "
          "discarded") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.start();
    reader_threads readers;
    std::promise<void> runs;
    REQUIRE(readers.run(0, [&runs] {
      runs.set_value();
    }));
    runs.get_future().wait();
    f.must_run(plan_discard(f.layout, mark_of(f)));
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_SUITE_END();
