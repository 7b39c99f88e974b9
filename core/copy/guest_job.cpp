// SPDX-License-Identifier: Apache-2.0
#include "core/copy/guest_job.hpp"

#include "core/copy/copy_rest.hpp"
#include "core/copy/share_dir_owner.hpp"
#include "core/paths.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

bool is_at_or_below(std::string_view path, std::string_view dir) {
  return path == dir || is_below(path, dir);
}

} // namespace

guest_job::guest_job(guest_order order) : order_(std::move(order)) {
  if (const auto* removal
      = std::get_if<removal_order>(&std::get<guest_order>(order_)))
    removal_.emplace(*removal);
}

guest_job::guest_job(tree_order order) : order_(std::move(order)) {
}

copy_plan guest_job::make_plan(const guest_profile& guest) const {
  if (const auto* tree = std::get_if<tree_order>(&order_))
    return plan_tree(*tree->tree, tree->guest_root, guest);
  const auto& order = std::get<guest_order>(order_);
  if (const auto* push = std::get_if<push_order>(&order))
    return plan_push(*push->snapshot, push->options, guest);
  copy_plan plan;
  plan.steps = std::get<steps_order>(order).steps;
  // What is in a directory follows it.
  if (!plan.steps.empty() && plan.steps.front().type == entry_type::directory)
    for (std::size_t i = 1; i < plan.steps.size(); ++i)
      plan.steps[i].stage = 1;
  return plan;
}

bool guest_job::concerns(std::string_view guest_path) const {
  if (const auto* tree = std::get_if<tree_order>(&order_))
    return is_at_or_below(tree->guest_root, guest_path);
  const auto& order = std::get<guest_order>(order_);
  if (const auto* push = std::get_if<push_order>(&order))
    return is_at_or_below(push->options.guest_root, guest_path);
  const auto* steps = std::get_if<steps_order>(&order);
  const auto& all
    = steps != nullptr ? steps->steps : std::get<removal_order>(order).steps;
  return std::any_of(all.begin(), all.end(), [guest_path](const auto& step) {
    return is_at_or_below(step.path, guest_path);
  });
}

// Whether nobody uses what is made before it is whole.
bool guest_job::is_first_copy() const {
  if (std::holds_alternative<tree_order>(order_))
    return true;
  const auto* push = std::get_if<push_order>(&std::get<guest_order>(order_));
  return push != nullptr && push->options.send_others;
}

void guest_job::begin(const guest_profile& guest,
                      const guest_inventory& there) {
  if (stage_ == stage::interrupted) {
    begin_rest(guest);
    return;
  }
  stage_ = stage::running;
  guest_ = guest;
  auto plan = removal_ ? removal_->begin(guest, there) : make_plan(guest);
  clear_way_of_tree(plan, there);
  if (!removal_ && guest.parent_chown)
    keep_share_dir_owner(plan, there.share_dir());
  if (auto checked = check_plan(plan, guest, there.share_dir()); !checked)
    fail(checked.err());
  schedule_ = copy_schedule{std::make_shared<const copy_plan>(std::move(plan))};
  if (error_)
    schedule_.stop();
}

// A look at what a guest has may have left a link in the place of a tree that
// it has no more. Guest agents that remove nothing else take it for the
// directory.
void guest_job::clear_way_of_tree(copy_plan& plan,
                                  const guest_inventory& there) const {
  const auto* tree = std::get_if<tree_order>(&order_);
  if (tree == nullptr || guest_.removal || !there.has(tree->guest_root)
      || plan.steps.empty() || plan.steps.front().type != entry_type::directory)
    return;
  auto unlinking = removal_step(tree->guest_root, 0, 0);
  unlinking.is_unlinking = true;
  for (auto& step : plan.steps)
    ++step.stage;
  for (auto& pair : plan.order)
    pair = {pair.before + 1, pair.after + 1};
  plan.steps.insert(plan.steps.begin(), std::move(unlinking));
}

void guest_job::begin_rest(const guest_profile& guest) {
  stage_ = stage::running;
  troubled_.clear();
  if (guest != guest_) {
    fail({errc::unavailable,
          "the guest agent was replaced by another version during the copy"});
    return;
  }
  const auto& steps = schedule_.plan().steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].is_spending || schedule_.reach(i) != step_reach::done)
      continue;
    ++finished_.entries_done;
    finished_.bytes_done += schedule_.bytes_of(static_cast<std::uint32_t>(i));
  }
  auto rest = plan_rest(schedule_, guest);
  schedule_ = copy_schedule{std::make_shared<const copy_plan>(std::move(rest))};
}

void guest_job::restart() {
  if (stage_ != stage::interrupted)
    return;
  stage_ = stage::waiting;
  schedule_ = copy_schedule{std::make_shared<const copy_plan>()};
  finished_ = {};
  finished_at_stall_ = 0;
  troubled_.clear();
}

copy_progress guest_job::progress() const {
  auto sum = schedule_.progress();
  sum.entries_done += finished_.entries_done;
  sum.entries_total += finished_.entries_done;
  sum.bytes_done += finished_.bytes_done;
  sum.bytes_total += finished_.bytes_done;
  return sum;
}

std::optional<copy_request> guest_job::next(std::uint64_t max_data_bytes) {
  if (!begun() || error_)
    return std::nullopt;
  auto request = schedule_.next(max_data_bytes);
  if (request) {
    ++in_flight_;
    ++sent_;
    const auto& step = step_of(*request);
    if (step.is_flip)
      flip_ = flip_state::unknown;
    if (step.is_unlinking && !removal_)
      unlinked_.emplace_back(base_name(step.path));
  }
  return request;
}

std::optional<copy_request> guest_job::peek() const {
  if (!begun() || error_)
    return std::nullopt;
  return schedule_.peek();
}

std::vector<std::uint32_t>
guest_job::next_small_files(std::size_t looked_at) const {
  if (!begun() || error_)
    return {};
  return schedule_.next_small_files(looked_at);
}

const copy_step& guest_job::step_of(const copy_request& request) const {
  return schedule_.step_of(request);
}

void guest_job::answered(const copy_request& request, errc code,
                         const std::string& message) {
  --in_flight_;
  schedule_.acknowledge(request.id);
  const auto& step = step_of(request);
  if (removal_) {
    removal_->answered(request.step, step, code, message);
    go_on_removing();
    return;
  }
  if (request.instead != 0) {
    settle_taking_away(request, step, code, message);
    return;
  }
  if (is_refused_link(step, code)) {
    const auto& root = std::get<tree_order>(order_).guest_root;
    note(
      {step.path.substr(root.size() + 1), "the guest refuses it: " + message});
    return;
  }
  if (step.is_flip && code == errc::none)
    flip_ = flip_state::acknowledged;
  else if (step.is_flip && code == errc::permission_denied)
    flip_ = flip_state::refused;
  const bool is_last = request.offset + request.length == step.size;
  // Who is forbidden to remove a link was not let make one either.
  const bool is_gone = step.is_unlinking
                       && (guest_profile::unlinked(code, message)
                           || (code == errc::permission_denied
                               && std::holds_alternative<tree_order>(order_)));
  if (is_gone || was_done(step, is_last, code, message))
    return;
  if (code == errc::none)
    fail({errc::internal, "copy to guest path " + step.path
                            + ": the guest agent did not leave it under the "
                              "name of its temporary"});
  else
    fail({code, "copy to guest path " + step.path + ": " + message});
}

// Tries what has not worked in another way.
void guest_job::go_on_removing() {
  if (error_ || !schedule_.done())
    return;
  if (auto plan = removal_->next())
    schedule_
      = copy_schedule{std::make_shared<const copy_plan>(*std::move(plan))};
}

void guest_job::unsent(const copy_request& request, const error& why) {
  --in_flight_;
  --sent_;
  schedule_.acknowledge(request.id);
  if (step_of(request).is_flip)
    flip_ = flip_state::not_sent;
  fail(why.within("copy to guest path " + step_of(request).path));
}

void guest_job::disconnected(const error& why, time_point now,
                             std::chrono::nanoseconds patience) {
  in_flight_ = 0;
  if (!begun() || error_)
    return;
  const bool goes_on = is_first_copy() && !is_out_of_patience(now, patience);
  const auto in_doubt = schedule_.files_in_doubt();
  if (goes_on && in_doubt.empty()) {
    stage_ = stage::interrupted;
    return;
  }
  if (!goes_on)
    cause_ = stop_cause::interrupted;
  else
    cause_ = is_free_to_move(in_doubt) ? stop_cause::doubtful
                                       : stop_cause::root_in_doubt;
  const auto* step = schedule_.oldest_in_flight();
  fail(step == nullptr ? why : why.within("copy to guest path " + step->path));
}

// A late chunk puts a hole into a finished file, or takes it away, so what was
// in doubt is never sent again under the same name. What is in a volume's root
// beside the generations has no other, so that the root needs one.
bool guest_job::is_free_to_move(
  const std::vector<const copy_step*>& files) const {
  const auto* order = std::get_if<guest_order>(&order_);
  if (order == nullptr)
    return true;
  const auto& options = std::get<push_order>(*order).options;
  const auto generation = join(options.guest_root, options.attempt_name);
  return std::all_of(files.begin(), files.end(), [&](const copy_step* file) {
    return is_below(file->path, generation);
  });
}

bool guest_job::is_out_of_patience(time_point now,
                                   std::chrono::nanoseconds patience) {
  const auto finished = progress().entries_done;
  if (!stalled_since_ || finished > finished_at_stall_) {
    stalled_since_ = now;
    finished_at_stall_ = finished;
  }
  return now - *stalled_since_ >= patience;
}

void guest_job::fail(const error& why) {
  if (!error_)
    error_ = why;
  schedule_.stop();
}

void guest_job::stop() {
  if (flip_ != flip_state::not_sent || error_ || removal_)
    return;
  cause_ = stop_cause::superseded;
  fail({errc::aborted, "superseded"});
}

void guest_job::note(path_reason what) {
  // A file that is sent again is noted once.
  if (!notes_.contains(what))
    notes_.push_back(std::move(what));
}

bool guest_job::ended() const {
  return in_flight_ == 0
         && (error_ || (stage_ != stage::waiting && schedule_.done()));
}

order_outcome guest_job::outcome() const {
  order_outcome outcome;
  outcome.flip = flip_;
  outcome.sent = sent_ > 0;
  outcome.requests = sent_;
  outcome.complete = !error_;
  outcome.cause = cause_;
  if (error_)
    outcome.err = *error_;
  if (removal_) {
    outcome.removals = removal_->results();
    for (const auto& result : outcome.removals)
      outcome.complete &= result == removal_result::removed;
    if (!error_ && !outcome.complete)
      outcome.err = removal_->why();
    return outcome;
  }
  const auto& plan = schedule_.plan();
  outcome.left_out = plan.links_left_out;
  outcome.unlinked = unlinked_;
  outcome.skipped = plan.skipped;
  outcome.skipped.add(plan.notes);
  outcome.skipped.add(notes_);
  return outcome;
}

} // namespace fsshare
