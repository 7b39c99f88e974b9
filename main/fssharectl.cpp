// SPDX-License-Identifier: Apache-2.0
#include "ctl/program.hpp"
#include "main/build_info.hpp"
#include "sys/process/standard_descriptors.hpp"

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  fsshare::fill_standard_descriptors();
  std::vector<std::string> args{argv + 1, argv + argc};
  const auto code
    = fsshare::ctl::run(std::move(args), fsshare::version_line("fssharectl"),
                        fsshare::ctl::call_node_agent, std::cout, std::cerr);
  // Output that nobody could be given is a failure too.
  std::cout.flush();
  return std::cout ? code : fsshare::ctl::refused;
}
