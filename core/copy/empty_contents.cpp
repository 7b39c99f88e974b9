// SPDX-License-Identifier: Apache-2.0
#include "core/copy/empty_contents.hpp"

#include "core/copy/copy_rest.hpp"
#include "core/copy/temp_name.hpp"
#include "core/paths.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>

namespace fsshare {

namespace {

constexpr std::string_view temp_extension = ".tmp";
// Only root may see that something has been there.
constexpr std::uint32_t emptied_mode = 0600;

enum stage : std::uint8_t { links, files, last_links, stages };

std::string temp_path(std::string_view path) {
  return join(parent_path(path), temp_name(base_name(path)));
}

// Completes a temporary of exactly `size` bytes under `path`. It takes no room,
// which a guest that is full has not.
copy_step moved_temporary(const std::string& path, std::uint64_t size) {
  auto step = empty_file_step(path);
  step.offset = size;
  step.announced_size = size;
  return step;
}

copy_step unlinking(const std::string& path) {
  auto step = removal_step(path, 0, 0);
  step.is_unlinking = true;
  return step;
}

// The files of a directory that have the same temporary.
struct temp_group {
  std::vector<const guest_file*> files;
  // The file that bears the temporary's own name.
  const guest_file* is_temp = nullptr;
};

class planner {
public:
  explicit planner(const std::vector<guest_contents>& paths) {
    out_.why_not.resize(paths.size());
    for (std::uint32_t i = 0; i < paths.size(); ++i) {
      at_ = i;
      for (const auto& link : paths[i].links)
        add(stage::links, unlinking(link));
      add_files(paths[i]);
      for (const auto& link : paths[i].last_links)
        add(stage::last_links, unlinking(link));
    }
  }

  emptying_plan take() {
    for (std::uint32_t s = 0; s < stages; ++s) {
      const auto base = static_cast<std::uint32_t>(out_.plan.steps.size());
      for (auto& [step, path] : steps_.at(s)) {
        step.stage = s;
        out_.plan.total_bytes += step.size;
        out_.plan.steps.push_back(std::move(step));
        out_.path_of_step.push_back(path);
      }
      if (s == stage::files)
        for (const auto& [before, after] : order_)
          out_.plan.order.push_back({base + before, base + after});
    }
    return std::move(out_);
  }

private:
  std::uint32_t add(stage when, copy_step step) {
    auto& list = steps_.at(when);
    list.emplace_back(std::move(step), at_);
    return static_cast<std::uint32_t>(list.size() - 1);
  }

  void add_files(const guest_contents& contents);
  void add_group(const temp_group& group, const std::string& temp,
                 const std::unordered_set<std::string>& taken);

  emptying_plan out_;
  std::array<std::vector<std::pair<copy_step, std::uint32_t>>, stages> steps_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> order_;
  std::uint32_t at_ = 0;
};

void planner::add_files(const guest_contents& contents) {
  const std::unordered_set<std::string> obstacles{contents.obstacles.begin(),
                                                  contents.obstacles.end()};
  std::unordered_set<std::string> taken = obstacles;
  std::map<std::string, temp_group> groups;
  for (const auto& file : contents.files) {
    auto temp = temp_path(file.path);
    taken.insert(file.path);
    if (obstacles.contains(temp)) {
      out_.why_not.at(at_) = file.path
                             + ": something else than a file has the name of "
                               "its temporary";
      continue;
    }
    auto& group = groups[std::move(temp)];
    if (temp_path(file.path) == file.path)
      group.is_temp = &file;
    else
      group.files.push_back(&file);
  }
  for (const auto& [temp, group] : groups)
    add_group(group, temp, taken);
}

// Returns a name with the temporary `temp` that nothing has.
std::string free_sibling(const std::string& temp,
                         const std::unordered_set<std::string>& taken) {
  const auto stem = temp.substr(0, temp.size() - temp_extension.size());
  for (unsigned n = 0;; ++n) {
    auto name = stem + "." + std::to_string(n);
    if (!taken.contains(name))
      return name;
  }
}

// One after the other, for they share a temporary. What may stand where that
// goes is completed first, over one of the files that are emptied next.
void planner::add_group(const temp_group& group, const std::string& temp,
                        const std::unordered_set<std::string>& taken) {
  std::vector<copy_step> steps;
  std::vector<std::string> emptied;
  std::optional<std::string> unfinished;
  std::uint64_t longest = 0;
  for (const auto* file : group.files) {
    if (!file->is_finished) {
      unfinished = file->path;
      longest = std::max(longest, file->size);
    }
    if (!file->is_finished || file->size > 0)
      emptied.push_back(file->path);
  }
  const auto* own = group.is_temp;
  if (own != nullptr)
    longest = std::max(longest, own->size);
  const bool has_temp = own != nullptr && (!own->is_finished || own->size > 0);
  if (unfinished || has_temp) {
    auto under = unfinished        ? *unfinished
                 : emptied.empty() ? free_sibling(temp, taken)
                                   : emptied.front();
    if (emptied.empty())
      emptied.push_back(under);
    if (unfinished || !own->is_finished)
      steps.push_back(spend_step(empty_file_step(under), longest));
    else
      steps.push_back(moved_temporary(under, own->size));
  }
  for (const auto& path : emptied)
    steps.push_back(empty_file_step(path));
  std::optional<std::uint32_t> before;
  for (auto& step : steps) {
    const auto after = add(stage::files, std::move(step));
    if (before)
      order_.emplace_back(*before, after);
    before = after;
  }
}

} // namespace

void add_contents(guest_contents& to, const tree_snapshot& tree,
                  std::string_view guest_path) {
  for (const auto& entry : tree.entries) {
    auto path = join(guest_path, entry.path);
    if (entry.type == entry_type::file)
      to.files.push_back({std::move(path), entry.size, true});
    else if (path.ends_with(temp_extension))
      to.obstacles.push_back(std::move(path));
  }
}

copy_step empty_file_step(std::string_view path) {
  copy_step step;
  step.type = entry_type::file;
  step.path = path;
  step.mode = emptied_mode;
  return step;
}

emptying_plan plan_emptying(const std::vector<guest_contents>& paths) {
  return planner{paths}.take();
}

} // namespace fsshare
