// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/troubled_guest.hpp"

#include <utility>
#include <vector>

namespace fsshare::churn {

namespace {

std::vector<std::string> base_options(const std::string& profile,
                                      trouble what) {
  std::vector<std::string> out{"--profile", profile};
  if (what == trouble::slow)
    out.insert(out.end(), {"--delay", "2ms"});
  return out;
}

} // namespace

troubled_guest::troubled_guest(std::string profile, trouble what)
  : profile_(std::move(profile)), what_(what),
    process_(base_options(profile_, what_)) {
}

void troubled_guest::restart(random_source& from) {
  auto options = base_options(profile_, what_);
  const auto add = [&](const char* option, std::uint64_t least,
                       std::uint64_t most, const char* unit) {
    const auto number = least + pick(from, most - least + 1);
    options.insert(options.end(), {option, std::to_string(number) + unit});
  };
  add("--fail-every", 40, 200, "");
  add("--drop-after", 10, 300, "");
  add("--late", 10, 150, "ms");
  if (once_in(from, 2))
    add("--delay", 100, 3000, "us");
  if (once_in(from, 2))
    add("--workers", 2, 4, "");
  hangs_ = once_in(from, 3);
  if (hangs_)
    add("--hang-after", 20, 300, "");
  process_.restart(std::move(options));
  ++restarts_;
}

void troubled_guest::heal() {
  if (!std::exchange(hangs_, false))
    return;
  process_.restart(base_options(profile_, what_));
  ++restarts_;
}

} // namespace fsshare::churn
