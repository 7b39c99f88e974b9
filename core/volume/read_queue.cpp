// SPDX-License-Identifier: Apache-2.0
#include "core/volume/read_queue.hpp"

#include "core/text/duration_text.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

std::size_t index_of(read_class what) {
  return static_cast<std::size_t>(what);
}

error no_answer(const std::string& subject, std::chrono::nanoseconds timeout) {
  return {errc::deadline_exceeded, subject + ": no answer within "
                                     + format_duration(timeout)
                                     + " (sources.timeout)"};
}

} // namespace

read_queue::read_queue(const settings& s) : settings_(s) {
}

status read_queue::add(wanted_read wanted, time_point now) {
  if (auto free = check_hanging(wanted); !free)
    return free;
  const auto key = wanted.key;
  waiting_read added{std::move(wanted), now};
  if (!key.empty()) {
    if (const auto known = behind_.find(key); known != behind_.end()) {
      known->second.push_back(std::move(added));
      return unit{};
    }
    behind_.try_emplace(key);
  }
  make_ready(std::move(added));
  return unit{};
}

void read_queue::make_ready(waiting_read next) {
  ready_[index_of(next.wanted.what)].push_back(std::move(next));
}

std::size_t read_queue::limit_of(read_class what) const {
  const auto most = settings_.most_slow_of_owner;
  return what == read_class::tree && most > 1 ? most - 1 : most;
}

// Whether so much hangs that nothing is to be tried again.
status read_queue::check_hanging(const wanted_read& wanted) const {
  if (wanted.what == read_class::volume)
    return unit{};
  struct count {
    std::size_t reads = 0;
    std::string example = {};
    void add(const running_read& one) {
      ++reads;
      example = one.wanted.subject;
    }
  };
  count all;
  count own;
  count near;
  for (const auto& entry : running_) {
    const auto& one = entry.second;
    if (one.has_place || !one.is_answered)
      continue;
    all.add(one);
    if (!wanted.owner.empty() && one.wanted.owner == wanted.owner)
      own.add(one);
    if (!wanted.device.empty() && one.wanted.device == wanted.device)
      near.add(one);
  }
  const auto refused = [&](const count& hung, const std::string& whose) {
    return error{errc::resource_exhausted,
                 wanted.subject + ": not tried, " + std::to_string(hung.reads)
                   + " reads of sources " + whose
                   + "do not answer, such as: " + hung.example};
  };
  if (own.reads >= limit_of(wanted.what))
    return refused(own, "for sandbox '" + wanted.owner + "' ");
  if (near.reads >= settings_.most_slow_of_device)
    return refused(near, "on the same device, " + wanted.device + ", ");
  if (all.reads >= settings_.most_slow)
    return refused(all, "");
  return unit{};
}

// Returns how many places a read of this class has, or one that may take
// longer.
std::size_t read_queue::busy_beyond(std::size_t what) const {
  std::size_t sum = 0;
  for (auto i = what; i < classes; ++i)
    sum += busy_[i];
  return sum;
}

bool read_queue::may_begin(std::size_t what) const {
  if (busy_beyond(0) >= settings_.readers)
    return false;
  for (std::size_t i = 1; i <= what; ++i) {
    const auto most = settings_.readers > i ? settings_.readers - i : 1;
    if (busy_beyond(i) >= most)
      return false;
  }
  return true;
}

template <class Of>
std::size_t read_queue::slow_where(Of of) const {
  return static_cast<std::size_t>(
    std::count_if(running_.begin(), running_.end(), [&](const auto& entry) {
      return !entry.second.has_place && of(entry.second.wanted);
    }));
}

std::size_t read_queue::slow() const {
  return slow_where([](const wanted_read&) {
    return true;
  });
}

// Whether its owner and its device may have one more that is slow.
bool read_queue::may_be_slow(const wanted_read& wanted) const {
  if (wanted.what == read_class::volume)
    return true;
  const auto of_owner = [&](const wanted_read& one) {
    return one.owner == wanted.owner;
  };
  const auto of_device = [&](const wanted_read& one) {
    return one.device == wanted.device;
  };
  return (wanted.owner.empty() || slow_where(of_owner) < limit_of(wanted.what))
         && (wanted.device.empty()
             || slow_where(of_device) < settings_.most_slow_of_device);
}

std::optional<read_queue::assignment> read_queue::next(time_point now) {
  std::deque<waiting_read>* from = nullptr;
  std::deque<waiting_read>::iterator first;
  for (std::size_t i = 0; i < classes; ++i) {
    if (ready_[i].empty() || !may_begin(i))
      continue;
    const auto found = std::find_if(ready_[i].begin(), ready_[i].end(),
                                    [this](const waiting_read& one) {
                                      return may_be_slow(one.wanted);
                                    });
    if (found == ready_[i].end()
        || (from != nullptr && first->wanted.read < found->wanted.read))
      continue;
    from = &ready_[i];
    first = found;
  }
  if (from == nullptr)
    return std::nullopt;
  if (idle_.empty())
    idle_.push_back(readers_made_++);
  const auto reader = idle_.back();
  idle_.pop_back();
  const auto& begun = running_[reader]
    = running_read{std::move(first->wanted), now, now, 0, true, false};
  from->erase(first);
  ++busy_[index_of(begun.wanted.what)];
  return assignment{begun.wanted.read, reader};
}

void read_queue::moved(std::size_t reader, std::uint64_t steps,
                       time_point now) {
  const auto i = running_.find(reader);
  if (i == running_.end() || i->second.steps == steps)
    return;
  i->second.steps = steps;
  i->second.moved = now;
}

// Lets another begin beside a read, as long as there may be as many.
void read_queue::give_up_place(running_read& one) {
  if (!one.has_place || slow() >= settings_.most_slow)
    return;
  one.has_place = false;
  --busy_[index_of(one.wanted.what)];
}

std::vector<read_queue::refusal> read_queue::expire(time_point now) {
  checked_ = now;
  std::vector<refusal> out;
  for (auto& entry : running_) {
    auto& one = entry.second;
    if (one.begun + settings_.slow_after <= now)
      give_up_place(one);
    if (one.is_answered || one.moved + settings_.timeout > now)
      continue;
    one.is_answered = true;
    out.push_back({one.wanted.read,
                   no_answer(one.wanted.subject, settings_.timeout), true});
  }
  expire_waiting(now, out);
  return out;
}

void read_queue::expire_waiting(time_point now, std::vector<refusal>& out) {
  // What waits for something that hangs, and would hang itself.
  for (auto& ready : ready_)
    std::erase_if(ready, [&](const waiting_read& one) {
      auto free = check_hanging(one.wanted);
      if (free)
        return false;
      out.push_back({one.wanted.read, free.err(), false});
      return true;
    });
  for (const auto& entry : running_) {
    const auto& ahead = entry.second;
    if (!ahead.is_answered || ahead.wanted.key.empty())
      continue;
    std::erase_if(behind_.at(ahead.wanted.key), [&](const waiting_read& one) {
      if (one.since + settings_.timeout > now)
        return false;
      out.push_back({one.wanted.read,
                     no_answer(one.wanted.subject, settings_.timeout), false});
      return true;
    });
  }
}

std::optional<read_queue::read_end> read_queue::done(std::size_t reader) {
  const auto i = running_.find(reader);
  if (i == running_.end())
    return std::nullopt;
  const auto ended = std::move(i->second);
  running_.erase(i);
  if (ended.has_place)
    --busy_[index_of(ended.wanted.what)];
  release(ended.wanted.key);
  // Those that have a place have a reader.
  const bool retire = busy_beyond(0) + idle_.size() >= settings_.readers;
  if (!retire)
    idle_.push_back(reader);
  return read_end{ended.wanted.read, ended.is_answered, retire};
}

// Lets what waits behind a key begin.
void read_queue::release(const std::string& key) {
  if (key.empty())
    return;
  auto& behind = behind_.at(key);
  if (behind.empty()) {
    behind_.erase(key);
    return;
  }
  auto next = std::move(behind.front());
  behind.pop_front();
  make_ready(std::move(next));
}

void read_queue::lost(std::size_t reader) {
  done(reader);
  std::erase(idle_, reader);
}

std::vector<std::uint64_t> read_queue::forget(const std::string& owner) {
  std::vector<std::uint64_t> out;
  if (owner.empty())
    return out;
  for (auto& ready : ready_)
    std::erase_if(ready, [&](const waiting_read& one) {
      if (one.wanted.owner != owner)
        return false;
      out.push_back(one.wanted.read);
      return true;
    });
  for (auto& entry : running_) {
    auto& one = entry.second;
    if (one.wanted.owner != owner)
      continue;
    one.wanted.owner.clear();
    if (!std::exchange(one.is_answered, true))
      out.push_back(one.wanted.read);
  }
  return out;
}

std::optional<read_queue::time_point> read_queue::next_due() const {
  std::optional<time_point> due;
  const auto earlier = [&due](time_point at) {
    due = due ? std::min(*due, at) : at;
  };
  const bool may_be_slow = slow() < settings_.most_slow;
  // Steps are looked at often, so that what stands still is found soon.
  const auto next_check = checked_ + settings_.timeout / pacing::read_checks;
  for (const auto& entry : running_) {
    const auto& one = entry.second;
    if (one.has_place && may_be_slow)
      earlier(one.begun + settings_.slow_after);
    else if (!one.is_answered)
      earlier(std::min(one.moved + settings_.timeout,
                       std::max(next_check, one.moved)));
    else if (!one.wanted.key.empty())
      for (const auto& waiting : behind_.at(one.wanted.key))
        earlier(waiting.since + settings_.timeout);
  }
  return due;
}

std::map<std::size_t, std::uint64_t> read_queue::running() const {
  std::map<std::size_t, std::uint64_t> out;
  for (const auto& [reader, one] : running_)
    out.emplace(reader, one.wanted.read);
  return out;
}

std::vector<hung_read> read_queue::hung_of(const std::string& owner,
                                           time_point now) const {
  std::vector<hung_read> out;
  for (const auto& entry : running_) {
    const auto& one = entry.second;
    if (one.is_answered && one.wanted.owner == owner)
      out.push_back({one.wanted.subject, now - one.moved});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const hung_read& a, const hung_read& b) {
                     return a.since > b.since;
                   });
  return out;
}

std::vector<std::string> read_queue::slow_reads() const {
  std::vector<std::string> out;
  for (const auto& entry : running_)
    if (!entry.second.has_place)
      out.push_back(entry.second.wanted.subject);
  return out;
}

} // namespace fsshare
