// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/demo_options.hpp"
#include "tests/support/guest_profiles.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace fsshare::demo {

guest_profile demo_options::abilities() const {
  return test::rules_of_release(profile);
}

std::variant<demo_options, int> parse_options(int argc, char** argv) {
  constexpr int exit_usage = 64;
  demo_options with;
  std::string tamper;
  CLI::App app{"Shows fsshared, fsshare-guest and fssharectl at work on "
               "sandboxes of its own, and checks all that they do. Exits with "
               "0 if every check held, with 1 otherwise.",
               "fsshare-demo"};
  app
    .add_option("--profile", with.profile,
                "Guest agents that the guest behaves like")
    ->check(CLI::IsMember({"3.3", "3.18", "4.0", "4.2"}))
    ->capture_default_str();
  app
    .add_option("--tamper", tamper,
                "Self-check: spoil this, so that a check must fail")
    ->check(CLI::IsMember(test::tampering_names()));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    std::cerr << "fsshare-demo: " << wrong.what() << "\n";
    return exit_usage;
  }
  with.tamper = test::parse_tampering(tamper);
  return with;
}

} // namespace fsshare::demo
