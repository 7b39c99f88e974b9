// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/temp_dir.hpp"

#include <set>
#include <string>
#include <vector>

namespace fsshare::test {

/// A shell with the script that fssharectl prints for it.
class completing_shell {
public:
  using words = std::vector<std::string>;
  using names = std::set<std::string>;

  /// @param run The shell's command line, which the file of the driver follows.
  /// @param driver Prints what the shell offers, a line each, for the words of
  /// a command line: $1 is the script, the others are the words.
  completing_shell(const std::string& name, words run,
                   const std::string& driver);

  /// What may follow, of what begins as the last word does.
  names complete(const words& line) const;

private:
  temp_dir dir_;
  words run_;
  std::string driver_;
  std::string script_;
};

/// Looks that a shell offers at each command what `--help` lists there.
void check_shell(const completing_shell& in);

} // namespace fsshare::test
