// SPDX-License-Identifier: Apache-2.0
#include "tests/siege/siege_options.hpp"
#include "tests/siege/siege_run.hpp"
#include "tests/support/private_mounts.hpp"
#include "tests/support/program_main.hpp"
#include "tests/support/transcript.hpp"

#include <exception>
#include <iostream>

namespace {

using namespace fsshare;
using namespace fsshare::siege;

/// Where there is no namespace of our own, nothing was shown.
int run(const siege_options& with) {
  const test::private_mounts mounts;
  if (!mounts.unavailable().empty()) {
    std::cerr << "fsshare-siege: " << mounts.unavailable() << "\n";
    return 1;
  }
  test::transcript out{mounts.path()};
  try {
    siege_run{with, mounts.path(), out}.run();
  } catch (const std::exception& failed) {
    out.check(false,
              std::string{"the siege runs to its end: "} + failed.what());
  }
  return out.finish();
}

} // namespace

int main(int argc, char** argv) {
  return test::run_program(
    "fsshare-siege",
    [&] {
      return parse_options(argc, argv);
    },
    run);
}
