// SPDX-License-Identifier: Apache-2.0
#include "actors/node.hpp"

#include "core/metrics/at_zero.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace fsshare {

namespace {

error lost_error(const std::string& id, const sandbox_remains& remains) {
  return {errc::failed_precondition, "sandbox '" + id
                                       + "': " + remains.cause.message
                                       + "; what it had is to be cleaned up"};
}

} // namespace

node_state::node_state(handle::pointer self, sandbox_factory make_sandbox,
                       registry_actor registry, mark_places marks,
                       event_sink told)
  : self_(self), make_sandbox_(std::move(make_sandbox)),
    registry_(std::move(registry)), marks_(std::move(marks)),
    told_(std::move(told)),
    counted_(at_zero({
      {"kata_fsshare_adopted_sandboxes_total", {"adopted"}},
      {"kata_fsshare_adopted_sandboxes_total", {"unfinished"}},
      {"kata_fsshare_adopted_sandboxes_total", {"lost"}},
    })) {
  self_->set_exit_handler([this](const caf::exit_msg& msg) {
    for (auto& entry : std::exchange(sandboxes_, {}))
      if (entry.second.actor)
        self_->send_exit(entry.second.actor, msg.reason);
    self_->quit(msg.reason);
  });
}

template <class Reply, class Request>
caf::result<Reply> node_state::route(const Request& msg) {
  const auto i = sandboxes_.find(msg.sandbox_id);
  if (i == sandboxes_.end() || !i->second.exists)
    return to_caf(
      {errc::not_found, "sandbox '" + msg.sandbox_id + "' is not prepared"});
  if (i->second.remains)
    return to_caf(lost_error(msg.sandbox_id, *i->second.remains));
  return self_->delegate(i->second.actor, msg);
}

template <class Reply, class Request>
caf::result<Reply> node_state::change(owed_replies<Reply>& owed,
                                      const Request& msg,
                                      bool exists_afterwards) {
  const auto id = msg.sandbox_id;
  auto i = sandboxes_.find(id);
  if (i == sandboxes_.end())
    i = sandboxes_.emplace(id, sandbox{}).first;
  auto& entry = i->second;
  if (entry.remains && exists_afterwards)
    return to_caf(lost_error(id, *entry.remains));
  if (!entry.actor) {
    entry.actor = make_sandbox_(id, entry.remains);
    entry.remains.reset();
  }
  ++entry.changing;
  const auto promise = owed.add(self_);
  ask(self_, entry.actor, msg)
    .then(
      [this, id, promise, exists_afterwards](Reply& reply) mutable {
        if (const auto known = sandboxes_.find(id); known != sandboxes_.end())
          set_exists(id, known->second, exists_afterwards);
        changed(id);
        promise.deliver(std::move(reply));
      },
      [this, id, promise](caf::error& err) mutable {
        changed(id);
        promise.deliver(std::move(err));
      });
  return promise;
}

void node_state::set_exists(const std::string& id, sandbox& which,
                            bool exists) {
  which.exists = exists;
  if (exists)
    listed_.insert(id);
  else
    listed_.erase(id);
}

void node_state::changed(const std::string& id) {
  const auto i = sandboxes_.find(id);
  if (i == sandboxes_.end() || --i->second.changing > 0 || i->second.exists)
    return;
  const auto actor = std::move(i->second.actor);
  sandboxes_.erase(i);
  if (actor)
    stop(actor);
}

node_state::handle::behavior_type node_state::make_behavior() {
  return behave_alike<handle::behavior_type, prepared_sandbox_requests>(
    [this]<class Reply>(const auto& msg) {
      return route<Reply>(msg);
    },
    [this](const prepare_request& msg) {
      return change(preparing_, msg, true);
    },
    [this](const cleanup_request& msg) {
      return change(cleaning_, msg, false);
    },
    [this](const list_sandboxes_request& msg) {
      return list(msg);
    },
    [this](const list_volumes_request& msg) {
      return list(msg);
    },
    [this](const collect_orphans_request& msg) {
      return collect(msg);
    },
    [this](const adopt_sandboxes& msg) {
      return adopt(msg);
    },
    [this](describe_metrics) {
      return measure();
    });
}

metrics_part node_state::measure() const {
  std::size_t lost = 0;
  std::size_t changing = 0;
  for (const auto& [id, each] : sandboxes_) {
    lost += each.remains ? 1 : 0;
    changing += !each.remains && each.changing > 0 ? 1 : 0;
  }
  const auto prepared = sandboxes_.size() - lost - changing;
  metrics_part out{counted_};
  const auto add = [&out](std::size_t count, const char* state) {
    out.metrics.add("kata_fsshare_sandboxes", static_cast<double>(count),
                    {state});
  };
  add(prepared, "prepared");
  add(changing, "changing");
  add(lost, "lost");
  return out;
}

caf::result<list_volumes_reply>
node_state::list(const list_volumes_request& msg) {
  const auto after = parse_volume_cursor(msg.volumes_after);
  if (!after)
    return to_caf(after.err());
  const auto promise = listing_volumes_.add(self_);
  ask(self_, registry_,
      describe_volumes{msg.sandbox_id, *after, max_listed_bytes})
    .then(
      [promise](volume_page& page) mutable {
        promise.deliver(list_volumes_reply{std::move(page)});
      },
      [promise](caf::error& err) mutable {
        promise.deliver(std::move(err));
      });
  return promise;
}

caf::result<list_sandboxes_reply>
node_state::list(const list_sandboxes_request& msg) {
  const auto promise = listing_sandboxes_.add(self_);
  auto reply = std::make_shared<list_sandboxes_reply>();
  // One more than there are sandboxes, so that none is an answer too.
  auto missing = std::make_shared<std::size_t>(1);
  const std::function<void()> one_less = [promise, reply, missing]() mutable {
    if (--*missing > 0)
      return;
    std::sort(reply->sandboxes.begin(), reply->sandboxes.end(),
              [](const auto& x, const auto& y) {
                return x.sandbox_id < y.sandbox_id;
              });
    promise.deliver(std::move(*reply));
  };
  const bool is_one = !msg.sandbox_id.empty();
  auto i = is_one ? listed_.find(msg.sandbox_id)
                  : listed_.upper_bound(msg.sandboxes_after);
  auto most = is_one ? 1 : max_listed_sandboxes;
  if (is_one && msg.sandbox_id <= msg.sandboxes_after)
    most = 0;
  for (; i != listed_.end() && most > 0; ++i, --most) {
    const auto& id = *i;
    const auto& known = sandboxes_.at(id);
    if (known.remains) {
      sandbox_status shown;
      shown.sandbox_id = id;
      shown.mode = known.remains->request.mode;
      shown.labels = known.remains->request.labels;
      reply->sandboxes.push_back(std::move(shown));
      continue;
    }
    ++*missing;
    ask(self_, known.actor,
        get_sandbox_request{id, {}, {}, {}, sandbox_view::summary})
      .then(
        [reply, one_less](get_sandbox_reply& got) {
          reply->sandboxes.push_back(std::move(got.sandbox));
          one_less();
        },
        // It has ended meanwhile.
        [one_less](caf::error&) {
          one_less();
        });
  }
  if (!is_one && i != listed_.end())
    reply->more = count_from(listed_, *i);
  one_less();
  return promise;
}

} // namespace fsshare
