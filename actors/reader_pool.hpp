// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/reader_files.hpp"
#include "core/volume/read_queue.hpp"
#include "messages/metrics.hpp"
#include "messages/reader_pool_internal.hpp"
#include "messages/reply_promise.hpp"
#include "messages/state_actor.hpp"
#include "sys/process/read_progress.hpp"
#include "sys/process/reader_threads.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace fsshare {

/// What READER POOL owns: which of its readers does what, what waits, and what
/// hangs. It touches no file; readers do, on threads of their own.
class reader_pool_state {
public:
  using handle = measured<reader_pool_internal_actor>;
  static constexpr const char* name = "reader-pool";

  /// @param runner Where reads run; used by this actor only.
  reader_pool_state(handle::pointer self, reader_pool_options options,
                    std::shared_ptr<read_runner> runner,
                    const read_queue::settings& settings);
  ~reader_pool_state();
  reader_pool_state(const reader_pool_state&) = delete;
  reader_pool_state& operator=(const reader_pool_state&) = delete;

  handle::behavior_type make_behavior();

private:
  using time_point = read_queue::time_point;
  using read_function = std::function<read_outcome(const checkpoint&)>;

  /// A read that was asked for and has not ended.
  struct pending_read {
    std::string subject;
    std::string sandbox_id;
    /// On a reader's thread.
    read_function read;
    std::function<void(read_outcome&)> answer;
    std::function<void(const error&)> give_up;
    /// Of what has to be done whenever it can be: called where it was not
    /// begun.
    std::function<void()> put_off;
    std::shared_ptr<read_progress> progress = std::make_shared<read_progress>();
    bool hangs = false;
  };

  struct put_off_job {
    std::string subject;
    std::function<void()> job;
  };

  std::string device_of(const std::string& path) const;
  std::string device_in(const mount_namespace& where,
                        const std::string& path) const;
  template <class Reply, class Request>
  caf::result<Reply> read(const Request& msg, wanted_read wanted);
  status add(wanted_read wanted, pending_read added);
  void close(close_file& msg);
  void close(close_mounts& msg);
  void run_apart(const std::string& subject, const std::function<void()>& job);
  void put_off(std::string subject, std::function<void()> job);
  void not_begun(std::uint64_t read, const error& why);
  void try_again();
  void begin_reads();
  status begin(std::uint64_t read, std::size_t reader);
  void ended(const read_ended& msg);
  void forget(const std::string& sandbox_id);
  void give_up(std::uint64_t read, const error& why);
  void look_at_running();
  void arm();
  metrics_part measure() const;
  time_point now() const;

  handle::pointer self_;
  std::shared_ptr<const file_reader> reader_;
  /// Called between any two file system operations; for tests.
  checkpoint between_;
  std::function<std::string(const std::string&)> device_of_;
  std::shared_ptr<read_runner> runner_;
  read_queue queue_;
  std::uint64_t last_read_ = 0;
  std::map<std::uint64_t, pending_read> reads_;
  /// What has to be done and could not be begun, such as a file to close.
  std::vector<put_off_job> put_off_;
  time_point retry_at_;
  std::optional<time_point> armed_;
  std::uint64_t turn_ = 0;
  /// Reads that were given up because they hung.
  std::uint64_t hung_ = 0;
};

/// Spawn this.
using reader_pool = state_actor<reader_pool_state>;

} // namespace fsshare
