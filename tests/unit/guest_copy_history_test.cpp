// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "core/volume/guest_copy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

constexpr unsigned seeds = 3000;
constexpr const char* root_path = "/g/v";
// Of a push: its directory, three files and the flip.
constexpr unsigned requests_of_push = 5;

/// What a guest may hold by all that was sent to it and answered.
struct guest_model {
  std::set<std::string> used;
  /// Generations that `..data` may name; one unless a flip is not settled.
  std::set<std::string> live;
  /// What a late flip has made `..data` name since.
  std::string late_live;
  std::set<std::string> generations;
  /// Visible links with the group that each was last sent with.
  std::map<std::string, std::uint32_t> links;
  /// Groups that the root may have.
  std::set<std::uint32_t> root_groups;
  /// Requests of superseded pushes since `..data` last changed.
  std::uint64_t wasted = 0;
};

/// What a request without an answer does later.
struct late_event {
  guest_copy::time_point at;
  std::string made;
  std::string flipped_to;
  std::string unlinked = {};
  std::string linked = {};
  std::uint32_t gid = 0;
};

class history {
public:
  explicit history(unsigned seed) : rng_(seed), copy_(settings_of(seed)) {
    can_remove_ = pick(4) != 0;
    rotate();
  }

  void run() {
    for (int n = 0; n < 80; ++n) {
      if (pick(4) == 0)
        rotate();
      now_ += std::chrono::milliseconds{pick(1500)};
      if (pick(20) == 0)
        copy_.retry_now(now_);
      happen_late();
      step();
    }
    faults_ = false;
    for (int n = 0; n < 80; ++n) {
      now_ += 20s;
      happen_late();
      step();
    }
    CHECK(copy_.converged(host_->id));
    check_end();
  }

private:
  static guest_copy::settings settings_of(unsigned seed) {
    guest_copy::settings s;
    s.root = root_path;
    s.seed = seed;
    return s;
  }

  unsigned pick(unsigned n) {
    return static_cast<unsigned>(rng_() % n);
  }

  void rotate() {
    volume_snapshot s;
    const auto gid = pick(2) * 2000;
    // Sometimes only the owner changes.
    const bool is_new = !host_ || pick(3) != 0;
    if (is_new)
      ++generation_;
    else
      s.links = host_->links;
    s.id = {"..g" + std::to_string(generation_), gid};
    s.root.gid = gid;
    s.tree.entries.resize(4);
    for (const char* key : {"a", "b", "c"})
      if (is_new && pick(2) == 0)
        s.links.emplace_back(key);
    host_ = std::make_shared<const volume_snapshot>(std::move(s));
  }

  void happen_late() {
    for (auto i = late_.begin(); i != late_.end();) {
      if (i->at > now_) {
        ++i;
        continue;
      }
      if (!i->made.empty())
        model_.generations.insert(i->made);
      if (!i->flipped_to.empty()) {
        CHECK_MESSAGE(model_.generations.contains(i->flipped_to),
                      "a late flip names what is gone: ", i->flipped_to);
        model_.late_live = i->flipped_to;
      }
      model_.links.erase(i->unlinked);
      if (!i->linked.empty())
        model_.links.try_emplace(i->linked, i->gid);
      i = late_.erase(i);
    }
  }

  // Whoever goes on with what is written down knows all that there may be.
  void finished(const order_outcome& outcome) {
    copy_.finished(outcome, now_);
    written_ = copy_.record();
    for (const auto& name : model_.generations)
      CHECK_MESSAGE(written_.generations.contains(name), "forgotten: ", name);
    for (const auto& entry : model_.links)
      CHECK_MESSAGE(written_.links.contains(entry.first),
                    "forgotten: ", entry.first);
  }

  // What was written down of a push, and before it, comes to what is known.
  void check_record() {
    if (const auto push = copy_.push_out_record())
      CHECK(with_push(written_, *push) == copy_.record());
    written_ = copy_.record();
  }

  void is_late(const std::string& made, const std::string& flipped_to) {
    late_.push_back(
      {now_ + std::chrono::milliseconds{pick(25000)}, made, flipped_to});
  }

  void is_unlinked_late(const std::string& name) {
    late_.push_back(
      {now_ + std::chrono::milliseconds{pick(25000)}, {}, {}, name});
  }

  void is_linked_late(const std::string& name, std::uint32_t gid) {
    late_.push_back(
      {now_ + std::chrono::milliseconds{pick(25000)}, {}, {}, {}, name, gid});
  }

  // Takes the orders there are; a removal may take its time.
  void step() {
    if (removal_ && pick(3) == 0)
      carry_out(*std::exchange(removal_, std::nullopt));
    while (auto order = copy_.next(host_, now_)) {
      if (const auto* push = std::get_if<push_order>(&*order)) {
        check_record();
        carry_out(*push);
      } else if (const auto* steps = std::get_if<steps_order>(&*order)) {
        carry_out(*steps);
      } else {
        REQUIRE_FALSE(removal_);
        removal_ = std::get<removal_order>(*order);
        check(*removal_);
        if (pick(2) == 0)
          carry_out(*std::exchange(removal_, std::nullopt));
      }
      if (faults_)
        return;
    }
  }

  void carry_out(const push_order& order) {
    const auto& o = order.options;
    const auto& snapshot = *order.snapshot;
    CHECK_MESSAGE(model_.live.size() <= 1, "pushed before a flip is settled");
    CHECK_MESSAGE(model_.used.insert(o.attempt_name).second,
                  "used twice: ", o.attempt_name);
    model_.generations.insert(o.attempt_name);
    order_outcome outcome;
    outcome.err = {errc::unavailable, "broken"};
    outcome.flip = any_flip();
    if (pick(2) == 0 && faults_ && copy_.overtaken()) {
      CHECK(model_.wasted < requests_of_push);
      outcome.requests = pick(requests_of_push);
      model_.wasted += outcome.requests;
      outcome.flip = flip_state::not_sent;
      outcome.err.code = errc::aborted;
      outcome.cause = stop_cause::superseded;
    }
    if (outcome.flip == flip_state::acknowledged
        || outcome.flip == flip_state::unknown)
      model_.live.insert(o.attempt_name);
    else if (pick(2) == 0 && outcome.cause != stop_cause::superseded) {
      outcome.cause = stop_cause::interrupted;
      if (outcome.flip == flip_state::not_sent)
        is_late(o.attempt_name, {});
    }
    if (outcome.flip == flip_state::unknown && pick(2) == 0) {
      outcome.cause = stop_cause::interrupted;
      is_late({}, o.attempt_name);
    }
    // Links of deleted keys go before the flip where nothing else is removed.
    if (!can_remove_ && outcome.flip != flip_state::not_sent)
      for (const auto& name : o.links_to_remove) {
        model_.links.erase(name);
        outcome.unlinked.push_back(name);
      }
    // The flip follows the acknowledgement of all before it.
    if (o.send_root)
      set_root_group(snapshot.root.gid, outcome.flip != flip_state::not_sent);
    if (outcome.flip == flip_state::acknowledged) {
      model_.wasted = 0;
      model_.live = {o.attempt_name};
      model_.late_live.clear();
      outcome.complete = !faults_ || pick(3) != 0;
      for (const auto& name : o.links)
        if (!o.links_made.contains(name) && (outcome.complete || pick(2) == 0))
          model_.links[name] = snapshot.root.gid;
    }
    finished(outcome);
  }

  void carry_out(const steps_order& order) {
    order_outcome outcome;
    outcome.err = {errc::unavailable, "broken"};
    if (order.steps.front().is_flip) {
      const auto& target = order.steps.front().target;
      CHECK_MESSAGE(
        (model_.live.contains(target) || target == copy_.live_name()),
        "flip to a generation that "
        "may not be whole: ",
        target);
      outcome.flip = any_flip();
      outcome.complete = outcome.flip == flip_state::acknowledged;
      if (outcome.flip == flip_state::unknown) {
        model_.live.insert(target);
        if (pick(2) == 0) {
          outcome.cause = stop_cause::interrupted;
          is_late({}, target);
        }
      }
      if (outcome.complete) {
        if (target != copy_.live_name())
          model_.wasted = 0;
        model_.live = {target};
        model_.late_live.clear();
      }
    } else {
      CHECK(model_.live.size() == 1);
      outcome.complete = !faults_ || pick(3) != 0;
      if (!outcome.complete && pick(2) == 0)
        outcome.cause = stop_cause::interrupted;
      for (const auto& step : order.steps) {
        const std::string name{base_name(step.path)};
        if (step.path == root_path)
          set_root_group(step.gid, outcome.complete);
        else if (outcome.complete || pick(2) == 0)
          model_.links[name] = step.gid;
        else if (outcome.cause == stop_cause::interrupted)
          is_linked_late(name, step.gid);
      }
    }
    finished(outcome);
  }

  void check(const removal_order& order) {
    CHECK_MESSAGE(model_.live.size() <= 1, "removal before a flip is settled");
    for (const auto& step : order.steps) {
      const std::string name{base_name(step.path)};
      CHECK_MESSAGE((!model_.live.contains(name) && name != model_.late_live),
                    "removal of what may be live: ", name);
      CHECK(step.path == join(root_path, name));
      for (const auto& event : late_)
        CHECK_MESSAGE(event.flipped_to != name,
                      "removal of what a late flip may name: ", name);
    }
  }

  void carry_out(const removal_order& order) {
    order_outcome outcome;
    const bool is_cut_off = faults_ && pick(3) == 0;
    if (is_cut_off)
      outcome.cause = stop_cause::interrupted;
    outcome.complete = true;
    outcome.err = {errc::internal, "not removed"};
    for (const auto& step : order.steps) {
      const std::string name{base_name(step.path)};
      CHECK_MESSAGE((!model_.live.contains(name) && name != model_.late_live),
                    "what became live was removed: ", name);
      auto result = removal_result::removed;
      if (!can_remove_)
        result = name.starts_with("..") ? removal_result::emptied
                                        : removal_result::impossible;
      if (faults_ && pick(3) == 0)
        result = removal_result::failed;
      const bool happened
        = result == removal_result::removed
          || (can_remove_ && result == removal_result::failed && pick(2) == 0);
      if (happened) {
        model_.generations.erase(name);
        model_.links.erase(name);
      } else if (result == removal_result::failed && is_cut_off
                 && model_.links.contains(name)) {
        is_unlinked_late(name);
      }
      outcome.complete &= result == removal_result::removed;
      outcome.removals.push_back(result);
    }
    finished(outcome);
  }

  void set_root_group(std::uint32_t gid, bool acknowledged) {
    if (acknowledged)
      model_.root_groups.clear();
    model_.root_groups.insert(gid);
  }

  flip_state any_flip() {
    if (!faults_)
      return flip_state::acknowledged;
    switch (pick(6)) {
    case 0: return flip_state::not_sent;
    case 1: return flip_state::refused;
    case 2: return flip_state::unknown;
    default: return flip_state::acknowledged;
    }
  }

  void check_end() {
    CHECK(model_.live == std::set<std::string>{copy_.live_name()});
    CHECK((model_.late_live.empty() || model_.late_live == copy_.live_name()));
    CHECK(model_.root_groups == std::set<std::uint32_t>{host_->root.gid});
    const auto stuck = copy_.not_removable(100).listed;
    const std::set<std::string> listed{stuck.begin(), stuck.end()};
    std::set<std::string> left;
    for (const auto& name : model_.generations)
      if (name != copy_.live_name())
        left.insert(join(root_path, name));
    const std::set<std::string> wanted{host_->links.begin(),
                                       host_->links.end()};
    for (const auto& [name, gid] : model_.links) {
      if (!wanted.contains(name))
        left.insert(join(root_path, name));
      else
        CHECK(gid == host_->root.gid);
    }
    for (const auto& name : wanted)
      CHECK(model_.links.contains(name));
    // A link whose request failed is listed though it may not be there.
    CHECK(
      std::includes(listed.begin(), listed.end(), left.begin(), left.end()));
    if (can_remove_)
      CHECK(listed.empty());
  }

  std::mt19937 rng_;
  guest_record written_;
  guest_copy copy_;
  bool can_remove_ = true;
  bool faults_ = true;
  unsigned generation_ = 0;
  volume_snapshot_ptr host_;
  guest_copy::time_point now_{1h};
  guest_model model_;
  std::vector<late_event> late_;
  /// Its requests are under way.
  std::optional<removal_order> removal_;
};

void run_histories(unsigned first, unsigned last) {
  for (unsigned seed = first; seed <= last; ++seed) {
    INFO("seed ", seed);
    history{seed}.run();
  }
}

} // namespace

TEST_SUITE_BEGIN("core/volume/guest_copy");

TEST_CASE("in no history is a generation that may be live written to or "
          "removed, and each ends with the guest as wanted") {
  run_histories(1, seeds / 2);
}

TEST_CASE("nor in as many histories more") {
  run_histories(seeds / 2 + 1, seeds);
}

TEST_SUITE_END();
