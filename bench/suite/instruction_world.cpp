// SPDX-License-Identifier: Apache-2.0
// What the suite has callgrind count: each case is a run of a node agent and
// its guest in one process, the same at every start. fsshared itself cannot run
// under valgrind, which knows no second process with the same memory.
#include "tests/support/node_world.hpp"

#include <array>
#include <cstdarg>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names for what is
// called instead of a function, and for itself
long __real_syscall(long number, ...);

/// openat2 is none of valgrind's system calls: what is opened here leads
/// nowhere else without its rules.
long __wrap_syscall(long number, ...) {
  std::array<long, 6> given{};
  va_list rest;
  va_start(rest, number);
  for (auto& each : given)
    each = va_arg(rest, long);
  va_end(rest);
  if (number != SYS_openat2)
    return __real_syscall(number, given[0], given[1], given[2], given[3],
                          given[4], given[5]);
  const auto* how = reinterpret_cast<const open_how*>(given[2]);
  return ::openat(static_cast<int>(given[0]),
                  reinterpret_cast<const char*>(given[1]),
                  static_cast<int>(how->flags), static_cast<mode_t>(how->mode));
}
// NOLINTEND(bugprone-reserved-identifier)

} // extern "C"

using namespace fsshare;
using namespace fsshare::test;

namespace {

void copy_files(int files) {
  chooser choose{1};
  node_world w{choose};
  w.add_sandbox("s");
  for (int n = 0; n < files; ++n)
    w.dir.write("tree/" + std::to_string(n), std::string(1 << 10, 'x'));
  share_file_request request;
  request.sandbox_id = "s";
  request.container_id = "c";
  request.mount = {w.dir / "tree", "/tree", "bind", {}, true};
  const auto shared = w.ask<share_file_reply>(request);
  REQUIRE_MESSAGE(shared, shared.err().message);
  CHECK(w.guest("s").carried_out.size() > static_cast<std::size_t>(files));
}

void rotate_to(int destinations) {
  constexpr int rotations = 20;
  chooser choose{1};
  node_world w{choose};
  w.add_sandbox("s");
  auto& kubelet = w.add_volume("settings");
  kubelet.rotate({{"key", {"0"}}});
  for (int n = 0; n < destinations; ++n)
    w.share("s", "c" + std::to_string(n), "settings");
  for (int n = 1; n <= rotations; ++n) {
    kubelet.rotate({{"key", {std::to_string(n)}}});
    w.settle();
  }
  CHECK(w.status_of("settings").destinations.size()
        == static_cast<std::size_t>(destinations));
}

} // namespace

TEST_CASE("copy 200") {
  copy_files(200);
}

TEST_CASE("copy 1200") {
  copy_files(1200);
}

TEST_CASE("rotate to 1") {
  rotate_to(1);
}

TEST_CASE("rotate to 11") {
  rotate_to(11);
}
