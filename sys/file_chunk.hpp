// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/result.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace fsshare {

/// An open file of a host tree whose bytes are sent in chunks. Immutable: any
/// thread may read chunks from it. Closed with its last reference.
class chunk_source {
public:
  /// @param path for error messages.
  chunk_source(unique_fd file, std::string path)
    : file_(std::move(file)), path_(std::move(path)) {
  }
  int fd() const {
    return file_.get();
  }
  const std::string& path() const {
    return path_;
  }

private:
  unique_fd file_;
  std::string path_;
};

using chunk_source_ptr = std::shared_ptr<const chunk_source>;

/// A file on its way to whoever may wait for its filesystem, which closing asks
/// (FUSE_FLUSH). What gets lost on the way stays open until the process ends.
class file_to_close {
public:
  explicit file_to_close(chunk_source_ptr file) : file_(std::move(file)) {
  }
  ~file_to_close();
  file_to_close(const file_to_close&) = delete;
  file_to_close& operator=(const file_to_close&) = delete;

  /// Drops the file; for one thread.
  void close() {
    file_.reset();
  }
  const std::string& path() const {
    return file_->path();
  }

private:
  chunk_source_ptr file_;
};

/// Part of a file, always as long as was asked for.
struct file_chunk {
  blob data;
  /// Bytes at the end of data that the file no longer had; they are zeros.
  std::uint64_t missing = 0;
};

/// Opens the regular file at `relative` below `root`, or `root` itself when
/// that is empty. Symlinks at or below the root are not followed.
/// @returns `errc::failed_precondition` when it is no regular file (any more),
///          else what the kernel said.
result<chunk_source_ptr> open_chunk_source(const std::string& root,
                                           const std::string& relative);

/// Reads `length` bytes from `offset`. A file that has become shorter since it
/// was planned is filled up with zeros; one that has grown is cut by not asking
/// for more. Blocks on the disk.
result<file_chunk> load_chunk(const chunk_source& source, std::uint64_t offset,
                              std::uint64_t length);

} // namespace fsshare
