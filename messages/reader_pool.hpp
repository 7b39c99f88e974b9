// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/volume_reader.hpp"

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

/// Closes a file of a user's: its filesystem may be asked, and not answer
/// (FUSE_FLUSH).
struct close_file {
  /// Not null.
  std::shared_ptr<file_to_close> file;
  std::string sandbox_id;
};
struct file_closed {};

/// Lets go of mounts, with which their file systems may end.
struct close_mounts {
  std::vector<opened_source_ptr> mounts;
};

/// What a read returned.
using read_outcome
  = std::variant<result<source_class>, result<volume_look>,
                 result<generation_read>, result<tree_read>, result<chunk_read>,
                 result<erofs_looked_for>, result<bind_source_opened>,
                 result<watch_placed>, result<file_closed>>;

/// Sent by a reader's thread when its read has ended.
struct read_ended {
  std::size_t reader = 0;
  /// Not null.
  std::shared_ptr<read_outcome> outcome;
};

/// Sent by READER POOL to itself when reads may have become slow.
struct reader_pool_tick {
  std::uint64_t turn = 0;
};

} // namespace fsshare

FSSHARE_MESSAGE(fsshare::close_file)
FSSHARE_MESSAGE(fsshare::close_mounts)
FSSHARE_MESSAGE(fsshare::read_ended)
FSSHARE_MESSAGE(fsshare::reader_pool_tick)

CAF_BEGIN_TYPE_ID_BLOCK(fsshare_reader_pool, fsshare::type_range(13))
  CAF_ADD_TYPE_ID(fsshare_reader_pool, (fsshare::close_file))
  CAF_ADD_TYPE_ID(fsshare_reader_pool, (fsshare::read_ended))
  CAF_ADD_TYPE_ID(fsshare_reader_pool, (fsshare::reader_pool_tick))
  CAF_ADD_TYPE_ID(fsshare_reader_pool, (fsshare::close_mounts))
CAF_END_TYPE_ID_BLOCK(fsshare_reader_pool)

namespace fsshare {

/// READER POOL as it sees itself; others see a volume_reader_actor.
using reader_pool_actor = caf::typed_actor<
  rpc<source_class, classify_source>, rpc<volume_look, look_at_volume>,
  rpc<generation_read, read_generation>, rpc<tree_read, read_tree>,
  rpc<chunk_read, read_chunk>, rpc<erofs_looked_for, look_for_erofs>,
  rpc<bind_source_opened, open_bind_source>, rpc<watch_placed, place_watch>,
  rpc<watch_placed, place_watch_above>, msg<forget_reads>,
  rpc<hung_reads, describe_reads>, msg<close_file>, msg<close_mounts>,
  msg<read_ended>, msg<reader_pool_tick>>;

} // namespace fsshare
