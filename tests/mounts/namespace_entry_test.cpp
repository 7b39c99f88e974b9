// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_namespace.hpp"
#include "sys/process/bounded_calls.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/shim_namespace.hpp"
#include "tests/support/temp_dir.hpp"

#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

using namespace fsshare;
using namespace fsshare::test;

namespace {

std::string ns_of(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/ns/" + name;
}

// What tells where a thread is.
struct whereabouts {
  using file = std::pair<std::uint64_t, std::uint64_t>;

  static file file_at(const char* path) {
    struct stat info {};
    REQUIRE(::stat(path, &info) == 0);
    return {info.st_dev, info.st_ino};
  }
  friend bool operator==(const whereabouts&, const whereabouts&) = default;

  file name_space = file_at("/proc/thread-self/ns/mnt");
  file root = file_at("/");
  file directory = file_at(".");
};

// Does something in a process of its own; returns its exit code.
int exit_code_of(const std::function<int()>& what) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0)
    ::_exit(what());
  int ended = 0;
  ::waitpid(child, &ended, 0);
  return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
}

void lose_capability(unsigned which) {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct all[2]{};
  ::syscall(SYS_capget, &head, all);
  for (auto* set : {&all[0].effective, &all[0].permitted})
    *set &= ~(1U << which);
  ::syscall(SYS_capset, &head, all);
}

// Runs a test that mounts, where that can be done.
void in_private_mounts(
  const std::function<void(const private_mounts& work)>& test) {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: ", work.unavailable());
    return;
  }
  test(work);
}

errc code_of(const result<opened_namespace_ptr>& outcome) {
  return outcome ? errc::none : outcome.err().code;
}

} // namespace

TEST_SUITE_BEGIN("sys/mount/mount_namespace: entering and coming back");

TEST_CASE("a mount namespace is told by what it is, and by no path") {
  in_private_mounts([](const private_mounts&) {
    const shim_namespace shim;
    const shim_namespace other;
    const auto opened = open_namespace(shim.path());
    REQUIRE(opened);
    const auto which = (*opened)->which();
    CHECK(which.path == shim.path());
    CHECK(which.inode != 0);
    const auto again = open_namespace(ns_of(shim.pid(), "mnt"));
    REQUIRE(again);
    CHECK((*again)->which().is_same(which));
    const auto beside = open_namespace(other.path());
    REQUIRE(beside);
    CHECK_FALSE((*beside)->which().is_same(which));
    // As if the pid had been given out again.
    auto reused = which;
    reused.path = other.path();
    const auto wrong = open_same_namespace(reused);
    REQUIRE(!wrong);
    CHECK(wrong.err().code == errc::not_found);
    CHECK(wrong.err().message.find("leads to another one now")
          != std::string::npos);
    // A number that is never given out again tells two of one inode apart.
    auto later = which;
    later.id = which.id + 1;
    CHECK(later.is_same(which) == (which.id == 0));
  });
}

TEST_CASE("what is no mount namespace is refused, whatever it is") {
  in_private_mounts([](const private_mounts& work) {
    const shim_namespace shim;
    for (const auto& path :
         {ns_of(shim.pid(), "net"), ns_of(shim.pid(), "user"),
          work.write("file", "text"), work.make_dir("directory"),
          std::string{"/proc/self/status"}}) {
      INFO(path);
      const auto opened = open_namespace(path);
      CHECK(code_of(opened) == errc::invalid_argument);
      CHECK(opened.err().message == path + " is no mount namespace");
    }
  });
}

TEST_CASE("the namespace of a process that has ended is gone, and one that may "
          "not be looked at is not") {
  in_private_mounts([](const private_mounts&) {
    shim_namespace shim;
    const auto path = shim.path();
    shim.kill();
    INFO("a zombie");
    CHECK(code_of(open_namespace(path)) == errc::not_found);
    shim.reap();
    CHECK(code_of(open_namespace(path)) == errc::not_found);
    // This test has more capabilities than the process that looks.
    const auto mine = ns_of(::getpid(), "mnt");
    CHECK(code_of(open_namespace(mine)) == errc::none);
    CHECK(exit_code_of([&] {
            lose_capability(CAP_SYS_PTRACE);
            const auto opened = open_namespace(mine);
            return code_of(opened) == errc::permission_denied
                       && opened.err().message.find("CAP_SYS_PTRACE")
                            != std::string::npos
                     ? 0
                     : 1;
          })
          == 0);
  });
}

TEST_CASE("who was in another namespace is where it was before, also in a "
          "chroot") {
  in_private_mounts([](const private_mounts& work) {
    work.make_dir("chroot/home");
    const auto proc = work.make_dir("chroot/proc");
    bind_by_hand("/proc", proc, MS_REC);
    const shim_namespace shim;
    shim.mount_tmpfs(work / "only-there", "key", "there");
    const auto opened = open_namespace(shim.path());
    REQUIRE(opened);
    const auto visit = [&](const std::string& seen) {
      const whereabouts before;
      {
        const auto inside = entered_namespace::enter(**opened);
        if (!inside || whereabouts{} == before || !exists(seen))
          return 1;
      }
      return whereabouts{} == before && !exists(seen) ? 0 : 2;
    };
    CHECK(visit(work / "only-there/key") == 0);
    CHECK(exit_code_of([&] {
            if (::chroot((work / "chroot").c_str()) != 0
                || ::chdir("/home") != 0)
              return 3;
            return visit(work / "only-there/key");
          })
          == 0);
  });
}

TEST_CASE("a namespace whose /proc does not show us is left again at once") {
  in_private_mounts([](const private_mounts&) {
    const shim_namespace shim;
    shim.mount_tmpfs("/proc", "nothing", "");
    const auto opened = open_namespace(shim.path());
    REQUIRE(opened);
    const whereabouts before;
    const auto inside = entered_namespace::enter(**opened);
    REQUIRE(!inside);
    CHECK(inside.err().code == errc::failed_precondition);
    CHECK(inside.err().message.find("PID namespace of the host")
          != std::string::npos);
    CHECK(whereabouts{} == before);
  });
}

TEST_CASE("without CAP_SYS_CHROOT nothing is entered, and it is said what is "
          "missing") {
  in_private_mounts([](const private_mounts&) {
    const shim_namespace shim;
    CHECK(exit_code_of([&] {
            const auto opened = open_namespace(shim.path());
            lose_capability(CAP_SYS_CHROOT);
            const whereabouts before;
            const auto inside = entered_namespace::enter(**opened);
            return !inside && inside.err().code == errc::permission_denied
                       && inside.err().message.find("CAP_SYS_CHROOT")
                            != std::string::npos
                       && whereabouts{} == before
                     ? 0
                     : 1;
          })
          == 0);
  });
}

TEST_CASE("who cannot come back ends, and does nothing in the wrong place") {
  in_private_mounts([](const private_mounts&) {
    const shim_namespace shim;
    CHECK(exit_code_of([&] {
            const auto opened = open_namespace(shim.path());
            {
              const auto inside = entered_namespace::enter(**opened);
              lose_capability(CAP_SYS_ADMIN);
              // What the sentence is written to.
              ::close(STDERR_FILENO);
            }
            return 42;
          })
          == EXIT_FAILURE);
  });
}

TEST_CASE("a bounded call is done in its place, its reader comes back, and a "
          "place that cannot be reached fails the call") {
  in_private_mounts([](const private_mounts&) {
    const shim_namespace shim;
    const auto inode = [] {
      struct stat info {};
      return ::stat("/proc/thread-self/ns/mnt", &info) == 0
               ? result<std::uint64_t>{info.st_ino}
               : result<std::uint64_t>{error{errc::internal, "stat"}};
    };
    const auto opened = open_namespace(shim.path());
    REQUIRE(opened);
    bounded_calls calls;
    calls.surround([where = *opened](const std::function<void()>& call) {
      const auto inside = entered_namespace::enter(*where);
      if (!inside)
        return status{inside.err()};
      call();
      return status{unit{}};
    });
    const auto there = calls.run<std::uint64_t>("k", "look", inode);
    REQUIRE(there);
    CHECK(*there == (*opened)->which().inode);
    calls.surround(nullptr);
    const auto here = calls.run<std::uint64_t>("k", "look", inode);
    REQUIRE(here);
    CHECK(*here == whereabouts{}.name_space.second);
    calls.surround([](const std::function<void()>&) {
      return status{error{errc::permission_denied, "no way"}};
    });
    const auto nowhere = calls.run<std::uint64_t>("k", "look", inode);
    REQUIRE(!nowhere);
    CHECK(nowhere.err() == error{errc::permission_denied, "look: no way"});
  });
}
