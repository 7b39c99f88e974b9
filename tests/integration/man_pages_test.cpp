// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <regex>
#include <set>
#include <string>
#include <vector>

using namespace fsshare;

TEST_SUITE_BEGIN("docs/man");

namespace {

using words = std::vector<std::string>;

/// Adds the options and commands that a `--help` lists, and those of all its
/// commands; a command as the words that call it. Each has to show an example.
void add_names(const words& program, const std::string& path,
               std::set<std::string>& into) {
  auto argv = program;
  argv.emplace_back("--help");
  const auto help = test::run_process(argv);
  REQUIRE(help.exit_code == 0);
  static const std::regex option{"--[a-z][a-z-]*"};
  for (std::sregex_iterator it{help.output.begin(), help.output.end(), option},
       end;
       it != end; ++it)
    into.insert(it->str());
  const auto commands = help.output.find("\nSubcommands:\n");
  if (commands == std::string::npos) {
    if (!path.empty()) {
      into.insert(path);
      CHECK_MESSAGE(help.output.find("\nExample:\n  fssharectl " + path + " ")
                      != std::string::npos,
                    help.output);
    }
    return;
  }
  const auto list = help.output.substr(commands);
  static const std::regex command{"\n  ([a-z]+) "};
  for (std::sregex_iterator it{list.begin(), list.end(), command}, end;
       it != end; ++it) {
    auto inner = program;
    inner.push_back(it->str(1));
    add_names(inner, path + (path.empty() ? "" : " ") + it->str(1), into);
  }
}

/// Returns a man page's source with its hyphens as they are typed.
std::string page_text(const std::string& file) {
  const auto source = test::read_file("docs/man/" + file);
  return std::regex_replace(source, std::regex{R"(\\-)"}, "-");
}

void check_page(const std::string& program, const std::string& file) {
  std::set<std::string> names;
  add_names({program}, "", names);
  REQUIRE(names.size() >= 4);
  const auto page = page_text(file);
  for (const auto& name : names)
    // Ends there: `--bind` is not documented by `--bind-ro`.
    CHECK_MESSAGE(std::regex_search(page, std::regex{name + "(?![a-z-])"}),
                  name);
}

} // namespace

TEST_CASE("fsshared(8) names every option") {
  check_page(FSSHARED_PROGRAM, "fsshared.8");
}

TEST_CASE("fssharectl(1) names every option and command") {
  check_page(FSSHARECTL_PROGRAM, "fssharectl.1");
}

TEST_CASE("fsshare-guest(1) names every option") {
  check_page(FSSHARE_GUEST_PROGRAM, "fsshare-guest.1");
}
