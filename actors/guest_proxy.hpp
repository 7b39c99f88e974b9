// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_window.hpp"
#include "core/copy/guest_budget.hpp"
#include "core/copy/guest_inventory.hpp"
#include "core/copy/guest_job.hpp"
#include "core/copy/landmarks.hpp"
#include "core/copy/leftover_list.hpp"
#include "core/copy/read_ahead.hpp"
#include "core/journal/copy_record.hpp"
#include "core/net/guest_address.hpp"
#include "core/net/guest_connection.hpp"
#include "messages/events.hpp"
#include "messages/guest_proxy.hpp"
#include "messages/memory_budget.hpp"
#include "messages/metrics.hpp"
#include "messages/reader_pool.hpp"
#include "messages/registry.hpp"
#include "messages/reply_promise.hpp"
#include "messages/state_recorder.hpp"
#include "ttrpc/client_session.hpp"

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace fsshare {

/// Where a GUEST PROXY tells that its guest can be reached.
using guest_reached_sink = caf::typed_actor<msg<guest_reached>>;

struct guest_proxy_options {
  std::string sandbox_id;
  guest_address address;
  /// Guest path of the directory that holds all copies of the sandbox.
  std::string share_dir;
  /// What an earlier process has written down of the guest; null for a new
  /// sandbox.
  std::shared_ptr<const guest_of_before> before = nullptr;
  /// How long to try to connect before what waits fails.
  std::chrono::nanoseconds dial_timeout = std::chrono::seconds{30};
  /// How long the removal of a copy waits for a guest that does not answer a
  /// dial before it is left to later; a guest that refuses to be dialed is
  /// waited for half a second at most.
  std::chrono::nanoseconds end_timeout = std::chrono::seconds{2};
  /// Of each request; a passed one closes the connection, which is what cancels
  /// handlers in the guest.
  std::chrono::nanoseconds request_timeout = std::chrono::seconds{60};
  /// How long to send nothing after an answered Check, on a connection that
  /// follows one with unanswered requests: these may still happen.
  std::chrono::nanoseconds quiet_time = std::chrono::seconds{1};
  /// How often to try again to remove what should be gone.
  std::chrono::nanoseconds leftover_interval = std::chrono::seconds{30};
  std::uint32_t window_requests = 64;
  std::uint64_t window_bytes = 8U << 20;
  /// Memory of the guest that all copies may take; 0 is any.
  std::uint64_t memory_bytes = 0;
  /// Where that comes from; a literal.
  const char* memory_reason = "copy.limits.sandbox_bytes";
  /// See profile_of().
  std::optional<agent_release> no_implicit_parents_from = std::nullopt;
  /// Of the jitter of redials.
  std::uint32_t seed = 1;
  /// Gets what was counted at the end; null for nobody.
  guest_heir heir = {};
  /// Null where nobody is told what happens.
  event_sink events = {};
};

/// What a GUEST PROXY owns: the connection, the jobs and what is in flight.
class guest_proxy_state {
public:
  using handle
    = guest_proxy_actor::extend<rpc<describe_guest, guest_described>>;
  static constexpr const char* name = "guest-proxy";
  using time_point = std::chrono::steady_clock::time_point;

  guest_proxy_state(handle::pointer self, guest_proxy_options options,
                    std::shared_ptr<dialer> network, reader_pool_actor reader,
                    memory_budget_actor memory, guest_reached_sink registry,
                    journal_actor journal = {});
  ~guest_proxy_state();
  guest_proxy_state(const guest_proxy_state&) = delete;
  guest_proxy_state& operator=(const guest_proxy_state&) = delete;

  const std::string& sandbox_id() const {
    return options_.sandbox_id;
  }

  handle::behavior_type make_behavior();

private:
  /// Where a push goes, and files that it brings; none where none is fit for a
  /// landmark.
  struct landmarks_of_push {
    std::string guest_root;
    std::vector<std::string> files;
  };

  /// A job and what to do when it has ended.
  struct active_job {
    std::uint64_t key = 0;
    std::optional<std::uint64_t> order;
    guest_job job;
    /// Where the contents of a tree are read.
    std::string source;
    std::function<void(const order_outcome&)> ended;
    /// Files of the tree of which some chunks are still to be read, by step.
    std::map<std::uint32_t, std::shared_ptr<const chunk_source>> open_files{};
    /// Guest paths whose room in the budget it took.
    std::vector<std::string> takes{};
    /// Guest paths that it removes, in the order of its removal results.
    std::vector<std::string> removes{};
    /// When it was asked for, or lost the connection on which it had begun:
    /// how long it waits for one counts from here.
    time_point waits_since{};
    /// Bytes of guest memory that a tree takes, as it is known by now.
    std::uint64_t room = 0;
    landmarks_of_push landmarks{};
    /// Small files of the tree.
    read_ahead ahead{};
    /// Whether it is written down which files it makes.
    enum class record : std::uint8_t { due, out, done };
    record files = record::due;
  };
  using job_list = std::list<active_job>;

  struct flight {
    std::uint64_t job = 0;
    copy_request request;
    copy_window::flight window;
    /// Of its contents, if they were read for it.
    byte_lease_ptr memory;
  };

  /// Memory for contents that are read as they are sent, a part of which is
  /// not used yet.
  struct credit {
    byte_lease_ptr lease;
    std::uint64_t left = 0;
    bool is_asked_for = false;
  };

  // -- jobs (guest_proxy.cpp) -------------------------------------------------
  guest_status describe(const guest_status_request& msg) const;
  guest_measure measure() const;
  void add_job(active_job job);
  void add_order(carry_out& msg, const reply_promise<order_outcome>& promise);
  status take_room(const push_order& push, std::vector<std::string>& takes);
  void settle_budget(const active_job& ended, const order_outcome& outcome);
  void add_copy(const copy_tree& msg,
                const reply_promise<tree_copied>& promise);
  void add_removal(const std::string& guest_root,
                   std::function<void(const order_outcome&)> ended);
  void note_leftover(const std::string& guest_root, removal_result result,
                     const error& why);
  void abandon(const std::string& guest_root);
  bool is_changing(const std::string& guest_root) const;
  bool is_going(const std::string& guest_path) const;
  void doubt(const std::string& guest_path);
  void remove_leftovers();
  void write_leftovers();
  void write_files(const active_job& active);
  void files_written(std::uint64_t job);
  void write_emptied(const std::string& guest_path);
  void go_on_after(const guest_of_before& before);
  active_job* find(std::uint64_t key);
  void end_jobs();

  // -- sending (guest_proxy_sending.cpp) --------------------------------------
  void pump();
  bool send_one();
  bool send_next(active_job& active);
  bool has_room(const active_job& active, std::uint64_t length);
  bool take_credit(const active_job& active, std::uint64_t length);
  void ask_credit(std::uint64_t length, std::uint64_t rest);
  void credited(const bytes_reserved& got);
  void drop_credit();
  void fetch(active_job& active, const flight& what);
  void stop_job(active_job& active);
  void fetched(std::uint64_t fetch, result<chunk_read> chunk);
  bool send_small_file(active_job& active, const copy_request& next);
  bool read_ahead_of(active_job& active);
  void ahead_read(std::uint64_t job, std::uint64_t turn,
                  result<found_files> found);
  void have_read(active_job& active, const flight& what,
                 result<chunk_read> chunk);
  void not_fetched(active_job& active, const copy_request& request,
                   chunk_read& chunk);
  void send(active_job& active, const flight& what, byte_view data);
  void flush();

  // -- what the guest still has (guest_proxy_look.cpp) ------------------------
  static landmarks_of_push landmarks_of(const push_order& push);
  void note_landmarks(const active_job& ended, const order_outcome& outcome);
  void doubt_all();
  bool is_wanted() const;
  void go_up();
  void look();
  void looked(errc code, const std::string& message);
  void looked_at_all(bool any_there);
  void tell_lost_trees();
  void be_up(guest_news news);
  void begin(active_job& active);
  void begin_jobs();

  // -- connection (guest_proxy_connection.cpp) --------------------------------
  void connect();
  void dial();
  void dialed(guest_dialed& msg);
  void greet();
  result<std::uint32_t> ask_health(std::string_view method);
  void send_check();
  void versioned(const ttrpc::client_session::reply& reply);
  void go_on(guest_connection::question answered);
  void note_connected();
  void look_at_silence();
  void received(const guest_bytes& msg);
  void answered(const ttrpc::client_session::reply& reply);
  void lost(const error& why);
  void note_denied(const copy_step& step);
  void note_unanswered();
  void not_reached(const error& why);
  void close();
  time_point deadline_of(const active_job& job) const;
  std::optional<time_point> next_deadline() const;
  bool fail_waiting(const error& why);
  void hang_up();
  void tick();
  void arm();
  time_point now() const;

  handle::pointer self_;
  guest_proxy_options options_;
  std::shared_ptr<dialer> network_;
  reader_pool_actor reader_;
  memory_budget_actor memory_;
  guest_reached_sink registry_;
  state_recorder<handle::base> recorder_;

  std::uint64_t last_key_ = 0;
  job_list jobs_;
  leftover_list leftovers_;
  landmarks landmarks_;
  guest_budget budget_;
  guest_inventory inventory_;

  guest_connection connection_;
  /// Counts dials and connections, to tell late news from current.
  std::uint64_t connection_number_ = 0;
  byte_stream_ptr stream_;
  std::optional<ttrpc::client_session> session_;
  std::map<std::uint32_t, flight> in_flight_;
  /// Requests whose contents are being read.
  std::map<std::uint64_t, flight> fetching_;
  std::uint64_t last_fetch_ = 0;
  /// Of what the guest agent is asked beside jobs; 0 once answered.
  std::uint32_t check_stream_ = 0;
  std::uint32_t version_stream_ = 0;
  std::uint32_t look_stream_ = 0;
  /// What is still to be looked at, the next one last, and what was not there.
  std::vector<landmark> looks_;
  std::vector<landmark> missing_;
  /// Answers to them in unknown words.
  unsigned unclear_looks_ = 0;
  /// Who is told which trees the guest has lost.
  std::optional<reply_promise<lost_trees>> tree_watcher_;
  copy_window window_;
  /// The job that is next to send contents, since it lacked room for them.
  std::uint64_t in_turn_ = 0;
  credit credit_;
  guest_profile profile_;
  /// Whether the guest's policy has kept its shared directory from root.
  bool is_owner_denied_ = false;
  std::optional<time_point> armed_;
  std::uint64_t turn_ = 0;
  guest_status status_;
  guest_counters counted_;
};

} // namespace fsshare
