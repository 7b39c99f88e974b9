// SPDX-License-Identifier: Apache-2.0
#include "tests/support/guest_process.hpp"

#include <stdexcept>

namespace fsshare::test {

namespace {

std::vector<std::string> command(const guest_address& address,
                                 const std::string& root,
                                 std::vector<std::string> options) {
  std::vector<std::string> out{guest_program(), "--listen", to_string(address),
                               "--root", root};
  for (auto& option : options)
    out.push_back(std::move(option));
  return out;
}

} // namespace

std::string guest_program() {
  return FSSHARE_GUEST_PROGRAM;
}

guest_process::guest_process(std::vector<std::string> options)
  : root_(dir_.make_dir("share")), address_{address_scheme::unix_socket,
                                            dir_ / "guest.sock", 0, 0} {
  restart(std::move(options));
}

void guest_process::restart(std::vector<std::string> options) {
  process_.reset();
  process_.emplace(command(address_, root_, std::move(options)));
  const auto line = process_->read_line();
  if (line != "listening on " + to_string(address_))
    throw std::runtime_error("fsshare-guest does not listen: "
                             + process_->errors());
}

} // namespace fsshare::test
