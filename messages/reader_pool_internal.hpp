// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/reader_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace fsshare {

/// A file that is closed where that may take any time; see
/// sys/tree/file_chunk.hpp.
class file_to_close;

struct close_file {
  /// Not null.
  std::shared_ptr<file_to_close> file;
  std::string sandbox_id;
};
struct file_closed {};

struct close_mounts {
  std::vector<opened_source_ptr> mounts;
};

/// What a read returned.
using read_outcome
  = std::variant<result<source_class>, result<volume_look>,
                 result<volumes_seen>, result<files_read>,
                 result<generation_read>, result<tree_read>, result<chunk_read>,
                 result<erofs_looked_for>, result<bind_source_opened>,
                 result<watch_placed>, result<mounts_seen>,
                 result<namespace_seen>, result<file_closed>>;

struct read_ended {
  std::size_t reader = 0;
  /// Not null.
  std::shared_ptr<read_outcome> outcome;
};

struct reader_pool_tick {
  std::uint64_t turn = 0;
};

} // namespace fsshare

FSSHARE_MESSAGES(reader_pool_internal, 13, close_file, read_ended,
                 reader_pool_tick, close_mounts)

namespace fsshare {

/// READER POOL as it sees itself; others see a reader_pool_actor.
using reader_pool_internal_actor = reader_pool_actor::extend<
  // Closes a file of a user's: its filesystem may be asked, and not answer
  // (FUSE_FLUSH).
  msg<close_file>,
  // Lets go of mounts, with which their file systems may end.
  msg<close_mounts>,
  // INTERNAL: the read of a reader's thread has ended.
  msg<read_ended>,
  // INTERNAL: reads may have become slow.
  msg<reader_pool_tick>>;

} // namespace fsshare
