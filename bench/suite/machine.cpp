// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/machine.hpp"

#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"

#include <fstream>
#include <sys/utsname.h>
#include <thread>

namespace fsshare::bench {

namespace {

std::string processor() {
  std::ifstream in{"/proc/cpuinfo"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name"))
      return line.substr(line.find(": ") + 2);
  return "unknown";
}

std::string load() {
  std::ifstream in{"/proc/loadavg"};
  std::string out;
  in >> out;
  return out;
}

std::string kernel() {
  utsname of{};
  ::uname(&of);
  return std::string{of.sysname} + " " + of.release;
}

std::string first_line(const std::string& program) {
  auto out = test::run_process({program, "--version"}).output;
  return out.substr(0, out.find('\n'));
}

} // namespace

std::vector<std::pair<std::string, std::string>> describe_machine() {
  return {
    {"Processor",
     std::to_string(std::thread::hardware_concurrency()) + " × " + processor()},
    {"Kernel", kernel()},
    {"Load before the first run", load()},
    {"Build", FSSHARE_BUILD_TYPE},
    {"Measured", first_line(test::fsshared_program())},
    {"Guest", first_line(test::guest_program())},
    {"Peer", "bench/peers, " FSSHARE_PEER_VERSIONS},
  };
}

} // namespace fsshare::bench
