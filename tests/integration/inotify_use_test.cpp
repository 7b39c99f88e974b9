// SPDX-License-Identifier: Apache-2.0
#include "sys/doctor/process_look.hpp"
#include "sys/process/reader_threads.hpp"
#include "tests/support/temp_dir.hpp"

#include <array>
#include <csignal>
#include <cstdint>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <future>
#include <string>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace fsshare;

namespace {

/// Nobody's on any system that has not given it to somebody.
constexpr std::uint32_t lone_user = 3'999'999'001;

/// A process of that user with inotify instances, and with a reader that shares
/// its descriptors.
class watching_process {
public:
  watching_process(const std::string& dir, int instances, int watches) {
    std::array<int, 2> ready{};
    REQUIRE(::pipe2(ready.data(), O_CLOEXEC) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const bool is_set = watch(dir, instances, watches);
      const char byte = is_set ? 'y' : 'n';
      if (::write(ready[1], &byte, 1) != 1)
        ::_exit(1);
      for (;;)
        ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    const auto got = ::read(ready[0], &byte, 1);
    ::close(ready[0]);
    REQUIRE(got == 1);
    REQUIRE(byte == 'y');
  }
  ~watching_process() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  watching_process(const watching_process&) = delete;
  watching_process& operator=(const watching_process&) = delete;

private:
  static bool watch(const std::string& dir, int instances, int watches) {
    if (::setresuid(lone_user, lone_user, lone_user) != 0)
      return false;
    for (int i = 0; i < instances; ++i) {
      const int fd = ::inotify_init1(IN_CLOEXEC);
      for (int j = 0; j < watches; ++j)
        if (::inotify_add_watch(fd, (dir + "/" + std::to_string(j)).c_str(),
                                IN_CREATE)
            < 0)
          return false;
    }
    static reader_threads readers;
    std::promise<void> runs;
    auto begun = runs.get_future();
    if (!readers.run(0, [&runs] {
          runs.set_value();
        }))
      return false;
    begun.wait();
    return true;
  }

  int pid_ = -1;
};

} // namespace

TEST_SUITE_BEGIN("sys/doctor/process_look");

TEST_CASE("a user's inotify instances and watches are counted once, over all "
          "processes") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  const test::temp_dir dir;
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  for (const auto* name : {"0", "1", "2"})
    dir.make_dir(name);
  const auto none = count_inotify(lone_user);
  if (!none.instances) {
    MESSAGE("skipped: " << none.instances.err().message);
    return;
  }
  CHECK(*none.instances == 0);
  CHECK(*none.watches == 0);
  const watching_process one{dir.path(), 2, 3};
  const watching_process other{dir.path(), 1, 1};
  const auto seen = count_inotify(lone_user);
  REQUIRE(seen.instances);
  REQUIRE(seen.watches);
  CHECK(*seen.instances == 3);
  CHECK(*seen.watches == 7);
}

TEST_SUITE_END();
