// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_set.hpp"

#include "ctl/completion.hpp"

#include <set>
#include <string>

namespace fsshare::ctl {

void add_completion_command(command_set to) {
  auto* const app
    = to.add("completion", "Print what makes a shell complete this program");
  const auto shell = std::make_shared<std::string>();
  app->add_option("SHELL", *shell, "Shell that is to complete")
    ->required()
    ->check(CLI::IsMember(std::set<std::string>(std::begin(completion_shells),
                                                std::end(completion_shells))));
  to.prints(app, [shell](const CLI::App& program) {
    return completion_script(completed_commands(program), *shell);
  });
}

} // namespace fsshare::ctl
