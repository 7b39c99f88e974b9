// SPDX-License-Identifier: Apache-2.0
#include "sys/process/eager_binding.hpp"

#include <array>
#include <climits>
#include <cstdlib>

#include <unistd.h>

namespace fsshare {

namespace {

constexpr const char* bind_now = "LD_BIND_NOW";

} // namespace

void bind_eagerly(char** argv) {
  // No thread runs yet. NOLINTNEXTLINE(concurrency-mt-unsafe)
  const auto* const asked = std::getenv(bind_now);
  if (asked != nullptr && *asked != '\0')
    return;
  // By its own path, which gives the process its name. Too long a path, or a
  // program that was replaced meanwhile, goes on as it is.
  std::array<char, PATH_MAX> path{};
  const auto size = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (size <= 0 || ::setenv(bind_now, "1", 1) != 0)
    return;
  ::execv(path.data(), argv);
}

} // namespace fsshare
