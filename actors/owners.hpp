// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/share/owner_table.hpp"
#include "core/share/process_watch.hpp"
#include "messages/events.hpp"
#include "messages/journal.hpp"
#include "messages/metrics.hpp"
#include "messages/node.hpp"
#include "messages/owners.hpp"
#include "messages/reply_promise.hpp"
#include "messages/state_actor.hpp"
#include "messages/state_recorder.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace fsshare {

/// What OWNERS owns: which process each sandbox lives and dies with.
class owners_state {
public:
  using handle = measured<owners_actor>;
  static constexpr const char* name = "owners";

  /// @param node Ends sandboxes.
  /// @param journal Null where nothing is written down.
  /// @param told Null where nobody is told what happens.
  owners_state(handle::pointer self, const owner_table::settings& settings,
               std::shared_ptr<process_watch> processes, node_actor node,
               journal_actor journal, event_sink told = {});

  handle::behavior_type make_behavior();

private:
  caf::result<owner_named> name_of(const name_owner& msg);
  result<named_owner> owner_for(const name_owner& msg) const;
  caf::result<owner_recorded> prepared(const sandbox_prepared& msg);
  void note_change(const std::string& sandbox_id,
                   const recorded_owner_state& owner) const;
  void restore(const restore_owners& msg);
  owners_described describe(const describe_owners& msg) const;
  void carry_out(const owner_actions& actions);
  void carry_out(const watch_process& what);
  void carry_out(const unwatch_process& what);
  void carry_out(const record_owner& what);
  void carry_out(const owner_is_gone& what);
  void carry_out(const end_sandbox& what);
  void tell_kept(const std::string& id, const std::string& why) const;
  metrics_part measure() const;
  void wake(const owners_tick& msg);
  void arm();
  owner_table::time_point now() const;

  handle::pointer self_;
  owner_table table_;
  std::shared_ptr<process_watch> processes_;
  node_actor node_;
  event_sink told_;
  state_recorder<handle::base> recorder_;
  /// When it wakes, by the last tick; nothing while it does not.
  std::optional<owner_table::time_point> wakes_;
  std::uint64_t ticks_ = 0;
  metric_set counted_;
  error at_the_end_{errc::aborted, "the node agent is shutting down"};
  // Last, so that they die first.
  owed_replies<owner_recorded> recording_{at_the_end_};
};

} // namespace fsshare
