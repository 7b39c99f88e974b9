// SPDX-License-Identifier: Apache-2.0
#include "core/copy_schedule.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

copy_schedule::copy_schedule(copy_plan_ptr plan, std::uint64_t chunk_bytes)
  : plan_(std::move(plan)),
    chunk_bytes_(std::max<std::uint64_t>(chunk_bytes, 1)),
    states_(plan_->steps.size()), begin_(plan_->steps.size() + 1, 0),
    unfinished_(plan_->steps.size()) {
  for (size_t i = 0; i < states_.size(); ++i) {
    const auto& step = plan_->steps[i];
    if (step.size > chunk_bytes_)
      states_[i].chunks
        = step.size / chunk_bytes_ + (step.size % chunk_bytes_ != 0 ? 1 : 0);
    if (step.is_spending)
      continue;
    progress_.bytes_total += step.size;
    ++progress_.entries_total;
  }
  for (const auto& pair : plan_->order) {
    ++begin_[pair.before + 1];
    ++states_[pair.after].blockers;
  }
  for (size_t i = 1; i < begin_.size(); ++i)
    begin_[i] += begin_[i - 1];
  successors_.resize(plan_->order.size());
  auto place = begin_;
  for (const auto& pair : plan_->order)
    successors_[place[pair.before]++] = pair.after;
  open_stage();
}

std::optional<copy_request> copy_schedule::peek() const {
  if (stopped_ || ready_.empty())
    return std::nullopt;
  return make_request(ready_.front());
}

std::optional<copy_request> copy_schedule::next(std::uint64_t max_data_bytes) {
  const auto next = peek();
  if (!next || next->length > max_data_bytes)
    return std::nullopt;
  const auto request = *next;
  const auto index = request.step;
  ready_.pop_front();
  auto& state = states_[index];
  ++state.sent;
  // To the end, so that one large file does not hold up all small ones.
  if (may_send(state))
    ready_.push_back(index);
  last_id_ = request.id;
  in_flight_.emplace(request.id, request);
  flip_sent_ = flip_sent_ || plan_->steps[index].is_flip;
  return request;
}

bool copy_schedule::acknowledge(std::uint64_t id) {
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end())
    return false;
  const auto request = found->second;
  in_flight_.erase(found);
  if (!plan_->steps[request.step].is_spending)
    progress_.bytes_done += request.length;
  auto& state = states_[request.step];
  ++state.acknowledged;
  if (state.acknowledged == state.chunks) {
    finish(request.step);
    return true;
  }
  // The step left the queue after its first and after its last middle chunk;
  // the answers that it waited for bring it back, each once.
  const bool first_done = state.acknowledged == 1 && state.sent == 1;
  const bool middle_done
    = state.acknowledged > 1 && state.acknowledged + 1 == state.chunks;
  if (first_done || middle_done)
    ready_.push_back(request.step);
  return true;
}

void copy_schedule::stop() {
  stopped_ = true;
}

step_reach copy_schedule::reach(std::size_t step) const {
  const auto& state = states_[step];
  if (state.sent == 0)
    return step_reach::untouched;
  return state.acknowledged == state.chunks ? step_reach::done
                                            : step_reach::begun;
}

const copy_step* copy_schedule::oldest_in_flight() const {
  const auto oldest = std::min_element(in_flight_.begin(), in_flight_.end(),
                                       [](const auto& x, const auto& y) {
                                         return x.first < y.first;
                                       });
  return oldest == in_flight_.end() ? nullptr
                                    : &plan_->steps[oldest->second.step];
}

std::vector<const copy_step*> copy_schedule::files_in_doubt() const {
  std::vector<const copy_step*> files;
  for (const auto& entry : in_flight_)
    if (states_[entry.second.step].chunks > 1)
      files.push_back(&plan_->steps[entry.second.step]);
  return files;
}

// Makes the steps of the next stage known, if there is one.
void copy_schedule::open_stage() {
  const auto& steps = plan_->steps;
  if (next_stage_ == steps.size())
    return;
  const auto stage = steps[next_stage_].stage;
  for (; next_stage_ < steps.size() && steps[next_stage_].stage == stage;
       ++next_stage_) {
    ++unfinished_in_stage_;
    if (states_[next_stage_].blockers == 0)
      ready_.push_back(next_stage_);
  }
}

// Whether a step of which something was just sent has more to send at once.
bool copy_schedule::may_send(const step_state& state) const {
  return state.acknowledged > 0 && state.sent + 1 < state.chunks;
}

copy_request copy_schedule::make_request(std::uint32_t index) const {
  const auto& step = plan_->steps[index];
  const auto offset = states_[index].sent * chunk_bytes_;
  return {last_id_ + 1, index, offset,
          std::min(chunk_bytes_, step.size - offset)};
}

void copy_schedule::finish(std::uint32_t index) {
  if (!plan_->steps[index].is_spending)
    ++progress_.entries_done;
  --unfinished_;
  for (auto i = begin_[index]; i < begin_[index + 1]; ++i)
    if (--states_[successors_[i]].blockers == 0)
      ready_.push_back(successors_[i]);
  if (--unfinished_in_stage_ == 0)
    open_stage();
}

} // namespace fsshare
