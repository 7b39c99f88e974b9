// SPDX-License-Identifier: Apache-2.0
#include "tests/siege/honest_part.hpp"

#include "core/paths.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <utility>

namespace fsshare::siege {

namespace {

using clock = test::data_observer::clock;
using test::milliseconds;

constexpr milliseconds rotation_interval{50};
constexpr std::size_t rotations_per_sandbox_made = 10;
constexpr std::chrono::seconds patience{10};

test::payload contents(std::size_t turn) {
  test::payload out;
  for (int key = 0; key < 10; ++key)
    out["key-" + std::to_string(key)] = {std::to_string(turn)};
  return out;
}

/// Calls, and notes how long that took, or why it failed.
template <class Call>
void measure(std::vector<milliseconds>& times, service_figures& into,
             const Call& call) {
  const auto begin = clock::now();
  const auto done = call();
  times.emplace_back(clock::now() - begin);
  if (!done)
    into.failures.push_back(done.err().message);
}

} // namespace

milliseconds percentile(const std::vector<milliseconds>& sorted,
                        std::size_t percent) {
  if (sorted.empty())
    return milliseconds{0};
  return sorted[std::min(sorted.size() - 1, sorted.size() * percent / 100)];
}

honest_part::honest_part(const std::string& socket, const std::string& dir,
                         std::size_t sandboxes)
  : bind_source_(join(dir, "source")), client_(socket) {
  std::filesystem::create_directories(bind_source_);
  for (std::size_t i = 0; i < sandboxes; ++i)
    add(i, dir);
}

void honest_part::add(std::size_t number, const std::string& dir) {
  const auto name = "honest-" + std::to_string(number);
  const auto volume
    = join(dir, "pods/" + name + "/volumes/kubernetes.io~secret/keys");
  std::filesystem::create_directories(volume);
  auto each = std::make_unique<one_sandbox>();
  each->kubelet
    = std::make_unique<test::rotator>(volume, test::kubelet_order::from_1_27);
  rotate(*each);
  each->made.clear();
  if (const auto done
      = client_.prepare_copy(name, to_string(each->guest.address()));
      !done)
    throw std::runtime_error{done.err().message};
  const auto shared = client_.share(name, "app", volume, "/keys", true);
  if (!shared)
    throw std::runtime_error{shared.err().message};
  each->observed
    = observer_.add(join(each->guest.root(), base_name(shared->guest_path())));
  sandboxes_.push_back(std::move(each));
}

void honest_part::rotate(one_sandbox& each) {
  each.made.push_back(
    test::make_rotation(*each.kubelet, contents(++turns_), {}));
}

service_figures honest_part::serve(std::chrono::seconds time) {
  service_figures out;
  const auto end = clock::now() + time;
  for (std::size_t turn = 0; clock::now() < end; ++turn) {
    const auto next
      = clock::now()
        + std::chrono::duration_cast<clock::duration>(rotation_interval);
    rotate(*sandboxes_[turn % sandboxes_.size()]);
    if (turn % rotations_per_sandbox_made == 0)
      make_and_end(out);
    std::this_thread::sleep_until(next);
  }
  wait_for_last();
  for (auto& each : sandboxes_) {
    const auto seen = observer_.seen(each->observed);
    for (std::size_t i = 0; i < each->made.size(); ++i) {
      const auto got = test::arrival_of(each->made, i, seen);
      if (got.lag)
        out.lags.push_back(*got.lag);
      else
        ++(got.superseded_by ? out.superseded : out.lost);
    }
    each->made.clear();
  }
  for (auto* times : {&out.lags, &out.prepares, &out.shares, &out.cleanups})
    std::sort(times->begin(), times->end());
  return out;
}

void honest_part::make_and_end(service_figures& into) {
  const std::string name = "honest-made";
  measure(into.prepares, into, [&] {
    return client_.prepare(name);
  });
  measure(into.shares, into, [&] {
    return client_.share(name, "app", bind_source_, "/data", true);
  });
  measure(into.cleanups, into, [&] {
    return client_.cleanup(name);
  });
}

void honest_part::wait_for_last() {
  const auto limit = clock::now() + patience;
  const auto has_last = [this](const auto& each) {
    const auto seen = observer_.seen(each->observed);
    return each->made.empty()
           || test::arrival_of(each->made, each->made.size() - 1, seen).good;
  };
  while (!std::all_of(sandboxes_.begin(), sandboxes_.end(), has_last)
         && clock::now() < limit)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
}

} // namespace fsshare::siege
