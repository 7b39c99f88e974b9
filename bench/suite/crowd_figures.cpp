// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/crowd_figures.hpp"

#include "bench/suite/crowd.hpp"
#include "bench/suite/process_cost.hpp"
#include "bench/suite/sample.hpp"
#include "tests/support/process_usage.hpp"

#include <chrono>
#include <string>
#include <thread>

namespace fsshare::bench {

namespace {

std::string sandboxes_text(int count) {
  return std::to_string(count) + " sandboxes × "
         + std::to_string(crowd::volumes_each) + " volumes";
}

double rss_mib(int pid) {
  return static_cast<double>(test::usage_of(pid).rss_kib) / 1024;
}

/// What fsshared takes while nothing happens.
void add_idle(std::vector<figure>& out, crowd& of, int sandboxes) {
  constexpr std::chrono::seconds settle{5};
  // One sweep.
  constexpr std::chrono::seconds idle{30};
  constexpr double most_mib = 64;
  constexpr double most_percent = 0.5;
  std::this_thread::sleep_for(settle);
  const auto pid = of.pid();
  const cpu_meter cpu{pid};
  const auto waited = waits(pid);
  std::this_thread::sleep_for(idle);
  const auto seconds = static_cast<double>(idle.count());
  const auto usage = test::usage_of(pid);
  const auto name = sandboxes_text(sandboxes) + ", idle: ";
  out.push_back({name + "resident memory", rss_mib(pid), "MiB", most_mib});
  out.push_back({name + "of a processor", cpu.seconds() / seconds * 100, "%",
                 most_percent});
  out.push_back(
    {name + "wake-ups a second", (waits(pid) - waited) / seconds, "", 0});
  out.push_back(
    {name + "descriptors", static_cast<double>(usage.descriptors), "", 0});
  out.push_back({name + "watches", static_cast<double>(usage.watches), "", 0});
}

/// Rotates all volumes.
void add_rotation(std::vector<figure>& out, crowd& of, int sandboxes,
                  double most_seconds) {
  const auto name = sandboxes_text(sandboxes) + ": ";
  const auto before = rss_mib(of.pid());
  out.push_back(
    {name + "all rotate at once, drained", of.rotate_all(), "s", most_seconds});
  // Memory is given back a moment later.
  std::this_thread::sleep_for(std::chrono::seconds{10});
  out.push_back({name + "growth of the resident memory by that",
                 (rss_mib(of.pid()) / before - 1) * 100, "%", 10});
}

std::vector<figure> measure_crowd() {
  constexpr int most = 1000;
  std::vector<figure> out;
  crowd of;
  double sharing = 0;
  for (const int count : {1, 100, most}) {
    sharing += of.grow_to(count);
    add_idle(out, of, count);
  }
  const auto all = sandboxes_text(most);
  out.push_back({all + ": shared one by one", sharing, "s", 5});
  add_rotation(out, of, most, 5);
  out.push_back({all + ": killed and started, until calls are taken",
                 of.start_again(), "s", 1});
  return out;
}

/// More sandboxes than a node has as a rule.
std::vector<figure> measure_scale() {
  constexpr int sandboxes = 2000;
  constexpr int guests = 4;
  std::vector<figure> out;
  crowd of{guests};
  const auto sharing = of.grow_to(sandboxes);
  add_idle(out, of, sandboxes);
  out.push_back(
    {sandboxes_text(sandboxes) + ": shared one by one", sharing, "s", 0});
  add_rotation(out, of, sandboxes, 10);
  return out;
}

/// The median of some starts.
std::vector<figure> measure_start() {
  constexpr int starts = 9;
  constexpr double ms = 1e3;
  crowd nobody;
  std::vector<double> taken(starts);
  for (auto& seconds : taken)
    seconds = nobody.start_again();
  return {{"nothing to adopt: killed and started, until calls are taken",
           median(taken) * ms, "ms", 0}};
}

} // namespace

std::vector<figure_group> crowd_figures() {
  return {{"crowd", extent::usual, measure_crowd},
          {"start", extent::usual, measure_start},
          {"scale", extent::full, measure_scale}};
}

} // namespace fsshare::bench
