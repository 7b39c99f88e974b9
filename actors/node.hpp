// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/ranked.hpp"
#include "messages/events.hpp"
#include "messages/journal.hpp"
#include "messages/metrics.hpp"
#include "messages/mounter.hpp"
#include "messages/node.hpp"
#include "messages/registry.hpp"
#include "messages/reply_promise.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace fsshare {

/// Spawns the SANDBOX of an id, for Cleanup alone where an earlier process has
/// left something. Injected, so that tests hand in a fake.
using sandbox_factory = std::function<sandbox_actor(
  const std::string&, const std::optional<sandbox_remains>&)>;

/// Where NODE finds what bears our mark.
struct mark_places {
  /// Lists them; null where nobody does.
  mounter_actor mounter;
  std::string share_root;
  /// Of those whose guests get copies.
  std::string copy_mark_dir;
  /// Keeps their state files; null where nothing is written down.
  journal_actor journal = {};
};

/// What NODE owns: which sandboxes there are.
class node_state {
public:
  using handle = measured<node_actor>;
  static constexpr const char* name = "node";

  /// @param told Null where nobody is told what happens.
  node_state(handle::pointer self, sandbox_factory make_sandbox,
             registry_actor registry, mark_places marks = {},
             event_sink told = {});

  handle::behavior_type make_behavior();

private:
  struct sandbox {
    /// Null while it is lost.
    sandbox_actor actor;
    /// Of one that is lost, until Cleanup.
    std::optional<sandbox_remains> remains = std::nullopt;
    /// Prepare and Cleanup requests that are not answered.
    std::size_t changing = 0;
    /// Set by the last of them that succeeded, see set_exists().
    bool exists = false;
  };

  template <class Reply, class Request>
  caf::result<Reply> route(const Request& msg);
  template <class Reply, class Request>
  caf::result<Reply> change(owed_replies<Reply>& owed, const Request& msg,
                            bool exists_afterwards);
  void changed(const std::string& id);
  void set_exists(const std::string& id, sandbox& which, bool exists);
  // -- at the start (node_adopting.cpp) ---------------------------------------
  using adopting = std::shared_ptr<reply_promise<sandboxes_adopted>>;
  caf::result<sandboxes_adopted> adopt(const adopt_sandboxes& msg);
  void adopt_one(const recorded_sandbox& recorded,
                 const adopted_sandbox& adopted, const adopting& all);
  void adopt_one(const recorded_sandbox& recorded,
                 const unfinished_sandbox& unfinished, const adopting& all);
  void adopt_one(const recorded_sandbox& recorded, const lost_sandbox& lost,
                 const adopting& all);
  // -- orphans (node_orphans.cpp) ---------------------------------------------
  caf::result<collect_orphans_reply>
  collect(const collect_orphans_request& msg);
  void take_away(const std::shared_ptr<collect_orphans_reply>& reply,
                 const std::function<void()>& then);
  void collect_asides_then(const std::shared_ptr<collect_orphans_reply>& reply,
                           const collect_orphans_request& msg,
                           const reply_promise<collect_orphans_reply>& promise);
  void ask_for_asides(const std::shared_ptr<collect_orphans_reply>& reply,
                      const collect_asides& what,
                      const reply_promise<collect_orphans_reply>& promise);
  std::set<std::string> known_sandboxes() const;
  caf::result<list_sandboxes_reply> list(const list_sandboxes_request& msg);
  caf::result<list_volumes_reply> list(const list_volumes_request& msg);
  metrics_part measure() const;

  handle::pointer self_;
  sandbox_factory make_sandbox_;
  registry_actor registry_;
  mark_places marks_;
  event_sink told_;
  std::map<std::string, sandbox> sandboxes_;
  /// Those that exist.
  ranked_set<std::string> listed_;
  metric_set counted_;
  const error at_the_end_{errc::aborted, "the node agent is shutting down"};
  owed_replies<prepare_reply> preparing_{at_the_end_};
  owed_replies<cleanup_reply> cleaning_{at_the_end_};
  owed_replies<list_sandboxes_reply> listing_sandboxes_{at_the_end_};
  owed_replies<list_volumes_reply> listing_volumes_{at_the_end_};
  owed_replies<collect_orphans_reply> collecting_{at_the_end_};
};

} // namespace fsshare
