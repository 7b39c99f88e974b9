// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fsshare::test {

/// Prints what the demo does, and counts what it found out.
class transcript {
public:
  /// @param dir The demo's directory, printed as `$T`.
  explicit transcript(std::string dir);

  /// Begins a part.
  void heading(const std::string& text);
  /// Prints lines as they are.
  void say(const std::string& text);
  /// Prints a command line as one would type it, and its output as it is.
  void command(const std::vector<std::string>& argv, const std::string& output);

  /// Prints whether something holds, and counts it.
  /// @param sentence What must hold.
  /// @param details Printed if it does not.
  void check(bool holds, const std::string& sentence,
             const std::string& details = {});
  /// Prints what could not be shown here, and why; counted apart.
  void skip(const std::string& sentence);

  bool failed() const {
    return failed_ != 0;
  }

  /// Prints the counts.
  /// @returns the exit code of the program: 0 if at least one check was made
  ///          and all of them held.
  int finish() const;

private:
  std::string readable(std::string text) const;

  std::string dir_;
  int held_ = 0;
  int failed_ = 0;
  int skipped_ = 0;
};

} // namespace fsshare::test
