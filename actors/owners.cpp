// SPDX-License-Identifier: Apache-2.0
#include "actors/owners.hpp"

#include "core/metrics/at_zero.hpp"
#include "log/log.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace fsshare {

namespace {

std::optional<process_identity> process_of(const named_owner& caller) {
  const auto* process = std::get_if<process_identity>(&caller);
  return process == nullptr ? std::nullopt : std::optional{*process};
}

recorded_owner_state recorded_state(const named_owner& owner) {
  return std::visit(
    [](const auto& x) -> recorded_owner_state {
      return x;
    },
    owner);
}

std::string process_text(const process_identity& process) {
  return "process " + std::to_string(process.pid);
}

/// Nothing of one that has ended, or cannot be told.
std::optional<std::string> owner_text(const recorded_owner_state& owner) {
  if (const auto* process = std::get_if<process_identity>(&owner))
    return process_text(*process);
  return std::holds_alternative<no_owner>(owner) ? std::optional{"nobody"}
                                                 : std::nullopt;
}

} // namespace

owners_state::owners_state(handle::pointer self,
                           const owner_table::settings& settings,
                           std::shared_ptr<process_watch> processes,
                           node_actor node, journal_actor journal,
                           event_sink told)
  : self_(self), table_(settings), processes_(std::move(processes)),
    node_(std::move(node)), told_(std::move(told)),
    recorder_(
      self, std::move(journal),
      [](const std::string& id) {
        log::warning(
          "state-not-recorded",
          {{"sandbox", id}, {"error", "the state directory does not answer"}});
      }),
    counted_(at_zero({
      {"kata_fsshare_orphan_ends_total", {"ended"}},
      {"kata_fsshare_orphan_ends_total", {"kept"}},
    })) {
}

owners_state::handle::behavior_type owners_state::make_behavior() {
  return {
    [this](const name_owner& msg) {
      return name_of(msg);
    },
    [this](const sandbox_prepared& msg) {
      return prepared(msg);
    },
    [this](const sandbox_used& msg) {
      carry_out(table_.used(msg.sandbox_id, process_of(msg.caller), now()));
    },
    [this](const sandbox_removed& msg) {
      carry_out(table_.removed(msg.sandbox_id));
    },
    [this](const restore_owners& msg) {
      restore(msg);
    },
    [this](const describe_owners& msg) {
      return describe(msg);
    },
    [this](const process_ended& msg) {
      carry_out(table_.ended(msg.process, now()));
    },
    [this](const owners_tick& msg) {
      wake(msg);
    },
    [this](describe_metrics) {
      return measure();
    },
  };
}

caf::result<owner_named> owners_state::name_of(const name_owner& msg) {
  auto owner = owner_for(msg);
  if (!owner)
    return to_caf(owner.err());
  carry_out(table_.used(msg.sandbox_id, process_of(*owner), now()));
  return owner_named{*std::move(owner)};
}

result<named_owner> owners_state::owner_for(const name_owner& msg) const {
  if (msg.terms.nobody)
    return named_owner{no_owner{}};
  if (msg.terms.pid == 0)
    return msg.caller;
  const auto field = "owner_pid " + std::to_string(msg.terms.pid);
  const auto* caller = std::get_if<process_identity>(&msg.caller);
  if (caller == nullptr)
    return error{errc::failed_precondition,
                 field + ": the caller itself cannot be told from here"};
  auto found = processes_->identify_for(
    *caller, static_cast<std::int32_t>(msg.terms.pid));
  if (found)
    return named_owner{*std::move(found)};
  if (found.err().code == errc::not_found)
    return error{errc::invalid_argument, field + ": " + found.err().message};
  return found.err().within(field);
}

caf::result<owner_recorded>
owners_state::prepared(const sandbox_prepared& msg) {
  const auto promise = recording_.add(self_);
  const bool was_known = table_.describe(msg.sandbox_id, now()).has_value();
  auto actions = table_.prepared(msg.sandbox_id, msg.owner);
  const auto is_record = [](const owner_action& each) {
    return std::holds_alternative<record_owner>(each);
  };
  const bool is_new = std::erase_if(actions, is_record) > 0;
  carry_out(actions);
  if (!is_new) {
    promise.deliver(owner_recorded{});
    return promise;
  }
  if (was_known)
    note_change(msg.sandbox_id, recorded_state(msg.owner));
  recorder_.record(msg.sandbox_id, recorded_owner{recorded_state(msg.owner)},
                   [promise] {
                     promise.deliver(owner_recorded{});
                   });
  return promise;
}

void owners_state::note_change(const std::string& sandbox_id,
                               const recorded_owner_state& owner) const {
  auto text = owner_text(owner);
  if (!text)
    return;
  node_event changed{event_id::owner_changed, sandbox_id};
  changed.detail = *std::move(text);
  note(told_, std::move(changed));
}

void owners_state::restore(const restore_owners& msg) {
  const auto here = processes_->pid_namespace();
  for (const auto& [id, owner] : msg.owners)
    carry_out(table_.restored(id, owner, here ? *here : std::string{}));
  arm();
}

owners_described owners_state::describe(const describe_owners& msg) const {
  owners_described out;
  for (const auto& id : msg.sandboxes)
    if (auto owner = table_.describe(id, now()))
      out.owners.emplace(id, *std::move(owner));
  return out;
}

void owners_state::carry_out(const owner_actions& actions) {
  for (const auto& each : actions)
    std::visit(
      [this](const auto& what) {
        carry_out(what);
      },
      each);
  if (!actions.empty())
    arm();
}

void owners_state::carry_out(const watch_process& what) {
  processes_->watch(what.process,
                    [me = handle{self_}](const process_identity& gone) {
                      tell(me, process_ended{gone});
                    });
}

void owners_state::carry_out(const unwatch_process& what) {
  processes_->unwatch(what.process);
}

void owners_state::carry_out(const record_owner& what) {
  note_change(what.sandbox_id, what.owner);
  recorder_.record(what.sandbox_id, recorded_owner{what.owner});
}

void owners_state::carry_out(const owner_is_gone& what) {
  log::warning("owner-gone",
               {{"sandbox", what.sandbox_id}, {"pid", what.process.pid}});
  node_event gone{event_id::owner_gone, what.sandbox_id};
  gone.detail = process_text(what.process);
  note(told_, std::move(gone));
}

void owners_state::carry_out(const end_sandbox& what) {
  const auto& id = what.sandbox_id;
  ask(self_, node_, cleanup_request{id, false, true})
    .then(
      [this, id](const cleanup_reply&) {
        log::warning("orphan-ended", {{"sandbox", id}});
        note(told_, {event_id::orphan_ended, id});
        counted_.add("kata_fsshare_orphan_ends_total", 1, {"ended"});
        carry_out(table_.removed(id));
      },
      [this, id](const caf::error& err) {
        const auto why = from_caf(err).message;
        counted_.add("kata_fsshare_orphan_ends_total", 1, {"kept"});
        if (table_.kept(id, why, now()))
          tell_kept(id, why);
        arm();
      });
}

void owners_state::tell_kept(const std::string& id,
                             const std::string& why) const {
  log::warning("orphan-kept", {{"sandbox", id}, {"reason", why}});
  node_event kept{event_id::orphan_kept, id};
  kept.detail = why;
  note(told_, std::move(kept));
}

metrics_part owners_state::measure() const {
  const auto counts = table_.count();
  metrics_part out{counted_};
  const auto add = [&out](std::size_t count, const char* state) {
    out.metrics.add("kata_fsshare_owners", static_cast<double>(count), {state});
  };
  add(counts.alive, "alive");
  add(counts.gone, "gone");
  add(counts.nobody, "nobody");
  add(counts.unknown, "unknown");
  return out;
}

void owners_state::wake(const owners_tick& msg) {
  if (msg.which != ticks_)
    return;
  wakes_.reset();
  carry_out(table_.due(now()));
  arm();
}

void owners_state::arm() {
  const auto due = table_.next_due();
  if (!due || (wakes_ && *wakes_ <= *due))
    return;
  wakes_ = *due;
  tell_later(self_, handle{self_},
             std::max(*due - now(), owner_table::duration{0}),
             owners_tick{++ticks_});
}

owner_table::time_point owners_state::now() const {
  return self_->clock().now();
}

} // namespace fsshare
