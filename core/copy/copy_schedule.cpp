// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_schedule.hpp"

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
    states_[i].chunks = chunks_of(step);
    if (step.is_spending)
      continue;
    progress_.bytes_total += step.size - step.hole_bytes;
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

bool copy_schedule::is_small_file(std::uint32_t step) const {
  const auto& planned = plan_->steps[step];
  return planned.type == entry_type::file && !planned.content
         && planned.hole_bytes == 0 && planned.size <= small_file_bytes
         && states_[step].chunks == 1 && states_[step].sent == 0
         && altered(step) == nullptr;
}

std::vector<std::uint32_t>
copy_schedule::next_small_files(std::size_t looked_at) const {
  std::vector<std::uint32_t> found;
  for (std::size_t i = 0; i < std::min(looked_at, ready_.size()); ++i)
    if (is_small_file(ready_[i]))
      found.push_back(ready_[i]);
  return found;
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
  if (may_send(index))
    ready_.push_back(index);
  last_id_ = request.id;
  in_flight_.emplace(request.id, request);
  flip_sent_ = flip_sent_ || step_of(request).is_flip;
  return request;
}

bool copy_schedule::acknowledge(std::uint64_t id) {
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end())
    return false;
  const auto request = found->second;
  in_flight_.erase(found);
  if (!plan_->steps[request.step].is_spending && request.instead == 0)
    progress_.bytes_done += request.length;
  ++states_[request.step].acknowledged;
  go_on(request.step);
  return true;
}

// Finds what an answer, or the end of a file, makes possible.
void copy_schedule::go_on(std::uint32_t index) {
  const auto& state = states_[index];
  if (state.acknowledged == state.chunks) {
    finish(index);
    return;
  }
  if (const auto* changed = altered(index);
      changed != nullptr && changed->is_abandoned) {
    if (state.acknowledged == state.sent)
      ready_.push_back(index);
    return;
  }
  // The step left the queue after its first and after its last middle chunk;
  // the answers that it waited for bring it back, each once.
  const bool first_done = state.acknowledged == 1 && state.sent == 1;
  const bool middle_done
    = state.acknowledged > 1 && state.acknowledged + 1 == state.chunks;
  if (first_done || middle_done)
    ready_.push_back(index);
}

void copy_schedule::take_back(const copy_request& request) {
  if (in_flight_.erase(request.id) == 0)
    return;
  auto& state = states_[request.step];
  --state.sent;
  // Before its first answer a step waits for that alone.
  if (state.acknowledged > 0)
    std::erase(ready_, request.step);
}

void copy_schedule::resume(std::uint32_t step) {
  ready_.push_front(step);
}

void copy_schedule::reshape(std::uint32_t step, file_shape shape) {
  auto& changed = alter(step);
  progress_.bytes_total -= planned_bytes(step);
  changed.step.announced_size += shape.size - changed.step.size;
  changed.step.size = shape.size;
  changed.step.hole_bytes = 0;
  changed.parts = std::move(shape.parts);
  progress_.bytes_total += planned_bytes(step);
  states_[step].chunks
    = changed.parts.empty() ? chunks_of(changed.step) : changed.parts.size();
  resume(step);
}

void copy_schedule::abandon(std::uint32_t step,
                            std::vector<copy_step> instead) {
  auto& changed = alter(step);
  auto& state = states_[step];
  progress_.bytes_total -= planned_bytes(step) - handed_out_bytes(step);
  changed.is_abandoned = true;
  changed.sent = state.sent;
  changed.instead = std::move(instead);
  state.chunks = state.sent + changed.instead.size();
  if (state.acknowledged == state.sent)
    go_on(step);
}

const copy_step& copy_schedule::step_of(const copy_request& request) const {
  const auto* changed = altered(request.step);
  if (changed == nullptr)
    return plan_->steps[request.step];
  return request.instead == 0 ? changed->step
                              : changed->instead[request.instead - 1];
}

std::uint64_t copy_schedule::announced_size(std::size_t step) const {
  const auto& planned = plan_->steps[step];
  const auto* changed = altered(static_cast<std::uint32_t>(step));
  return changed == nullptr
           ? planned.announced_size
           : std::max(planned.announced_size, changed->step.announced_size);
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
  return oldest == in_flight_.end() ? nullptr : &step_of(oldest->second);
}

std::vector<const copy_step*> copy_schedule::files_in_doubt() const {
  std::vector<const copy_step*> files;
  for (const auto& entry : in_flight_) {
    const auto& step = plan_->steps[entry.second.step];
    // What spends a temporary completes it under the path of the file.
    if (states_[entry.second.step].chunks > 1 || step.is_spending)
      files.push_back(&step);
  }
  return files;
}

std::uint64_t copy_schedule::chunks_of(const copy_step& step) const {
  if (step.size <= chunk_bytes_)
    return 1;
  return step.size / chunk_bytes_ + (step.size % chunk_bytes_ != 0 ? 1 : 0);
}

const copy_schedule::altered_step*
copy_schedule::altered(std::uint32_t step) const {
  const auto found = altered_.find(step);
  return found == altered_.end() ? nullptr : &found->second;
}

copy_schedule::altered_step& copy_schedule::alter(std::uint32_t step) {
  return altered_.try_emplace(step, altered_step{plan_->steps[step]})
    .first->second;
}

std::uint64_t copy_schedule::planned_bytes(std::uint32_t index) const {
  const auto* changed = altered(index);
  return changed == nullptr
           ? plan_->steps[index].size - plan_->steps[index].hole_bytes
           : file_shape{changed->step.size - changed->step.hole_bytes,
                        changed->parts}
               .sent_bytes();
}

std::uint64_t copy_schedule::handed_out_bytes(std::uint32_t index) const {
  std::uint64_t sum = 0;
  for (std::uint64_t n = 0; n < states_[index].sent; ++n)
    sum += part_of(index, n).length;
  return sum;
}

// Returns which bytes the nth request of a file carries.
file_part copy_schedule::part_of(std::uint32_t index, std::uint64_t n) const {
  const auto* changed = altered(index);
  if (changed != nullptr && !changed->parts.empty())
    return changed->parts[n];
  const auto& step = changed == nullptr ? plan_->steps[index] : changed->step;
  const auto offset = n * chunk_bytes_;
  return {offset, std::min(chunk_bytes_, step.size - offset)};
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
bool copy_schedule::may_send(std::uint32_t index) const {
  const auto& state = states_[index];
  const auto* changed = altered(index);
  const bool is_abandoned = changed != nullptr && changed->is_abandoned;
  return !is_abandoned && state.acknowledged > 0
         && state.sent + 1 < state.chunks;
}

copy_request copy_schedule::make_request(std::uint32_t index) const {
  const auto sent = states_[index].sent;
  const auto* changed = altered(index);
  if (changed != nullptr && changed->is_abandoned) {
    const auto n = sent - changed->sent;
    return {last_id_ + 1, index, 0, changed->instead[n].size,
            static_cast<std::uint32_t>(n + 1)};
  }
  const auto part = part_of(index, sent);
  return {last_id_ + 1, index, part.offset, part.length};
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
