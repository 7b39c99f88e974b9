// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace fsshare::test {

/// A fresh directory, removed with all below it at the end.
class temp_dir {
public:
  temp_dir();
  ~temp_dir();
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;

  /// Returns the directory, absolute and without a trailing slash.
  const std::string& path() const {
    return path_;
  }
  /// Returns the path of `name` in the directory; `name` may have slashes.
  std::string operator/(std::string_view name) const;

  /// Writes a file, making the directories above it, and returns its path.
  std::string write(std::string_view name, std::string_view text) const;
  /// Makes a directory and those above it; returns its path.
  std::string make_dir(std::string_view name) const;

private:
  std::string path_;
};

/// Returns the whole content of a file; throws if it cannot be read.
std::string read_file(const std::string& path);

} // namespace fsshare::test
