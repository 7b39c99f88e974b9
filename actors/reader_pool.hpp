#pragma once

#include "core/read_queue.hpp"
#include "messages/state_actor.hpp"
#include "messages/volume_reader.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace fsshare {

/// What READER POOL owns: which of its readers does what, and what waits. Takes
/// and answers what a VOLUME READER does.
class reader_pool_state {
public:
  using handle = volume_reader_actor;
  static constexpr const char* name = "reader-pool";

  /// @param readers at least one; they end with the pool.
  reader_pool_state(handle::pointer self,
                    std::vector<volume_reader_actor> readers);
  ~reader_pool_state();
  reader_pool_state(const reader_pool_state&) = delete;
  reader_pool_state& operator=(const reader_pool_state&) = delete;

  handle::behavior_type make_behavior();

private:
  /// A read that was asked for and is not answered.
  struct pending_read {
    std::function<void(std::size_t reader)> begin;
    std::function<void(const error& why)> give_up;
  };

  template <class Reply, class Request>
  caf::result<Reply> read(const Request& msg, read_class what,
                          const std::string& key = {});
  void begin_reads();
  void ended(std::uint64_t read, std::size_t reader);
  void lost(const caf::down_msg& msg);
  void give_up_all(const error& why);

  handle::pointer self_;
  std::vector<volume_reader_actor> readers_;
  read_queue queue_;
  std::uint64_t last_read_ = 0;
  std::map<std::uint64_t, pending_read> reads_;
};

/// Spawn this.
using reader_pool = state_actor<reader_pool_state>;

} // namespace fsshare
