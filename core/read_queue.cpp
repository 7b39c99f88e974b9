#include "core/read_queue.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

read_queue::read_queue(std::size_t readers) : readers_(readers) {
  // The first reader is taken first.
  for (auto i = readers; i > 0; --i)
    idle_.push_back(i - 1);
}

void read_queue::add(std::uint64_t read, read_class what,
                     const std::string& key) {
  waiting_read added{read, what, key};
  if (!key.empty()) {
    if (const auto known = behind_.find(key); known != behind_.end()) {
      known->second.push_back(std::move(added));
      return;
    }
    behind_.try_emplace(key);
  }
  make_ready(std::move(added));
}

void read_queue::make_ready(waiting_read next) {
  ready_[static_cast<std::size_t>(next.what)].push_back(std::move(next));
}

// Returns how many readers have a read of this class, or one that may take
// longer.
std::size_t read_queue::busy_beyond(std::size_t what) const {
  std::size_t sum = 0;
  for (auto i = what; i < classes; ++i)
    sum += busy_[i];
  return sum;
}

bool read_queue::may_begin(std::size_t what) const {
  for (std::size_t i = 1; i <= what; ++i) {
    const auto most = readers_ > i ? readers_ - i : 1;
    if (busy_beyond(i) >= most)
      return false;
  }
  return true;
}

std::optional<read_queue::assignment> read_queue::next() {
  if (idle_.empty())
    return std::nullopt;
  std::deque<waiting_read>* first = nullptr;
  for (std::size_t i = 0; i < classes; ++i)
    if (!ready_[i].empty() && may_begin(i)
        && (first == nullptr || ready_[i].front().read < first->front().read))
      first = &ready_[i];
  if (first == nullptr)
    return std::nullopt;
  const auto reader = idle_.back();
  idle_.pop_back();
  const auto& begun = running_[reader] = std::move(first->front());
  first->pop_front();
  ++busy_[static_cast<std::size_t>(begun.what)];
  return assignment{begun.read, reader};
}

void read_queue::done(std::size_t reader) {
  const auto i = running_.find(reader);
  if (i == running_.end())
    return;
  const auto ended = std::move(i->second);
  running_.erase(i);
  --busy_[static_cast<std::size_t>(ended.what)];
  idle_.push_back(reader);
  if (ended.key.empty())
    return;
  auto& behind = behind_.at(ended.key);
  if (behind.empty()) {
    behind_.erase(ended.key);
    return;
  }
  auto next = std::move(behind.front());
  behind.pop_front();
  make_ready(std::move(next));
}

void read_queue::lost(std::size_t reader) {
  done(reader);
  if (std::erase(idle_, reader) > 0)
    --readers_;
}

} // namespace fsshare
