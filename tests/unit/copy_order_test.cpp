// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_schedule.hpp"
#include "core/copy/temp_name.hpp"
#include "core/paths.hpp"
#include "tests/support/guest_profiles.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

// Plans of random trees, scheduled with random answers, against a model of what
// guest agents do with requests that are in flight together.

using namespace fsshare;

namespace {

constexpr std::uint64_t chunk_bytes = 4;

// Names that meet each other's temp names in every way.
constexpr auto names = std::to_array<const char*>(
  {"a", "a.b", "a.c", "a.tmp", "tls.crt", "tls.key", "tls.tmp", "tls", "tmp",
   "tmp.tmp", ".tmp", ".tmp.tmp", ".x", ".x.tmp", "z."});

class random_volume {
public:
  explicit random_volume(unsigned seed) : random_(seed) {
  }

  std::uint32_t pick(std::uint32_t count) {
    return static_cast<std::uint32_t>(random_() % count);
  }

  volume_snapshot make() {
    volume_snapshot volume;
    volume.id.name = "..1";
    volume.root = entry("", entry_type::directory);
    volume.tree.entries.push_back(entry("", entry_type::directory));
    fill(volume.tree, "", 0);
    fill(volume.others, "", 1);
    for (const auto& e : volume.tree.entries)
      if (!e.path.empty() && e.path.find('/') == std::string::npos)
        volume.links.push_back(e.path);
    return volume;
  }

private:
  tree_entry entry(std::string path, entry_type type) {
    tree_entry out;
    out.path = std::move(path);
    out.type = type;
    out.mode = 0644;
    out.uid = pick(2);
    if (type == entry_type::file)
      out.size = pick(5 * chunk_bytes);
    if (type == entry_type::symlink)
      out.target = "elsewhere";
    return out;
  }

  void fill(tree_snapshot& tree, const std::string& dir, int depth) {
    for (const char* name : names) {
      if (pick(2) == 0)
        continue;
      const auto kind = pick(6);
      const auto type = kind < 4    ? entry_type::file
                        : kind == 4 ? entry_type::symlink
                                    : entry_type::directory;
      tree.entries.push_back(entry(join(dir, name), type));
      if (type == entry_type::directory && depth < 3)
        fill(tree, join(dir, name), depth + 1);
    }
  }

  std::mt19937 random_;
};

// Watches what is in flight. Knows the rules from the guest agent's side only:
// nothing about how plans or schedules come to their order.
class guest_model {
public:
  guest_model(const copy_plan& plan, const guest_profile& rules)
    : plan_(plan), makes_parents_(rules.surely_makes_parents),
      chunks_(plan.steps.size()), acked_(plan.steps.size(), 0) {
    for (std::uint32_t i = 0; i < plan.steps.size(); ++i)
      if (plan.steps[i].stage == 0)
        first_.emplace(plan.steps[i].path, i);
  }

  // Returns the rule that the request breaks, empty if none.
  std::string send(const copy_request& request) {
    const auto& step = plan_.steps[request.step];
    const auto why = flaw(request, step);
    chunks_[request.step].emplace(request.offset, request.length);
    flying_.emplace(request.id, request);
    return why.empty() ? why : why + ": " + step.path;
  }

  void answer(std::uint64_t id) {
    const auto& request = flying_.at(id);
    auto& bytes = acked_[request.step];
    bytes += request.length;
    if (bytes == plan_.steps[request.step].size)
      finished_.insert(request.step);
    flying_.erase(id);
  }

  const std::map<std::uint64_t, copy_request>& flying() const {
    return flying_;
  }

  // Whether every step was sent as exactly the bytes that it has.
  bool is_whole() const {
    for (std::uint32_t i = 0; i < plan_.steps.size(); ++i) {
      std::uint64_t end = 0;
      for (const auto& chunk : chunks_[i]) {
        if (chunk.first != end)
          return false;
        end += chunk.second;
      }
      if (chunks_[i].empty() || end != plan_.steps[i].size)
        return false;
    }
    return true;
  }

private:
  std::string flaw(const copy_request& request, const copy_step& step) const {
    if (chunks_[request.step].contains(request.offset))
      return "sent twice";
    for (std::uint32_t i = 0; i < plan_.steps.size(); ++i)
      if (plan_.steps[i].stage < step.stage && !finished_.contains(i))
        return step.is_flip ? "flip before the tree is acknowledged"
                            : "stage before the last one is acknowledged";
    if (!stands(parent_path(step.path)) && !makes_parent(step))
      return "child before its parent";
    for (const auto& other : flying_)
      if (plan_.steps[other.second.step].path == step.path
          && other.second.step != request.step)
        return "in flight at a path that is in flight";
    const auto collision = temp_flaw(request, step);
    return collision.empty() ? chunk_flaw(request, step) : collision;
  }

  // Whether a directory is not the plan's to make, or was made.
  bool stands(std::string_view path) const {
    const auto made = first_.find(std::string{path});
    return made == first_.end() || finished_.contains(made->second);
  }

  // Whether a guest agent that carries out a step makes its directory as the
  // step of that would.
  bool makes_parent(const copy_step& step) const {
    const auto path = parent_path(step.path);
    const auto& parent = plan_.steps[first_.at(std::string{path})];
    return makes_parents_ && stands(parent_path(path))
           && step.parent_mode == parent.mode && step.uid == parent.uid
           && step.gid == parent.gid && !is_temp_of_unfinished(parent.path);
  }

  bool is_temp_of_unfinished(const std::string& path) const {
    return std::any_of(first_.begin(), first_.end(), [&](const auto& other) {
      const auto& file = plan_.steps[other.second];
      return file.type == entry_type::file && temp_path(file) == path
             && !finished_.contains(other.second);
    });
  }

  static std::string temp_path(const copy_step& step) {
    return join(parent_path(step.path), temp_name(base_name(step.path)));
  }

  bool is_unfinished(std::uint32_t index) const {
    return !chunks_[index].empty() && !finished_.contains(index);
  }

  std::string temp_flaw(const copy_request& request,
                        const copy_step& step) const {
    for (const auto& other : first_) {
      const auto& file = plan_.steps[other.second];
      if (file.type != entry_type::file || other.second == request.step)
        continue;
      if (step.type == entry_type::file && temp_path(file) == temp_path(step)
          && is_unfinished(other.second))
        return "two files begun under one temp name";
      if (temp_path(file) == step.path && !finished_.contains(other.second))
        return "real entry before the file whose temp name it has";
    }
    return {};
  }

  std::string chunk_flaw(const copy_request& request,
                         const copy_step& step) const {
    const auto done = acked_[request.step];
    bool alone = true;
    for (const auto& other : flying_)
      alone = alone && other.second.step != request.step;
    if (request.offset == 0)
      return chunks_[request.step].empty() ? "" : "first chunk not first";
    if (done == 0)
      return "chunk before the first is acknowledged";
    const bool last = request.offset + request.length == step.size;
    if (last && !(alone && done == request.offset))
      return "last chunk with others outstanding";
    return {};
  }

  const copy_plan& plan_;
  bool makes_parents_;
  std::map<std::string, std::uint32_t> first_;
  std::vector<std::map<std::uint64_t, std::uint64_t>> chunks_;
  std::vector<std::uint64_t> acked_;
  std::set<std::uint32_t> finished_;
  std::map<std::uint64_t, copy_request> flying_;
};

// Runs a plan to its end; returns the first rule that was broken.
std::string run(const copy_plan_ptr& plan, const guest_profile& rules,
                random_volume& random) {
  copy_schedule schedule{plan, chunk_bytes};
  guest_model guest{*plan, rules};
  while (!schedule.done()) {
    const auto room = random.pick(3) == 0 ? random.pick(chunk_bytes + 1)
                                          : copy_schedule::any_length;
    bool dry = false;
    for (auto burst = random.pick(20) + 1; burst > 0 && !dry; --burst) {
      // What is in nobody's way may be of any size.
      const bool is_alone = guest.flying().empty();
      const auto request
        = schedule.next(is_alone ? copy_schedule::any_length : room);
      dry = !request;
      if (dry)
        continue;
      if (request->length > room && !is_alone)
        return "more bytes than asked for";
      if (auto why = guest.send(*request); !why.empty())
        return why;
    }
    if (guest.flying().empty())
      return "stuck";
    auto answered = guest.flying().begin();
    std::advance(
      answered, random.pick(static_cast<std::uint32_t>(guest.flying().size())));
    const auto id = answered->first;
    guest.answer(id);
    if (!schedule.acknowledge(id))
      return "acknowledgement refused";
  }
  return guest.is_whole() ? "" : "not everything was sent";
}

} // namespace

TEST_SUITE_BEGIN("core/copy_order");

TEST_CASE("whatever the tree and the order of answers, no rule is broken") {
  const std::array profiles{profile_of("3.16.0"), profile_of("3.30.0"),
                            profile_of("4.1.0"), test::rules_of_release("4.2")};
  for (unsigned seed = 1; seed <= 150; ++seed) {
    random_volume random{seed};
    const auto volume = random.make();
    push_options options;
    options.guest_root = "/g/v";
    options.attempt_name = "..1";
    options.send_root = random.pick(2) == 0;
    options.send_others = options.send_root;
    options.links = volume.links;
    const auto& rules = profiles[seed % profiles.size()];
    const auto plan
      = std::make_shared<const copy_plan>(plan_push(volume, options, rules));
    const auto why = run(plan, rules, random);
    CHECK_MESSAGE(why.empty(), "seed " << seed << ": " << why);
  }
}

TEST_CASE("the model sees a plan without the order of temp names") {
  int seen = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    random_volume random{seed};
    const auto volume = random.make();
    const auto rules = profile_of("4.1.0");
    auto plan = plan_tree(volume.tree, "/g", rules);
    // What is left are the edges from a parent to its child.
    std::erase_if(plan.order, [&](const step_order& pair) {
      return plan.steps[pair.before].path
             != parent_path(plan.steps[pair.after].path);
    });
    seen
      += run(std::make_shared<const copy_plan>(std::move(plan)), rules, random)
             .empty()
           ? 0
           : 1;
  }
  CHECK(seen > 15);
}

TEST_CASE("the model sees a flip without its barrier") {
  random_volume random{1};
  const auto volume = random.make();
  push_options options;
  options.guest_root = "/g/v";
  options.attempt_name = "..1";
  const auto rules = profile_of("3.30.0");
  const auto plan = plan_push(volume, options, rules);
  auto early = std::make_shared<copy_plan>(plan);
  for (auto& step : early->steps)
    step.stage = 0;
  guest_model guest{plan, rules};
  copy_schedule schedule{early, chunk_bytes};
  std::string why;
  while (const auto request = schedule.next())
    if (why.empty())
      why = guest.send(*request);
  CHECK(why == "flip before the tree is acknowledged: /g/v/..data");
}

TEST_SUITE_END();
