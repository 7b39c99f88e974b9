#include "ctl/program.hpp"

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  std::vector<std::string> args{argv + 1, argv + argc};
  const auto code
    = fsshare::ctl::run(std::move(args), "fssharectl " FSSHARE_VERSION,
                        fsshare::ctl::call_node_agent, std::cout, std::cerr);
  // Output that nobody could be given is a failure too.
  std::cout.flush();
  return std::cout ? code : fsshare::ctl::refused;
}
