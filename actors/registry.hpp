// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/volume/destination_table.hpp"
#include "messages/events.hpp"
#include "messages/inotify_reader.hpp"
#include "messages/memory_budget.hpp"
#include "messages/metrics.hpp"
#include "messages/reader_pool.hpp"
#include "messages/registry.hpp"
#include "messages/reply_promise.hpp"
#include "messages/state_recorder.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace fsshare {

/// What REGISTRY owns: the table of volumes and destinations, and who waits for
/// what. The table decides; this only sends.
class registry_state {
public:
  using handle = measured<registry_actor>;
  static constexpr const char* name = "registry";
  using time_point = destination_table::time_point;

  registry_state(handle::pointer self, destination_table::settings settings,
                 inotify_reader_actor watcher, reader_pool_actor reader,
                 memory_budget_actor memory, journal_actor journal = {},
                 event_sink events = {});
  ~registry_state();
  registry_state(const registry_state&) = delete;
  registry_state& operator=(const registry_state&) = delete;

  handle::behavior_type make_behavior();

private:
  struct destination {
    std::string sandbox_id;
    std::string share_id;
    std::string volume;
    guest_proxy_actor proxy;
    std::optional<reply_promise<destination_added>> added;
    std::vector<reply_promise<destination_removed>> removed;
    /// A push that waits to be written down.
    enum class push_wait : std::uint8_t { none, recording, superseded };
    push_wait push = push_wait::none;
    /// What is written down of a push while its volume is read.
    struct expected_push {
      push_record record;
      /// Which one it is.
      std::uint64_t turn = 0;
      enum class step : std::uint8_t { recording, recorded };
      step at = step::recording;
      /// The push, once it has come and waits for that.
      std::function<void()> then = nullptr;
    };
    std::optional<expected_push> expected = std::nullopt;
    /// The host's name of what was pushed last.
    std::string pushed = {};
  };

  caf::result<destination_added> add(add_destination& msg);
  using destination_map = std::map<destination_id, destination>;

  destination_map::iterator find(const std::string& sandbox_id,
                                 const std::string& share_id);
  void erase(destination_map::iterator which);
  caf::result<destination_added> await(const await_current& msg);
  caf::result<destination_removed> remove(const remove_destination& msg);

  void act();
  void perform(ask_volume& action);
  void watched(const volume_ticket& asked, const result<directory_id>& placed);
  void await(const volume_ticket& asked);
  void perform(check_volumes& action);
  void perform(const forget_volume& action);
  void perform(ask_guest& action);
  void perform(const supersede_push& action);
  void perform(first_copy_outcome& action);
  void perform(current_reached& action);
  void perform(leave_leftovers& action);
  void perform(destination_left& action);
  // -- what is written down (registry_recording.cpp) -------------------------
  void begin_push(destination_id id, const guest_order& order);
  void push_recorded(destination_id id, const guest_order& order);
  void expect_pushes(const std::string& volume);
  void expected_recorded(destination_id id, std::uint64_t turn);
  void expect_no_more(const std::string& volume);
  static void forget_expected(destination& d);
  void record(destination_id id);
  std::optional<journal_record> record_of_push(destination_id id) const;
  void record_push(destination_id id, const std::function<void()>& then);
  void ended(destination_id id, const order_outcome& outcome);
  // --------------------------------------------------------------------------
  void give_order(destination_id id, const guest_order& order);
  void expect_rotation(const std::string& volume);
  void reserve_ahead();
  void ask_reader(const ask_volume& action);
  void read_volume(const ask_volume& action, std::uint64_t room);
  void read_volume(const ask_volume& action, byte_lease_ptr memory);
  void have_read(const volume_ticket& asked,
                 const result<volume_snapshot_ptr>& got);
  void log_live(destination_id id, const generation_live& live) const;
  void log_outcome(destination_id id, const order_outcome& outcome) const;
  // -- events (registry_events.cpp) ------------------------------------------
  void tell_noted();
  void note_volume(event_id id, const std::string& volume,
                   std::string detail = {});
  void note_read(const volume_ticket& asked,
                 const result<volume_snapshot_ptr>& got);
  void note_begun(destination& of, const guest_order& order);
  void note_live(destination_id id, const generation_live& live);
  void note_outcome(destination_id id, const order_outcome& outcome);
  // -- metrics (registry_counting.cpp) ---------------------------------------
  static const char* word_of(const guest_order& order);
  void count(const char* order, const order_outcome& outcome);
  void count_lag(const generation_live& live);
  metrics_part measure() const;
  void arm();
  time_point now() const;

  handle::pointer self_;
  destination_table table_;
  inotify_reader_actor watcher_;
  reader_pool_actor reader_;
  memory_budget_actor memory_;
  state_recorder<handle::base> recorder_;
  event_sink events_;
  /// What they are told at the end of what is being done.
  std::vector<node_event> noted_;
  destination_map destinations_;
  /// Memory for the read of a volume that a generation has been begun in.
  byte_lease_ptr ahead_;
  bool is_reserving_ahead_ = false;
  /// Reads that wait for memory of their own.
  std::size_t reads_waiting_ = 0;
  /// By volume, the end of whose read says whether their pushes come.
  std::map<std::string, std::vector<destination_id>> expected_;
  std::uint64_t last_expected_ = 0;
  /// Sandbox, share and destination: to find one by what others call it.
  std::set<std::tuple<std::string, std::string, destination_id>> by_share_;
  /// Who waits for a copy to be current.
  struct waiting_caller {
    destination_id destination = 0;
    reply_promise<destination_added> promise;
  };
  std::map<std::uint64_t, waiting_caller> waiting_;
  std::uint64_t last_waiter_ = 0;
  std::optional<time_point> armed_;
  std::uint64_t turn_ = 0;
  metric_set counted_;
};

} // namespace fsshare
