// SPDX-License-Identifier: Apache-2.0
#include "ctl/examples.hpp"

#include <CLI/CLI.hpp>

#include <sstream>
#include <string>

namespace fsshare::ctl {

void add_examples(CLI::App& app) {
  for (const auto& each : command_examples) {
    auto* at = &app;
    std::istringstream words{std::string{each.command}};
    for (std::string word; words >> word;)
      at = at->get_subcommand(word);
    at->footer("Example:\n  fssharectl " + std::string{each.command} + " "
               + std::string{each.arguments});
  }
}

} // namespace fsshare::ctl
