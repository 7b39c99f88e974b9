// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_runner.hpp"

#include "core/paths.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <set>
#include <string>
#include <utility>

namespace fsshare {

namespace {

using steps_done = std::vector<const mount_step*>;

// What is thrown in a step, as for want of memory, fails the step alone: those
// before it are still to be undone.
result<step_outcome> apply(const mount_step& step, mount_session& session) {
  try {
    return session.apply(step);
  } catch (const std::exception& thrown) {
    return error{errc::internal, thrown.what()};
  }
}

error undone(error failure, const steps_done& done, mount_session& session) {
  const char* separator = "; undo: ";
  std::for_each(done.rbegin(), done.rend(), [&](const mount_step* step) {
    const auto undo = undo_of(*step);
    if (!undo)
      return;
    const auto outcome = apply(*undo, session);
    if (outcome && outcome->foreign.empty())
      return;
    failure.message
      += separator + describe(*undo) + ": "
         + (outcome ? outcome->foreign.front().reason : outcome.err().message);
    separator = "; ";
  });
  return failure;
}

result<plan_done> run_or_undo(const mount_plan& plan, mount_session& session) {
  steps_done done;
  for (const auto& step : plan.steps) {
    const auto outcome = apply(step, session);
    if (!outcome)
      return undone(outcome.err().within(describe(step)), done, session);
    if (outcome->finished)
      break;
    if (outcome->changed)
      done.push_back(&step);
  }
  return plan_done{done.size(), {}, {}};
}

// What is somebody else's, found by what lies above it.
class foreign_list {
public:
  explicit foreign_list(std::vector<path_reason>& list) : list_(list) {
  }

  bool holds(const std::string& path) const {
    const auto below = paths_.lower_bound(path + "/");
    return paths_.contains(path)
           || (below != paths_.end() && is_below(*below, path));
  }
  // A directory goes on record only where nothing in it did.
  void add(std::vector<path_reason> found) {
    for (auto& each : found) {
      if (holds(each.path))
        continue;
      paths_.insert(each.path);
      list_.push_back(std::move(each));
    }
  }

private:
  std::vector<path_reason>& list_;
  std::set<std::string> paths_;
};

// A directory that holds something that stays cannot go; trying would only
// report it twice.
bool holds_leftover(const mount_step& step, const plan_done& done) {
  if (std::holds_alternative<unmount>(step))
    return false;
  const auto& path = path_of(step);
  return std::any_of(done.leftovers.begin(), done.leftovers.end(),
                     [&](const path_reason& left) {
                       return left.path == path || is_below(left.path, path);
                     });
}

result<plan_done> run_and_go_on(const mount_plan& plan,
                                mount_session& session) {
  plan_done done;
  foreign_list foreign{done.foreign};
  for (const auto& step : plan.steps) {
    if (holds_leftover(step, done)
        || (std::holds_alternative<remove_directory>(step)
            && foreign.holds(path_of(step))))
      continue;
    auto outcome = apply(step, session);
    if (!outcome && is_condition(step))
      return outcome.err().within(describe(step));
    if (!outcome) {
      done.leftovers.push_back({path_of(step), outcome.err().message});
      continue;
    }
    done.changed += outcome->changed ? 1 : 0;
    foreign.add(std::move(outcome->foreign));
    if (outcome->finished)
      break;
    std::move(outcome->leftovers.begin(), outcome->leftovers.end(),
              std::back_inserter(done.leftovers));
  }
  return done;
}

} // namespace

result<plan_done> run(const mount_plan& plan, mount_executor& executor,
                      opened_sources sources) {
  const bool all_or_nothing = plan.on_failure == on_failure::undo;
  auto session = executor.begin(plan);
  if (!session) {
    // Where no share root is, nothing is left to take away.
    if (!all_or_nothing && session.err().code == errc::not_found)
      return plan_done{};
    return session.err();
  }
  (*session)->give(std::move(sources));
  return all_or_nothing ? run_or_undo(plan, **session)
                        : run_and_go_on(plan, **session);
}

} // namespace fsshare
