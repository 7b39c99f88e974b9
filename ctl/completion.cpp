// SPDX-License-Identifier: Apache-2.0
#include "ctl/completion.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace fsshare::ctl {

namespace {

/// Refuses what a shell would not take as one word.
std::string plain(const std::string& word) {
  const bool is_plain
    = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'
               || c == '_';
      });
  if (!is_plain)
    throw std::logic_error{"completion of '" + word + "'"};
  return word;
}

/// Takes the values out of the name of a type: `TEXT:{copy,none}`.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const auto type = option.get_type_name();
  const auto begin = type.find('{');
  const auto end = type.find('}', begin);
  std::vector<std::string> all;
  if (end == std::string::npos)
    return all;
  std::istringstream words{type.substr(begin + 1, end - begin - 1)};
  for (std::string word; std::getline(words, word, ',');)
    all.push_back(plain(word));
  return all;
}

completed_option option_of(const CLI::Option& option) {
  completed_option out;
  for (const auto& name : option.get_snames())
    out.names.push_back("-" + plain(name));
  for (const auto& name : option.get_lnames())
    out.names.push_back("--" + plain(name));
  out.about = option.get_description();
  out.takes_value = option.get_items_expected_max() > 0;
  out.choices = choices_of(option);
  return out;
}

/// Whether a command has that option already, as a group brings `--help` again.
bool has_option(const completed_command& command,
                const completed_option& option) {
  return std::any_of(command.options.begin(), command.options.end(),
                     [&option](const completed_option& other) {
                       return other.names == option.names;
                     });
}

void take_options(const CLI::App& app, completed_command& into) {
  for (const auto* option : app.get_options()) {
    if (!option->nonpositional()) {
      if (into.choices.empty())
        into.choices = choices_of(*option);
      continue;
    }
    auto taken = option_of(*option);
    if (!has_option(into, taken))
      into.options.push_back(std::move(taken));
  }
}

completed_command command_of(const CLI::App& app, const std::string& path) {
  completed_command out;
  out.path = path;
  out.name = app.get_name();
  out.about = app.get_description();
  take_options(app, out);
  for (const auto* inner : app.get_subcommands([](const CLI::App*) {
         return true;
       }))
    // Without a name it is a group of options.
    if (inner->get_name().empty())
      take_options(*inner, out);
    else
      out.commands.push_back(command_of(*inner, path + (path.empty() ? "" : " ")
                                                  + plain(inner->get_name())));
  return out;
}

} // namespace

completed_command completed_commands(const CLI::App& app) {
  return command_of(app, "");
}

} // namespace fsshare::ctl
