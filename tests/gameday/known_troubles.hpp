// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fsshare::test {

/// A trouble that an operator meets, and what tells of it.
struct known_trouble {
  /// What was done to the node or the guest.
  std::string what;
  /// What an operator notices: a heading of docs/troubleshooting.md.
  std::string symptom;
  /// The fssharectl that names the cause, as an operator types it.
  std::string command;
  /// What it prints then, word for word.
  std::string words;
  /// The series of /metrics that rises.
  std::string series;
  /// The rule of deploy/prometheus/rules.yaml that fires.
  std::string alert;
};

/// All of the game day, in the order of the guide. Each is injected by one
/// test.
const std::vector<known_trouble>& known_troubles();

/// Returns the one with that `what`; throws if there is none.
const known_trouble& trouble_named(const std::string& what);

/// The table of docs/troubleshooting.md: which said what.
std::string troubles_as_markdown();

/// Says that a test of this program injects the trouble, so that none of the
/// list is without.
class injected_trouble {
public:
  explicit injected_trouble(const std::string& what);

  const known_trouble& get() const {
    return trouble_;
  }
  /// Names of those that are.
  static std::vector<std::string>& all();

private:
  const known_trouble& trouble_;
};

} // namespace fsshare::test
