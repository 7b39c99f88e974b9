// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/slow_guest_rows.hpp"

#include "bench/suite/bystander.hpp"
#include "bench/suite/first_copy.hpp"
#include "bench/suite/rotating_side.hpp"

#include <memory>
#include <utility>

namespace fsshare::bench {

namespace {

constexpr double service_seconds = 250e-6;

guest_kind slow_guest() {
  return {"0ms", "250us", 1};
}

constexpr tree_shape small_files{1000, 1 << 10};

using work_of_side = std::function<sample(const taking& how)>;

/// Who does it, and how it is done there.
struct worker {
  std::string name;
  work_of_side work;
};

sample take_alone(copying_side& by, const std::function<void()>& work) {
  return by.take(work);
}

/// What the bystander waits is added to what is measured otherwise.
sample run_watched(const work_of_side& work, double& waited) {
  return work([&waited](copying_side& by, const std::function<void()>& does) {
    bystander beside{by.guest().address()};
    auto out = by.take(does);
    waited = beside.end();
    return out;
  });
}

side alone(const worker& who) {
  return {who.name, [who] {
            return who.work(take_alone);
          }};
}

side watched(const worker& who) {
  return {who.name + ", with a bystander", [who] {
            double ignored = 0;
            return run_watched(who.work, ignored);
          }};
}

/// The time of this side is what the bystander waits.
side waiting(const worker& who) {
  return {who.name, [who] {
            double waited = 0;
            run_watched(who.work, waited);
            return sample{waited};
          }};
}

template <class Side, class... Options>
worker copies(std::string name, const std::shared_ptr<const made_tree>& tree,
              const Options&... options) {
  return {std::move(name), [=](const taking& how) {
            return first_copy(
              *tree,
              [&] {
                return std::make_unique<Side>(slow_guest(), options...);
              },
              how);
          }};
}

worker rotates(std::string name, std::unique_ptr<copying_side> by,
               const rotation_work& work) {
  const auto at = std::make_shared<rotating_side>(std::move(by), work.shape);
  return {std::move(name), [at, work](const taking& how) {
            return at->run(work.rotations, how);
          }};
}

/// fsshared, and the serial peer.
struct both {
  worker ours;
  worker peers;
};

both copying() {
  const auto tree = std::make_shared<const made_tree>(small_files);
  return {copies<fsshare_side>("fsshare", tree),
          copies<serial_side>("serial peer", tree, rendering::json)};
}

both rotating_by(const rotation_work& work) {
  return {rotates("fsshare", std::make_unique<fsshare_side>(work.guest), work),
          rotates("serial peer",
                  std::make_unique<serial_side>(work.guest, rendering::json),
                  work)};
}

/// What the guest has to do whoever asks, one request after the other.
side guests_own(double requests) {
  return {"the guest's own time", [requests] {
            return sample{requests * service_seconds};
          }};
}

std::vector<side> time_sides(const both& who, double requests) {
  return {alone(who.ours), guests_own(requests), alone(who.peers),
          watched(who.ours)};
}

std::vector<side> wait_sides(const both& who) {
  return {waiting(who.ours), waiting(who.peers)};
}

// A request for the directory, and those of a new connection.
constexpr double copy_requests = small_files.files + 1 + 2;

/// A directory, its files, and what makes it the one that is seen.
double requests_of(const rotation_shape& shape) {
  return shape.volumes * shape.destinations * (shape.keys + 2.0);
}

/// Within 1.1 times of what the guest needs.
constexpr aim near_guest{1 / 1.1};
/// What a bystander waits.
constexpr aim short_queue{0, 5e-3};

constexpr const char* waits_for = "what a Check waits behind it (p99): ";

void add_rotation(std::vector<row>& out, const std::string& name,
                  const rotation_work& work, int repeats, extent since) {
  const auto words = words_of(work);
  out.push_back(
    {"rotate-" + name + "-250us", words, near_guest, since, repeats, [work] {
       return time_sides(rotating_by(work), requests_of(work.shape));
     }});
  out.push_back({"bystander-" + name, waits_for + words, short_queue, since,
                 repeats, [work] {
                   return wait_sides(rotating_by(work));
                 }});
}

} // namespace

std::vector<row> slow_guest_rows() {
  constexpr int repeats = 5;
  constexpr int repeats_of_long = 3;
  const std::string copy = "first copy of 1,000 × 1 KiB, round trip 0ms, 250us "
                           "of guest CPU a request";
  std::vector<row> out{{"copy-small-250us", copy, near_guest, extent::usual,
                        repeats,
                        [] {
                          return time_sides(copying(), copy_requests);
                        }},
                       {"bystander-copy-small", waits_for + copy, short_queue,
                        extent::usual, repeats, [] {
                          return wait_sides(copying());
                        }}};
  const auto guest = slow_guest();
  add_rotation(out, "1-10-10", {{1, 10, 10}, guest, 5}, repeats, extent::usual);
  add_rotation(out, "1-1-500", {{1, 1, 500}, guest, 3}, repeats, extent::usual);
  add_rotation(out, "50-10-10", {{50, 10, 10}, guest, 1}, repeats_of_long,
               extent::full);
  return out;
}

} // namespace fsshare::bench
