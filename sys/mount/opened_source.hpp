// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/share/opened_sources.hpp"
#include "sys/unique_fd.hpp"

#include <string>
#include <utility>

namespace fsshare {

/// The source of a bind mount, opened once for all steps of a plan, so that
/// whoever mounts it asks its filesystem nothing. Immutable; closed with its
/// last reference.
class opened_source {
public:
  /// @param file opened with O_PATH.
  opened_source(unique_fd file, bool is_directory)
    : file_(std::move(file)), is_directory_(is_directory) {
  }
  int fd() const {
    return file_.get();
  }
  bool is_directory() const {
    return is_directory_;
  }

private:
  unique_fd file_;
  bool is_directory_;
};

/// Opens a source, links followed, automount points mounted. Asks its
/// filesystem, and may block for as long as that does not answer.
/// @returns what the kernel said, as a sentence.
result<opened_source_ptr> open_source(const std::string& path);

} // namespace fsshare
