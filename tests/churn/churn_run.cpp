// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/churn_run.hpp"

#include "core/paths.hpp"
#include "tests/churn/lag_table.hpp"
#include "tests/support/copied_volume.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

namespace fsshare::churn {

namespace {

/// Guest agents of each kind, in each kind of trouble.
struct sandbox_plan {
  const char* name;
  const char* profile;
  trouble what;
  bool stops_watcher = false;
};
constexpr std::array sandbox_plans{
  sandbox_plan{"calm", "4.0", trouble::none},
  sandbox_plan{"calm-4.2", "4.2", trouble::none},
  sandbox_plan{"calm-3.18", "3.18", trouble::none},
  sandbox_plan{"calm-3.3", "3.3", trouble::none},
  sandbox_plan{"slow", "4.0", trouble::slow},
  sandbox_plan{"unwatched", "4.0", trouble::none, true},
  sandbox_plan{"bad", "4.0", trouble::faults},
  sandbox_plan{"bad-4.2", "4.2", trouble::faults},
  sandbox_plan{"bad-3.18", "3.18", trouble::faults},
  sandbox_plan{"bad-3.3", "3.3", trouble::faults},
};

/// Guests that hang are given up soon; what is late is late by less than the
/// quiet time.
constexpr const char* node_config = R"(
  "guest": {"dial_timeout": "5s", "request_timeout": "2s",
            "quiet_time": "400ms", "no_implicit_parents_from": "4.2"},
  "volumes": {"grace": "1s", "sweep_interval": "5s"},
  "mounts": {"visibility": "assumed"},
  "log": {"level": "info"})";

// A state that was set aside counts.
bool is_state(const std::string& name) {
  return name.find(".jsonl") != std::string::npos;
}

std::string text_of(const test::process_usage& usage) {
  return std::to_string(usage.rss_kib) + " KiB resident, "
         + std::to_string(usage.descriptors) + " descriptors, "
         + std::to_string(usage.watches) + " watches, "
         + std::to_string(usage.threads) + " threads";
}

} // namespace

churn_run::churn_run(const churn_options& with, const std::string& dir,
                     test::transcript& out)
  : with_(with), out_(out), random_(with.seed),
    host_(join(dir, "kubelet"), with.volumes, with.seed), mounting_(dir),
    node_(mounting_.share_root(), node_config),
    at_start_(test::usage_at_rest(node_.node().program().pid())),
    client_(node_.node().socket()), audit_(host_, sandboxes_, client_) {
}

void churn_run::run() {
  out_.say("seed " + std::to_string(with_.seed));
  out_.say("fsshared at its start: " + text_of(at_start_));
  if (!mounting_.unavailable().empty())
    out_.skip("mounts are made and ended under kills: "
              + mounting_.unavailable());
  make_sandboxes();
  share_every_volume();
  churn();
  out_.heading("Rotations");
  out_.say(lag_table(host_, sandboxes_, observer_, node_.node().log()));
  out_.say(std::to_string(host_.rotations()) + " rotations of "
           + std::to_string(host_.volumes()) + " volumes, "
           + std::to_string(host_.died()) + " times the kubelet died, "
           + std::to_string(node_.kills()) + " times fsshared was killed, "
           + std::to_string(mounting_.sandboxes())
           + " sandboxes with mounts came and went");
  end_all();
}

/// Time is counted in rotations, and stands still at check points.
void churn_run::churn() {
  const std::chrono::duration<double> tick{1 / with_.rate};
  const auto ticks_of = [&](std::chrono::seconds time) {
    return static_cast<std::uint64_t>(std::ceil(time / tick));
  };
  const auto end = ticks_of(with_.duration);
  auto next_check = ticks_of(with_.check_every);
  mounting_.work(node_.node().socket());
  auto due = clock::now();
  while (ticks_ < end) {
    std::this_thread::sleep_until(due);
    const auto used = act();
    ticks_ += used;
    due += std::chrono::duration_cast<clock::duration>(
      tick * static_cast<double>(used));
    if (ticks_ < next_check && ticks_ < end)
      continue;
    check_point(ticks_ >= end);
    next_check += ticks_of(with_.check_every);
    if (ticks_ < end)
      mounting_.work(node_.node().socket());
    due = clock::now();
  }
}

void churn_run::make_sandboxes() {
  for (const auto& plan : sandbox_plans)
    sandboxes_.push_back(std::make_unique<churn_sandbox>(
      plan.name, plan.profile, plan.what, plan.stops_watcher,
      node_.node().socket(), observer_));
}

/// Each volume with some container, so that none is idle.
void churn_run::share_every_volume() {
  for (std::size_t volume = 0; volume < host_.volumes(); ++volume) {
    auto& to = *sandboxes_[volume % sandboxes_.size()];
    const auto id = "first-" + std::to_string(volume);
    to.front.add_container(id, {{volume, host_.dir(volume)}});
    to.containers.push_back(id);
  }
}

/// One rotation, and now and then something else. Depends on what was done
/// before alone, not on how it went, so that a seed makes the same sequence.
/// @returns the number of rotations.
std::uint64_t churn_run::act() {
  constexpr std::uint64_t burst = 3;
  const auto rotations = once_in(random_, 20) ? burst : 1;
  const auto volume = pick(random_, host_.volumes());
  for (std::uint64_t i = 0; i < rotations; ++i) {
    host_.rotate(volume);
    node_.rotated();
  }
  const auto kills_in
    = std::max(1.0, with_.rate * static_cast<double>(with_.kill_every.count()));
  if (kills() && once_in(random_, static_cast<std::uint64_t>(kills_in)))
    kill_node();
  if (once_in(random_, 2))
    change_containers();
  if (once_in(random_, 5))
    make_trouble();
  return rotations;
}

/// Keeps their number about the same.
void churn_run::change_containers() {
  auto& of = *sandboxes_[pick(random_, sandboxes_.size())];
  const auto usual = 2 * host_.volumes() / sandboxes_.size();
  if (of.containers.size() < usual && !once_in(random_, 4)) {
    add_container(of);
    return;
  }
  if (of.containers.empty())
    return;
  const auto at
    = of.containers.begin()
      + static_cast<std::ptrdiff_t>(pick(random_, of.containers.size()));
  of.front.remove_container(*at);
  of.containers.erase(at);
}

void churn_run::add_container(churn_sandbox& to) {
  const auto id = "app-" + std::to_string(++containers_);
  const auto first = pick(random_, host_.volumes());
  std::vector<wanted_volume> volumes{{first, host_.dir(first)}};
  const auto second = pick(random_, host_.volumes());
  if (second != first && once_in(random_, 2))
    volumes.push_back({second, host_.dir(second)});
  to.front.add_container(id, volumes);
  to.containers.push_back(id);
}

void churn_run::make_trouble() {
  auto& with = *sandboxes_[pick(random_, sandboxes_.size())];
  if (with.guest.what() == trouble::faults)
    with.guest.restart(random_);
  if (with.stops_watcher) {
    with.watcher_runs = !with.watcher_runs;
    with.front.run_watcher(with.watcher_runs);
  }
}

/// Whether fsshared is killed at this time of the run.
bool churn_run::kills() const {
  const auto rotated
    = std::chrono::duration<double>{static_cast<double>(ticks_) / with_.rate};
  return with_.kill_every.count() != 0 && rotated * 3 < with_.duration * 2;
}

void churn_run::kill_node() {
  node_.kill(random_);
  // It begins small again.
  usages_.clear();
}

void churn_run::revive_node() {
  node_.revive();
  client_ = test::control_client{node_.node().socket()};
}

void churn_run::check_point(bool is_last) {
  out_.heading("Check point after " + std::to_string(ticks_) + " rotations");
  bring_to_rest();
  if (is_last && with_.tamper == test::tampering::watcher)
    rotate_unwatched();
  const auto copies = "all " + std::to_string(audit_.copies()) + " copies";
  const auto unsettled = wait_until_settled();
  out_.check(unsettled.empty(),
             copies + " have their volume's generation, the guests nothing old",
             unsettled);
  if (is_last)
    test::tamper_with_copy(with_.tamper, sandboxes_.front()->a_copy(),
                           "log.level");
  const auto differences = audit_.differences();
  out_.check(differences.empty(), copies + " equal their volumes", differences);
  check_usage(is_last);
}

/// Ends what keeps copies from being current: an fsshared that is away, hung
/// guests, watchers that do not run, a kubelet that died, requests that are
/// still to be made.
void churn_run::bring_to_rest() {
  host_.settle();
  revive_node();
  mounting_.rest();
  out_.check(mounting_.failures().empty() && mounting_.mounts().empty(),
             "what was mounted was as it should be, and is gone",
             mounting_.failures() + mounting_.mounts());
  for (auto& each : sandboxes_) {
    each->guest.heal();
    if (!std::exchange(each->watcher_runs, true))
      each->front.run_watcher(true);
  }
  std::string failures;
  for (auto& each : sandboxes_) {
    each->front.drain();
    for (const auto& failure : each->front.failures())
      failures += each->front.sandbox() + ": " + failure + "\n";
  }
  out_.check(failures.empty(), "requests fail for their guests only", failures);
}

/// So that updates are lost.
void churn_run::rotate_unwatched() {
  for (auto& each : sandboxes_) {
    each->front.run_watcher(false);
    each->front.drain();
  }
  for (std::size_t volume = 0; volume < host_.volumes(); ++volume)
    host_.rotate(volume);
  host_.settle();
}

/// @returns what is still unsettled when patience ends.
std::string churn_run::wait_until_settled() {
  const auto limit = clock::now() + with_.patience;
  for (;;) {
    auto unsettled = audit_.unsettled();
    if (unsettled.empty() || clock::now() > limit)
      return unsettled;
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
}

/// The guests are at rest: what fsshared holds is for what they have.
void churn_run::check_usage(bool is_last) {
  const auto now = test::usage_at_rest(node_.node().program().pid());
  out_.say("fsshared: " + text_of(now));
  out_.check(now.watches == audit_.shared_volumes(),
             "there is one watch per shared volume, and no other",
             std::to_string(audit_.shared_volumes()) + " volumes");
  // One for each guest, one for each shim, and two for this program, which is
  // connected, and owns the sandboxes.
  out_.check(now.descriptors
               <= at_start_.descriptors + 2 * sandboxes_.size() + 2,
             "there are no descriptors but those of the sandboxes");
  usages_.push_back(now);
  if (!is_last)
    return;
  const auto growth = static_cast<std::ptrdiff_t>(now.rss_kib)
                      - static_cast<std::ptrdiff_t>(usages_.front().rss_kib);
  out_.check(growth <= static_cast<std::ptrdiff_t>(with_.growth_mib * 1024),
             "fsshared has grown by at most " + std::to_string(with_.growth_mib)
               + " MiB since the first check point",
             std::to_string(growth) + " KiB");
}

/// Takes everything away again.
void churn_run::end_all() {
  out_.heading("The end");
  for (auto& each : sandboxes_)
    for (const auto& id : std::exchange(each->containers, {}))
      each->front.remove_container(id);
  drain();
  const auto unsettled = wait_until_settled();
  out_.check(unsettled.empty(), "nothing of any share is left in the guests",
             unsettled);
  const auto now = test::usage_of(node_.node().program().pid());
  out_.check(now.watches == 0, "no watch is left", text_of(now));
  for (auto& each : sandboxes_)
    each->front.clean_up();
  drain();
  if (with_.tamper == test::tampering::share)
    std::ofstream{join(node_.share_root(), "forgotten")};
  out_.check(std::filesystem::is_empty(node_.share_root()),
             "nothing is left below share.root");
  const auto states = test::entries_of(node_.node().state_dir());
  out_.check(std::none_of(states.begin(), states.end(), is_state),
             "no state file is left", test::lines_of(states));
  out_.check(node_.ends() == 0, "fsshared ended by nothing but what killed it",
             node_.node().log());
  check_end();
}

/// Waits until all requests are answered, and kills fsshared meanwhile.
void churn_run::drain() {
  constexpr int kills = 3;
  for (int n = 0; n < kills && with_.kill_every.count() != 0; ++n)
    kill_node();
  revive_node();
  for (auto& each : sandboxes_)
    each->front.drain();
}

void churn_run::check_end() {
  std::string complaints;
  for (auto& each : sandboxes_) {
    const auto code = each->guest.stop();
    complaints += each->guest.complaints();
    if (code != 0)
      complaints += each->front.sandbox() + "'s guest agent ends with "
                    + std::to_string(code) + "\n";
  }
  out_.check(complaints.empty(), "the guest agents end with 0", complaints);
  sandboxes_.clear();
  const auto now = test::usage_at_rest(node_.node().program().pid());
  out_.say("fsshared: " + text_of(now));
  out_.check(now.descriptors == at_start_.descriptors + 1,
             "no descriptor is left but this program's connection",
             text_of(at_start_));
  out_.check(node_.node().program().terminate() == 0,
             "fsshared ends with 0 on SIGTERM", node_.node().log());
}

void churn_run::show_logs() {
  out_.command({"log", "of", "fsshared:"}, node_.node().log());
}

} // namespace fsshare::churn
