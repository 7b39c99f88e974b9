// SPDX-License-Identifier: Apache-2.0
#include "ctl/program.hpp"
#include "main/build_info.hpp"
#include "main/orphan_collector.hpp"
#include "main/state_look.hpp"
#include "sys/doctor/host_look.hpp"
#include "sys/process/identity.hpp"
#include "sys/process/standard_descriptors.hpp"
#include "sys/process/terminal.hpp"

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  fsshare::fill_standard_descriptors();
  std::vector<std::string> args{argv + 1, argv + argc};
  const fsshare::ctl::surroundings with{
    fsshare::ctl::call_node_agent,
    [](const fsshare::node_config& config,
       const fsshare::doctor_subject& subject) {
      auto seen = fsshare::look_at_host(subject);
      seen.states = fsshare::look_at_states_soon(
        fsshare::state_directory(config), subject.share_root);
      return seen;
    },
    fsshare::collect_orphans_here,
    fsshare::build_info::version,
    fsshare::effective_uid(),
    []() -> std::optional<fsshare::ctl::terminal_size> {
      const auto room = fsshare::terminal_of_output();
      if (!room)
        return std::nullopt;
      return fsshare::ctl::terminal_size{room->rows, room->columns};
    },
    [](std::chrono::nanoseconds time) {
      std::this_thread::sleep_for(time);
      return true;
    }};
  const auto code
    = fsshare::ctl::run(std::move(args), fsshare::version_line("fssharectl"),
                        with, std::cout, std::cerr);
  // Output that nobody could be given is a failure too.
  std::cout.flush();
  const bool is_given = static_cast<bool>(std::cout);
  fsshare::close_standard_descriptors();
  return is_given ? code : fsshare::ctl::refused;
}
