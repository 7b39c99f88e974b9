// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/copy/file_shape.hpp"
#include "core/result.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <utility>

namespace fsshare {

/// An open file of a host tree whose bytes are sent in chunks. Immutable: any
/// thread may read chunks from it. Closed with its last reference.
class chunk_source {
public:
  /// @param path for error messages.
  /// @param opened what fstat(2) said when it was opened.
  chunk_source(unique_fd file, std::string path, const struct stat& opened)
    : file_(std::move(file)), path_(std::move(path)), opened_(opened) {
  }
  int fd() const {
    return file_.get();
  }
  const std::string& path() const {
    return path_;
  }
  const struct stat& opened() const {
    return opened_;
  }

private:
  unique_fd file_;
  std::string path_;
  struct stat opened_;
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

/// Part of a file.
struct file_chunk {
  /// Shorter than was asked for where the file ends before.
  blob data;
  /// Somebody wrote to the file since it was opened, as far as its size and
  /// times tell.
  bool changed = false;
};

/// Opens the regular file at `relative` below `root`, or `root` itself when
/// that is empty. Symlinks at or below the root are not followed, and nothing
/// but a regular file is opened.
/// @returns `errc::failed_precondition` when it is no regular file (any more);
///          `errc::unavailable` when it cannot be opened for now, as one on
///          which somebody holds a lease, who has been told; else what the
///          kernel said.
result<chunk_source_ptr> open_chunk_source(const std::string& root,
                                           const std::string& relative);

/// Finds out how much there is to send of a file of which stat(2) need not tell
/// the truth, and which parts of it are holes. A file that grows has the size
/// that it had at one moment.
/// @param most bytes that may be sent of it.
/// @param between called between any two file system operations.
/// @returns `errc::resource_exhausted` with the numbers when there is more.
result<file_shape> find_shape(const chunk_source& source, std::uint64_t most,
                              const std::function<void()>& between);

/// Reads `length` bytes from `offset`, or less where the file ends. Blocks on
/// the disk.
result<file_chunk> load_chunk(const chunk_source& source, std::uint64_t offset,
                              std::uint64_t length);

/// Reads a file of `size` bytes whole; again, a few times, if it changes
/// meanwhile.
/// @returns a chunk of another size if the file has another; of `size` + 1
///          bytes, if it has more.
result<file_chunk> load_whole(const chunk_source& source, std::uint64_t size,
                              const std::function<void()>& between);

} // namespace fsshare
