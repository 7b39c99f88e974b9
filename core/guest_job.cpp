#include "core/guest_job.hpp"

#include <utility>

namespace fsshare {

guest_job::guest_job(guest_order order) : order_(std::move(order)) {
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
  if (const auto* steps = std::get_if<steps_order>(&order))
    plan.steps = steps->steps;
  else if (guest.removal)
    plan.steps = std::get<removal_order>(order).steps;
  return plan;
}

bool guest_job::is_removal() const {
  const auto* order = std::get_if<guest_order>(&order_);
  return order != nullptr && std::holds_alternative<removal_order>(*order);
}

void guest_job::begin(const guest_profile& guest) {
  guest_ = guest;
  auto plan = make_plan(guest);
  if (auto checked = check_plan(plan, guest); !checked)
    fail(checked.err());
  if (is_removal()) {
    const auto& wanted = std::get<removal_order>(std::get<guest_order>(order_));
    removals_.assign(wanted.steps.size(), guest.removal
                                            ? removal_result::failed
                                            : removal_result::impossible);
    if (!guest.removal)
      fail({errc::unimplemented, "not removable by this guest agent"});
  }
  schedule_.emplace(std::make_shared<const copy_plan>(std::move(plan)));
  if (error_)
    schedule_->stop();
}

std::optional<copy_request> guest_job::next(std::uint64_t max_data_bytes) {
  if (!schedule_ || error_)
    return std::nullopt;
  auto request = schedule_->next(max_data_bytes);
  if (request) {
    ++in_flight_;
    sent_anything_ = true;
    if (step_of(*request).is_flip)
      flip_ = flip_state::unknown;
  }
  return request;
}

const copy_step& guest_job::step_of(const copy_request& request) const {
  return schedule_->plan().steps[request.step];
}

void guest_job::answered(const copy_request& request, errc code,
                         const std::string& message) {
  --in_flight_;
  schedule_->acknowledge(request.id);
  const auto& step = step_of(request);
  if (is_removal()) {
    settle_removal(request, code, message);
    return;
  }
  if (step.is_flip && code == errc::none)
    flip_ = flip_state::acknowledged;
  else if (step.is_flip && code == errc::permission_denied)
    flip_ = flip_state::refused;
  if (code != errc::none)
    fail({code, "copy to guest path " + step.path + ": " + message});
}

void guest_job::settle_removal(const copy_request& request, errc code,
                               const std::string& message) {
  auto& result = removals_[request.step];
  if (guest_.classify_removal(code, message) == removal_outcome::removed) {
    result = removal_result::removed;
    return;
  }
  result = code == errc::permission_denied ? removal_result::denied
                                           : removal_result::failed;
  // The other paths are tried all the same.
  if (!error_)
    notes_.push_back({step_of(request).path, message});
}

void guest_job::unanswered(const copy_request& request, const error& why) {
  --in_flight_;
  schedule_->acknowledge(request.id);
  fail(why.within("copy to guest path " + step_of(request).path));
}

void guest_job::unsent(const copy_request& request, const error& why) {
  if (step_of(request).is_flip)
    flip_ = flip_state::not_sent;
  unanswered(request, why);
}

void guest_job::disconnected(const error& why) {
  in_flight_ = 0;
  fail(why);
}

void guest_job::fail(const error& why) {
  if (!error_)
    error_ = why;
  if (schedule_)
    schedule_->stop();
}

void guest_job::stop() {
  if (flip_ == flip_state::not_sent)
    fail({errc::aborted, "superseded"});
}

void guest_job::note(skipped_entry what) {
  notes_.push_back(std::move(what));
}

bool guest_job::ended() const {
  return in_flight_ == 0 && (error_ || (schedule_ && schedule_->done()));
}

order_outcome guest_job::outcome() const {
  order_outcome outcome;
  outcome.flip = flip_;
  outcome.sent = sent_anything_;
  outcome.removals = removals_;
  if (is_removal() && removals_.empty())
    outcome.removals.assign(
      std::get<removal_order>(std::get<guest_order>(order_)).steps.size(),
      removal_result::failed);
  outcome.complete = !error_;
  if (error_)
    outcome.err = *error_;
  if (is_removal()) {
    for (const auto& result : outcome.removals)
      outcome.complete &= result == removal_result::removed;
    if (!error_ && !notes_.empty())
      outcome.err = {errc::internal, "remove guest path " + notes_.front().path
                                       + ": " + notes_.front().reason};
    return outcome;
  }
  if (schedule_) {
    outcome.skipped = schedule_->plan().skipped;
    outcome.skipped.insert(outcome.skipped.end(),
                           schedule_->plan().notes.begin(),
                           schedule_->plan().notes.end());
  }
  outcome.skipped.insert(outcome.skipped.end(), notes_.begin(), notes_.end());
  return outcome;
}

} // namespace fsshare
