// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/program.hpp"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace fsshare::test {

/// What fssharectl has printed, and its exit code.
struct printed {
  int code = -1;
  std::string out;
  std::string err;
};

/// Runs fssharectl with what answers its calls.
inline printed run(std::vector<std::string> args, const ctl::caller& call) {
  std::ostringstream out;
  std::ostringstream err;
  printed got;
  got.code = ctl::run(std::move(args), "v", {call, {}, {}, "v", 0}, out, err);
  got.out = out.str();
  got.err = err.str();
  return got;
}

} // namespace fsshare::test
