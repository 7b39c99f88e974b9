// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/churn_options.hpp"
#include "tests/churn/churn_run.hpp"
#include "tests/support/program_main.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/transcript.hpp"

#include <exception>
#include <iostream>
#include <memory>

namespace {

using namespace fsshare;
using namespace fsshare::churn;

int run(const churn_options& with) {
  const test::temp_dir dir;
  test::transcript out{dir.path()};
  std::unique_ptr<churn_run> churn;
  try {
    out.heading("fsshared, and guests with guest agents of each kind");
    churn = std::make_unique<churn_run>(with, dir.path(), out);
    churn->run();
  } catch (const std::exception& failed) {
    out.check(false,
              std::string{"the churn runs to its end: "} + failed.what());
  }
  if (out.failed() && churn)
    churn->show_logs();
  churn.reset();
  return out.finish();
}

} // namespace

int main(int argc, char** argv) {
  return test::run_program(
    "fsshare-churn",
    [&] {
      return parse_options(argc, argv);
    },
    run);
}
