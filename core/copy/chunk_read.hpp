// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/copy/file_shape.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace fsshare {

/// An open file that is read in chunks; see sys/tree/file_chunk.hpp.
class chunk_source;

/// What the bytes of a file have turned out to be.
struct read_bytes {
  /// As many as were asked for.
  blob data;
  /// Somebody wrote to the file since it was opened.
  bool changed = false;
};

/// The file itself is why nothing was read, not the way to it.
struct file_obstacle {
  error why;
  /// It may pass: somebody holds a lease on the file, or its filesystem is not
  /// there for now.
  bool may_pass = false;
};

/// What was found where a part of a file was to be read.
struct chunk_read {
  /// A shape if the file is not as it was taken to be, and is to be asked for
  /// anew; nothing of it was read then.
  std::variant<read_bytes, file_shape, file_obstacle> found;
  /// Null where nothing is left to be read.
  std::shared_ptr<const chunk_source> source;
};

/// A file of a tree that is read whole, beside others.
struct small_file {
  /// Relative to the tree's root; empty if the root is the file.
  std::string path;
  /// Bytes that it is taken to have.
  std::uint64_t size = 0;
};

/// What was found of small files, one for each that was asked for, in order.
using found_files = std::vector<result<chunk_read>>;

} // namespace fsshare
