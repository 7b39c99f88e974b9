// SPDX-License-Identifier: Apache-2.0
#include "core/copy/guest_inventory.hpp"

#include "core/copy/sealed_file.hpp"
#include "core/copy/temp_name.hpp"
#include "core/paths.hpp"

#include <algorithm>
#include <vector>

namespace fsshare {

namespace {

constexpr std::string_view temp_extension = ".tmp";
// Several windows of requests.
constexpr std::size_t most_stragglers = 1024;

// Where a link leads by its words, `..` resolved without looking.
std::string led_to(std::string_view link, std::string_view target) {
  std::vector<std::string_view> parts;
  const auto add = [&parts](std::string_view path) {
    while (!path.empty()) {
      const auto part = path.substr(0, path.find('/'));
      path.remove_prefix(std::min(path.size(), part.size() + 1));
      if (part == ".." && !parts.empty())
        parts.pop_back();
      else if (!part.empty() && part != "." && part != "..")
        parts.push_back(part);
    }
  };
  if (!target.starts_with('/'))
    add(parent_path(link));
  add(target);
  std::string path;
  for (const auto part : parts)
    path.append("/").append(part);
  return path;
}

bool is_removal(const copy_step& step) {
  return step.type == entry_type::symlink && step.target.empty();
}

// Calls with what a map by path has at and below a path.
template <class Map, class Call>
void for_each_within(const Map& map, const std::string& path,
                     const Call& call) {
  if (const auto i = map.find(path); i != map.end())
    call(i->first, i->second);
  const auto below = path + "/";
  for (auto i = map.lower_bound(below);
       i != map.end() && i->first.starts_with(below); ++i)
    call(i->first, i->second);
}

} // namespace

bool guest_inventory::is_root(std::string_view path) const {
  return !share_dir_.empty() && parent_path(path) == share_dir_;
}

void guest_inventory::begun(const copy_step& step, const guest_profile& guest) {
  const bool is_single = step.type == entry_type::file && is_root(step.path);
  if (is_removal(step) || (guest.removal && !is_single))
    return;
  auto& known = entries_[step.path];
  known.type = step.type;
  known.longest = std::max(known.longest, step.announced_size);
  known.is_finished = false;
  known.is_emptied = false;
  known.target = step.target;
  known.is_sealed = is_sealed(step.content);
}

void guest_inventory::restore_file(const std::string& path, std::uint64_t size,
                                   bool is_finished, bool is_sealed) {
  auto& known = entries_[path];
  known.type = entry_type::file;
  known.longest = size;
  known.is_finished = is_finished;
  known.is_sealed = is_sealed;
}

void guest_inventory::done(const copy_step& step) {
  if (const auto i = entries_.find(step.path); i != entries_.end())
    i->second.is_finished = true;
}

void guest_inventory::left_before(const std::string& path) {
  if (const auto root = place_of(path); root != share_dir_)
    left_before_.insert(root);
  else if (is_root(path))
    left_before_.insert(path);
}

void guest_inventory::removed(const std::string& path) {
  left_before_.erase(path);
  entries_.erase(path);
  emptied_.erase(path);
  const auto below = path + "/";
  auto end = entries_.lower_bound(below);
  while (end != entries_.end() && end->first.starts_with(below))
    end = entries_.erase(end);
}

void guest_inventory::emptied(const std::string& path) {
  if (!has(path))
    return;
  const auto known = entries_.find(path);
  const bool is_new = known == entries_.end() || !known->second.is_emptied;
  removed(path);
  entries_[path].is_emptied = true;
  if (is_new)
    note_emptied(path);
  for_each_within(stragglers_, path, [this](const auto& at, const auto& late) {
    entries_[at] = late.made;
  });
}

void guest_inventory::unanswered(const copy_step& step, time_point now) {
  if (!is_removal(step)) {
    const straggler late{{step.type, step.announced_size, false, step.target},
                         now};
    add_straggler(step.path, late);
    // What is its own temporary is emptied under another name, beside the copy.
    auto temporary
      = join(parent_path(step.path), temp_name(base_name(step.path)));
    if (is_root(step.path) && entries_.contains(temporary))
      add_straggler(temporary, late);
    return;
  }
  const std::string parent{parent_path(step.path)};
  if (is_below(parent, share_dir_) && base_name(parent) != "..")
    add_straggler(parent, {entry{}, now});
}

void guest_inventory::add_straggler(const std::string& path,
                                    const straggler& late) {
  const auto [known, is_new] = stragglers_.try_emplace(path, late);
  if (!is_new) {
    auto& made = known->second.made;
    const auto longest = std::max(made.longest, late.made.longest);
    // A file that is emptied takes the place of a link.
    if (made.type != entry_type::file
        && late.made.type != entry_type::directory)
      made = late.made;
    made.longest = longest;
    known->second.lost_at = std::max(known->second.lost_at, late.lost_at);
  }
  if (stragglers_.size() > most_stragglers)
    stragglers_.erase(std::min_element(
      stragglers_.begin(), stragglers_.end(), [](const auto& x, const auto& y) {
        return x.second.lost_at < y.second.lost_at;
      }));
}

std::optional<guest_inventory::time_point>
guest_inventory::lost_at(const std::string& path) const {
  std::optional<time_point> latest;
  for_each_within(stragglers_, path, [&latest](const auto&, const auto& late) {
    latest = std::max(latest, std::optional{late.lost_at});
  });
  return latest;
}

bool guest_inventory::is_single_file(const std::string& path) const {
  if (!is_root(path))
    return false;
  const auto i = entries_.find(path);
  if (i != entries_.end() && i->second.type == entry_type::file)
    return true;
  const auto late = stragglers_.find(path);
  return late != stragglers_.end()
         && late->second.made.type == entry_type::file;
}

// The root of the copy that a path is in, the shared directory for that itself.
std::string guest_inventory::place_of(const std::string& path) const {
  if (share_dir_.empty() || is_root(path) || !is_below(path, share_dir_))
    return share_dir_;
  return path.substr(0, path.find('/', share_dir_.size() + 1));
}

void guest_inventory::note_emptied(const std::string& path) {
  auto& paths = emptied_[place_of(path)];
  paths.push_back(path);
  if (paths.size() <= most_emptied)
    return;
  const auto oldest = entries_.find(paths.front());
  paths.pop_front();
  // It may have been used again.
  if (oldest != entries_.end() && oldest->second.is_emptied)
    entries_.erase(oldest);
}

bool guest_inventory::has(const std::string& path) const {
  const auto i = entries_.lower_bound(path);
  if (i != entries_.end() && i->first == path)
    return true;
  const auto below = entries_.lower_bound(path + "/");
  return below != entries_.end() && is_below(below->first, path);
}

bool guest_inventory::leads_through_link(const std::string& path,
                                         const entry& link) const {
  const auto to = led_to(path, link.target);
  for (auto end = to.find('/', 1);; end = to.find('/', end + 1)) {
    const auto found = entries_.find(to.substr(0, end));
    if (found != entries_.end() && found->second.type == entry_type::symlink)
      return true;
    if (end == std::string::npos)
      return false;
  }
}

guest_contents guest_inventory::contents(const std::string& path) const {
  guest_contents all;
  const auto add = [&](const std::string& at, const entry& e) {
    if (e.type == entry_type::file)
      all.files.push_back({at, e.longest, e.is_finished});
    else if (at.ends_with(temp_extension))
      all.obstacles.push_back(at);
    // If it is there, it has contents.
    if (e.is_sealed && has_sendable_temp_name(base_name(unsealed_path(at))))
      all.files.push_back({unsealed_path(at), 1, true});
    if (e.type != entry_type::symlink)
      return;
    auto& links = leads_through_link(at, e) ? all.links : all.last_links;
    links.push_back(at);
  };
  for_each_within(entries_, path, add);
  return all;
}

} // namespace fsshare
