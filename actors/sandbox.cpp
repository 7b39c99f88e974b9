// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"

#include "core/paths.hpp"
#include "log/log.hpp"

#include <memory>
#include <utility>

namespace fsshare {

sandbox_state::sandbox_state(handle::pointer self, sandbox_options options,
                             sandbox_neighbours neighbours)
  : self_(self), options_(std::move(options)),
    neighbours_(std::move(neighbours)),
    recorder_(
      self, neighbours_.journal,
      [](const std::string& id) {
        log::warning(
          "state-not-recorded",
          {{"sandbox", id}, {"error", "the state directory does not answer"}});
      }),
    layout_(options_.share_root, options_.sandbox_id, options_.guest_share_dir),
    at_the_end_{errc::aborted, "sandbox '" + options_.sandbox_id
                                 + "': the node agent is shutting down"} {
  if (options_.remains) {
    state_.restore_remains(options_.remains->request);
    images_ = options_.remains->images;
  }
}

sandbox_state::~sandbox_state() {
  drop_all(at_the_end_);
  stop_nydus();
  for (auto& promise : preparing_)
    promise.deliver(to_caf(at_the_end_));
  for (auto& promise : cleaning_)
    promise.deliver(to_caf(at_the_end_));
}

template <class Reply>
caf::result<Reply> sandbox_state::follow(owed_replies<Reply>& owed, bool on) {
  if (auto checked = state_.check_prepared(); !checked)
    return to_caf(checked.err());
  following_ = on;
  const auto promise = owed.add(self_);
  record(recorded_watcher{on}, [this, promise, on] {
    ask(self_, neighbours_.registry, follow_sandbox{options_.sandbox_id, on})
      .then(
        [promise]() mutable {
          promise.deliver(Reply{});
        },
        [promise](caf::error& err) mutable {
          promise.deliver(std::move(err));
        });
  });
  return promise;
}

caf::result<start_watcher_reply>
sandbox_state::handle_request(const start_watcher_request& /*msg*/) {
  return follow(starting_watcher_, true);
}

caf::result<stop_watcher_reply>
sandbox_state::handle_request(const stop_watcher_request& /*msg*/) {
  return follow(stopping_watcher_, false);
}

sandbox_state::handle::behavior_type sandbox_state::make_behavior() {
  return behave_alike<handle::behavior_type, sandbox_requests>(
    [this]<class Reply>(const auto& msg) -> caf::result<Reply> {
      return handle_request(msg);
    },
    [this](const restore_sandbox& msg) {
      return restore(msg);
    },
    [this](const copy_end_due& msg) {
      stop_waiting(msg.copy_id);
    },
    [this](const copy_again_due& msg) {
      try_again(msg);
    });
}

void sandbox_state::start_proxy(
  const std::shared_ptr<const guest_of_before>& before) {
  // Checked with the request.
  const auto address = parse_guest_address(state_.request().guest_address);
  proxy_ = neighbours_.make_proxy(
    {options_.sandbox_id, *address, layout_.guest_share_dir(),
     state_.request().guest_memory_bytes, labels_, before});
  await_lost();
}

void sandbox_state::await_lost() {
  ask(self_, proxy_, await_lost_trees{})
    .then(
      [this, asked = proxy_](const lost_trees& lost) {
        if (proxy_ != asked)
          return;
        for (const auto& root : lost.guest_roots)
          tree_lost(root);
        await_lost();
      },
      [](const caf::error&) {
        // It has ended, as the sandbox does.
      });
}

caf::result<cleanup_reply>
sandbox_state::handle_request(const cleanup_request& msg) {
  if (msg.abandoned)
    if (auto checked = state_.check_abandoned(msg.sandbox_id); !checked)
      return to_caf(checked.err());
  if (msg.orphaned) {
    const auto owed = ending_unused_.add(self_);
    end_if_unused(owed);
    return owed;
  }
  const reply_promise<cleanup_reply> promise{self_};
  const bool begun = !cleaning_.empty();
  cleaning_.push_back(promise);
  if (begun)
    return promise;
  if (std::exchange(opening_, std::nullopt))
    // A Prepare that has made nothing yet.
    prepare_done(error{errc::aborted, "sandbox '" + options_.sandbox_id
                                        + "' is being cleaned up"});
  else if (state_.phase() != sandbox_phase::preparing)
    // One that runs ends first: there is no telling what it has made.
    begin_cleanup(msg.abandoned ? plan_discard(layout_, mark_path())
                                : cleanup_plan());
  return promise;
}

mount_plan sandbox_state::cleanup_plan() const {
  if (state_.phase() == sandbox_phase::absent)
    return plan_cleanup_unknown(layout_, mark_path());
  if (copies())
    return plan_cleanup_copy(layout_, mark_path());
  return options_.remains && options_.remains->is_unfinished
           ? plan_cleanup_unfinished(layout_)
           : plan_cleanup(layout_);
}

std::string sandbox_state::mark_path() const {
  return copy_mark_path(options_.mark_dir, options_.sandbox_id);
}

void sandbox_state::begin_cleanup(const mount_plan& plan) {
  drop_all({errc::aborted,
            "sandbox '" + options_.sandbox_id + "' is being cleaned up"});
  state_.cleaning();
  record(recorded_progress{recorded_phase::leaving}, [this, plan] {
    take_sandbox_away(plan);
  });
}

void sandbox_state::take_sandbox_away(mount_plan plan) {
  plan.mount_namespace = state_.request().mount_namespace;
  unmount_images({images_.begin(), images_.end()},
                 [this, plan = std::move(plan)](const status& images) {
                   ask(self_, neighbours_.mounter,
                       run_plan{std::make_shared<const mount_plan>(plan), {}})
                     .then(
                       [this, images](const plan_done& done) {
                         cleanup_done(
                           both(images, check_nothing_of_ours_left(done)),
                           done.foreign);
                       },
                       [this, images](caf::error& err) {
                         cleanup_done(both(images, from_caf(err)), {});
                       });
                 });
}

void sandbox_state::cleanup_done(const status& outcome,
                                 const std::vector<path_reason>& foreign) {
  if (outcome)
    forget_record([this, foreign] {
      answer_cleanup(unit{}, foreign);
    });
  else
    answer_cleanup(outcome, foreign);
}

void sandbox_state::answer_cleanup(const status& outcome,
                                   const std::vector<path_reason>& foreign) {
  const cleanup_reply reply{foreign};
  state_.cleaned(static_cast<bool>(outcome));
  if (outcome)
    stop_nydus();
  if (outcome) {
    log::info("sandbox-cleaned", {{"sandbox", options_.sandbox_id}});
    note(neighbours_.events, {event_id::sandbox_cleaned, options_.sandbox_id});
  }
  if (outcome)
    log::forget_names(options_.sandbox_id);
  for (auto& promise : std::exchange(cleaning_, {})) {
    if (outcome)
      promise.deliver(reply);
    else
      promise.deliver(to_caf(outcome.err()));
  }
}

// In every mode: what was said of this sandbox is not to be found by the next
// one of its id.
void sandbox_state::forget() {
  if (!std::exchange(is_known_, false))
    return;
  if (neighbours_.registry)
    tell(neighbours_.registry, forget_sandbox{options_.sandbox_id});
  if (neighbours_.reader)
    tell(neighbours_.reader, forget_reads{options_.sandbox_id});
}

// The guest is gone or will be: nothing is sent to it any more.
void sandbox_state::drop_all(const error& why) {
  forget();
  describing_.give_up(why);
  sharing_files_.give_up(why);
  setting_guest_.give_up(why);
  starting_watcher_.give_up(why);
  stopping_watcher_.give_up(why);
  if (proxy_) {
    stop(proxy_);
    proxy_ = nullptr;
  }
  following_ = false;
  // Who asked for what was prepared already.
  for (auto& promise : std::exchange(preparing_, {}))
    promise.deliver(to_caf(why));
  for (auto& entry : std::exchange(walks_, {}))
    *entry.second = true;
  copies_ = {};
  copy_enders_.clear();
  for (auto& entry : std::exchange(waiting_, {})) {
    for (auto& promise : entry.second.callers)
      promise.deliver(to_caf(why));
    for (auto& then : entry.second.enders)
      then(path_reasons{});
  }
  container_names_.clear();
  rootfs_order_.clear();
  for (auto& entry : std::exchange(rootfs_, {})) {
    for (auto& promise : entry.second.callers)
      promise.deliver(to_caf(why));
    for (auto& then : entry.second.enders)
      then(unit{});
  }
}

// Has the sources of a plan opened where that may block. One that does not
// answer fails at once; what else is wrong with one the step says that needs
// it.
void sandbox_state::open_sources(
  const mount_plan& plan,
  const std::function<void(const result<opened_sources>&)>& then) {
  struct gathering {
    std::size_t missing = 0;
    opened_sources opened;
    std::optional<error> silent;
  };
  const auto paths = outside_sources(plan);
  if (paths.empty()) {
    then(opened_sources{});
    return;
  }
  auto all = std::make_shared<gathering>();
  all->missing = paths.size();
  const auto note = [all, then](const std::string& path,
                                const result<opened_source_ptr>& outcome) {
    if (!outcome
        && (outcome.err().code == errc::deadline_exceeded
            || outcome.err().code == errc::resource_exhausted))
      all->silent = outcome.err();
    all->opened.emplace(path, outcome);
    if (--all->missing > 0)
      return;
    if (all->silent)
      then(*all->silent);
    else
      then(std::move(all->opened));
  };
  for (const auto& path : paths)
    ask(self_, neighbours_.reader,
        open_bind_source{path, options_.sandbox_id,
                         state_.request().mount_namespace})
      .then(
        [note, path](const bind_source_opened& opened) {
          note(path, opened.source);
        },
        [note, path](caf::error& err) {
          note(path, from_caf(err));
        });
}

void sandbox_state::run(mount_plan plan, opened_sources sources,
                        const std::function<void(const status&)>& then) {
  plan.mount_namespace = state_.request().mount_namespace;
  ask(self_, neighbours_.mounter,
      run_plan{std::make_shared<const mount_plan>(std::move(plan)),
               std::move(sources)})
    .then(
      [then](const plan_done& done) {
        then(check_nothing_left(done));
      },
      [then](caf::error& err) {
        then(from_caf(err));
      });
}

// Runs a plan that binds nothing from outside.
void sandbox_state::run(mount_plan plan,
                        const std::function<void(const status&)>& then) {
  run(std::move(plan), {}, then);
}

bool sandbox_state::is_one_copy_for_all() const {
  return options_.guest_copies == copy_scope::per_sandbox
         || (options_.guest_copies == copy_scope::by_policy
             && state_.request().policy == guest_policy::none);
}

bool sandbox_state::copies() const {
  return state_.request().mode == sharing_mode::copy;
}

} // namespace fsshare
