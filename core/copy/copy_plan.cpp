// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_plan.hpp"

#include "core/copy/temp_name.hpp"
#include "core/paths.hpp"
#include "core/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace fsshare {

namespace {

constexpr std::uint32_t link_mode = 0777;

// Type bits of st_mode (inode(7)), by entry_type.
constexpr std::array<std::uint32_t, 3> type_bits{0040000, 0100000, 0120000};

copy_step link_step(std::string path, std::string target, std::uint32_t uid,
                    std::uint32_t gid) {
  copy_step step;
  step.type = entry_type::symlink;
  step.path = std::move(path);
  step.mode = link_mode;
  step.uid = uid;
  step.gid = gid;
  step.target = std::move(target);
  return step;
}

size_t depth_of(std::string_view path) {
  return static_cast<size_t>(std::count(path.begin(), path.end(), '/'));
}

bool same_owner(const copy_step& x, const copy_step& y) {
  return x.uid == y.uid && x.gid == y.gid;
}

// Returns a path beside a file that is its own temporary, which has the same
// one and a name of one byte more than any file can have.
std::string too_long(std::string_view path) {
  const auto stem = base_name(path).size() - std::string_view{"tmp"}.size();
  std::string out{path.substr(0, path.size() - std::string_view{"tmp"}.size())};
  return out.append(max_name_bytes + 1 - stem, 'x');
}

// Collects the first stage entry by entry, then orders it, then adds stages.
class plan_builder {
public:
  explicit plan_builder(const guest_profile& guest) : guest_(guest) {
  }

  // Adds the entries of a tree below `base`.
  void add_tree(const tree_snapshot& tree, std::string_view base);

  void add_entry(const tree_entry& entry, std::string_view base);

  // Adds a tree at a path where nothing stands yet.
  void add_new_tree(const tree_snapshot& tree, std::string base) {
    new_tree_ = std::move(base);
    add_tree(tree, new_tree_);
  }

  // Orders all that was added so far; `base` is left out of the second pass.
  void finish_tree(std::string_view without_second_pass);

  void add_stage() {
    ++stage_;
  }

  void add_step(copy_step step) {
    step.stage = stage_;
    plan_.total_bytes += step.size - step.hole_bytes;
    plan_.steps.push_back(std::move(step));
  }

  void skip(const std::string& path, std::string reason) {
    plan_.skipped.push_back({path, std::move(reason)});
  }

  void leave_out_link(const std::string& name, std::string reason) {
    skip(name, std::move(reason));
    plan_.links_left_out.push_back(name);
  }

  bool has(const std::string& guest_path) const {
    return index_.contains(guest_path);
  }

  copy_plan take() {
    return std::move(plan_);
  }

private:
  std::optional<std::string> obstacle(const tree_entry& entry,
                                      const std::string& guest_path) const;
  void announce_size(copy_step& step, const tree_entry& entry);
  // Whether this guest agent loses a file of that name; see sent_path().
  bool is_own_temporary(std::string_view name) const {
    return !guest_.tmp_names && temp_name(name) == name;
  }
  bool may_make_parent(const copy_step& step, std::uint32_t parent) const;
  std::optional<std::uint32_t> waits_for(const copy_step& step) const;
  void order_parents();
  void order_temp_names();
  void repeat_directories(std::string_view without);

  const guest_profile& guest_;
  copy_plan plan_;
  std::uint32_t stage_ = 0;
  // Guest paths of the first stage.
  std::unordered_map<std::string, std::uint32_t> index_;
  // Guest paths of directories that are not sent, so nothing below them is.
  std::unordered_set<std::string> dropped_;
  // Where nothing stands yet; empty if that is nowhere.
  std::string new_tree_;
  // Steps that wait for others than their parents.
  std::unordered_set<std::uint32_t> held_;
};

void plan_builder::add_tree(const tree_snapshot& tree, std::string_view base) {
  for (const auto& entry : tree.entries)
    add_entry(entry, base);
  plan_.skipped.add(tree.skipped);
}

void plan_builder::add_entry(const tree_entry& entry, std::string_view base) {
  auto path = join(base, entry.path);
  const bool below_dropped = dropped_.contains(std::string{parent_path(path)});
  const auto why = below_dropped ? std::nullopt : obstacle(entry, path);
  if (why)
    skip(entry.path, *why);
  if (why || below_dropped) {
    if (entry.type == entry_type::directory)
      dropped_.insert(std::move(path));
    return;
  }
  copy_step step;
  step.type = entry.type;
  step.mode = entry.mode;
  step.uid = entry.uid;
  step.gid = entry.gid;
  step.target = entry.target;
  step.path = std::move(path);
  if (entry.type == entry_type::file) {
    step.size = entry.size;
    step.hole_bytes = entry.hole_bytes;
    step.content = entry.content;
    if (!entry.content)
      step.source = entry.path;
    announce_size(step, entry);
  }
  const auto parent = index_.find(std::string{parent_path(step.path)});
  if (parent != index_.end())
    step.parent_mode = plan_.steps[parent->second].mode;
  index_.emplace(step.path, static_cast<std::uint32_t>(plan_.steps.size()));
  add_step(std::move(step));
}

// Returns why an entry cannot be sent, or nothing.
std::optional<std::string>
plan_builder::obstacle(const tree_entry& entry,
                       const std::string& guest_path) const {
  const auto name = base_name(guest_path);
  if (guest_path.size() > max_path_bytes)
    return "its path in the guest has more than 4095 bytes";
  if (!is_utf8(name))
    return "its name is not UTF-8";
  if (entry.type == entry_type::symlink && entry.target.empty())
    return "is a symlink without a target";
  if (entry.type != entry_type::file)
    return std::nullopt;
  if (!has_sendable_temp_name(name))
    return "its name is too long for the guest agent's temporary name";
  if (is_own_temporary(name) && too_long(guest_path).size() > max_path_bytes)
    return "its name ends in .tmp, and its path in the guest is too long for "
           "the way that guest agents 3.18 to 3.32 take such files";
  return std::nullopt;
}

void plan_builder::announce_size(copy_step& step, const tree_entry& entry) {
  step.announced_size = step.size;
  if ((step.mode & 06000) != 0)
    plan_.notes.push_back(
      {entry.path, "set-user-ID and set-group-ID bits of files get lost"});
  if (is_own_temporary(base_name(step.path)))
    step.sent_as = too_long(step.path);
}

void plan_builder::finish_tree(std::string_view without_second_pass) {
  order_temp_names();
  order_parents();
  if (guest_.parent_chown)
    repeat_directories(without_second_pass);
}

// Whether a step, carried out before its parent's or while that is, leaves a
// directory as the parent's step has it. Some guest agents give one that they
// make the owner of the request, and that after another request has made it.
bool plan_builder::may_make_parent(const copy_step& step,
                                   std::uint32_t parent) const {
  const auto& directory = plan_.steps[parent];
  return guest_.surely_makes_parents && !new_tree_.empty()
         && (directory.path == new_tree_ || is_below(directory.path, new_tree_))
         && same_owner(step, directory) && !held_.contains(parent);
}

// A directory that a guest agent makes on the way to another gets no mode of
// its own from all of them: so the parent's parent has to stand.
std::optional<std::uint32_t>
plan_builder::waits_for(const copy_step& step) const {
  const auto of
    = [this](std::string_view path) -> std::optional<std::uint32_t> {
    const auto found = index_.find(std::string{path});
    if (found == index_.end())
      return std::nullopt;
    return found->second;
  };
  const auto parent = of(parent_path(step.path));
  if (!parent || !may_make_parent(step, *parent))
    return parent;
  return of(parent_path(parent_path(step.path)));
}

void plan_builder::order_parents() {
  for (std::uint32_t i = 0; i < plan_.steps.size(); ++i)
    if (const auto before = waits_for(plan_.steps[i]))
      plan_.order.push_back({*before, i});
}

// Files of one directory that share a temp name go one after the other, then
// whatever bears that name itself: never is the temporary of one in the way of
// another, nor does a link there lead the guest agent astray.
void plan_builder::order_temp_names() {
  std::unordered_map<std::string, std::uint32_t> last_of;
  for (std::uint32_t i = 0; i < plan_.steps.size(); ++i) {
    const auto& step = plan_.steps[i];
    if (step.type != entry_type::file)
      continue;
    auto temp = join(parent_path(step.path), temp_name(base_name(step.path)));
    if (temp == step.path)
      continue;
    const auto [last, is_first] = last_of.try_emplace(std::move(temp), i);
    if (is_first)
      continue;
    plan_.order.push_back({last->second, i});
    last->second = i;
  }
  for (const auto& [temp, last] : last_of) {
    const auto real = index_.find(temp);
    if (real != index_.end()) {
      plan_.order.push_back({last, real->second});
      held_.insert(real->second);
    }
  }
}

// Every request hands its owner on to the parent directory, so directories with
// a child of another owner are sent again, each after all those below it.
void plan_builder::repeat_directories(std::string_view without) {
  std::unordered_set<std::uint32_t> taken_over;
  for (const auto& step : plan_.steps) {
    const auto parent = index_.find(std::string{parent_path(step.path)});
    if (parent != index_.end() && parent->first != without
        && !same_owner(step, plan_.steps[parent->second]))
      taken_over.insert(parent->second);
  }
  std::map<size_t, std::vector<std::uint32_t>, std::greater<>> by_depth;
  for (const auto index : taken_over)
    by_depth[depth_of(plan_.steps[index].path)].push_back(index);
  for (auto& level : by_depth) {
    add_stage();
    std::sort(level.second.begin(), level.second.end());
    for (const auto index : level.second)
      add_step(copy_step{plan_.steps[index]});
  }
}

// Returns the names on a volume's root that are something else than links.
std::unordered_set<std::string> names_of(const tree_snapshot& others) {
  std::unordered_set<std::string> names;
  for (const auto& entry : others.entries)
    names.emplace(first_component(entry.path));
  for (const auto& entry : others.skipped)
    names.emplace(first_component(entry.path));
  return names;
}

// Returns why the guest shall not have a visible link, or nothing.
std::optional<std::string>
link_obstacle(const plan_builder& builder, const push_options& options,
              const std::unordered_set<std::string>& on_host,
              const std::string& name) {
  if (name.empty() || name.starts_with("..")
      || name.find('/') != std::string::npos)
    return "is no name for a visible link";
  const auto key = join(join(options.guest_root, options.attempt_name), name);
  if (!builder.has(key))
    return "its visible link would lead nowhere";
  if (options.links_made.contains(name))
    return std::nullopt;
  if (on_host.contains(name) || options.taken.contains(name))
    return "something else than a link has this name in the volume";
  return std::nullopt;
}

void add_links(plan_builder& builder, const volume_snapshot& volume,
               const push_options& options) {
  const auto on_host = names_of(volume.others);
  for (const auto& name : options.links) {
    if (auto why = link_obstacle(builder, options, on_host, name))
      builder.leave_out_link(name, *std::move(why));
    else if (!options.links_made.contains(name))
      builder.add_step(visible_link_step(options.guest_root, name,
                                         volume.root.uid, volume.root.gid));
  }
}

// While their keys are still live.
void add_unlinking(plan_builder& builder, const volume_snapshot& volume,
                   const push_options& options) {
  builder.add_stage();
  for (const auto& name : options.links_to_remove) {
    auto step = removal_step(join(options.guest_root, name), volume.root.uid,
                             volume.root.gid);
    step.is_unlinking = true;
    builder.add_step(std::move(step));
  }
}

} // namespace

copy_plan plan_tree(const tree_snapshot& tree, std::string_view guest_root,
                    const guest_profile& guest) {
  plan_builder builder{guest};
  builder.add_tree(tree, guest_root);
  builder.finish_tree({});
  return builder.take();
}

copy_plan plan_push(const volume_snapshot& volume, const push_options& options,
                    const guest_profile& guest) {
  plan_builder builder{guest};
  const bool is_update = options.send_root && !options.send_others;
  if (options.send_root && !is_update)
    builder.add_entry(volume.root, options.guest_root);
  if (options.send_others)
    builder.add_tree(volume.others, options.guest_root);
  builder.add_new_tree(volume.tree,
                       join(options.guest_root, options.attempt_name));
  // The flip gives the volume's root its owner back.
  builder.finish_tree(options.guest_root);
  if (is_update) {
    // As late as can be: a push that fails shall not change what is live.
    builder.add_stage();
    builder.add_entry(volume.root, options.guest_root);
  }
  if (!guest.removal && !options.links_to_remove.empty())
    add_unlinking(builder, volume, options);
  builder.add_stage();
  builder.add_step(flip_step(options.guest_root, options.attempt_name,
                             volume.root.uid, volume.root.gid));
  builder.add_stage();
  add_links(builder, volume, options);
  return builder.take();
}

copy_step flip_step(std::string_view guest_root, std::string_view generation,
                    std::uint32_t root_uid, std::uint32_t root_gid) {
  auto step = link_step(join(guest_root, data_link), std::string{generation},
                        root_uid, root_gid);
  step.is_flip = true;
  return step;
}

copy_step visible_link_step(std::string_view guest_root, std::string_view name,
                            std::uint32_t root_uid, std::uint32_t root_gid) {
  return link_step(join(guest_root, name), join(data_link, name), root_uid,
                   root_gid);
}

copy_step removal_step(std::string_view path, std::uint32_t directory_uid,
                       std::uint32_t directory_gid) {
  return link_step(std::string{path}, {}, directory_uid, directory_gid);
}

std::uint32_t wire_mode(const copy_step& step) {
  return type_bits[static_cast<size_t>(step.type)] | (step.mode & 07777);
}

bool was_done(const copy_step& step, bool is_last, errc code,
              std::string_view message) {
  if (!step.sent_as.empty() && is_last)
    return code == errc::internal
           && message.find("File name too long") != std::string_view::npos;
  // A policy may forbid it; that is no reason not to have the copy.
  if (step.is_for_owner)
    return code == errc::none || code == errc::internal
           || code == errc::permission_denied;
  const bool is_there = step.may_exist && code == errc::internal
                        && message.find("EEXIST") != std::string_view::npos;
  return code == errc::none || is_there;
}

namespace {

// Whether a path leads below a directory by its words, whoever resolves it.
bool is_strictly_below(std::string_view path, std::string_view dir) {
  if (!is_below(path, dir))
    return false;
  for (auto rest = path.substr(dir.size() + 1);;) {
    const auto end = rest.find('/');
    const auto name = rest.substr(0, end);
    if (name.empty() || name == "." || name == "..")
      return false;
    if (end == std::string_view::npos)
      return true;
    rest.remove_prefix(end + 1);
  }
}

} // namespace

status check_plan(const copy_plan& plan, const guest_profile& guest,
                  std::string_view share_dir) {
  for (const auto& step : plan.steps) {
    if (!guest.entries && step.type != entry_type::file)
      return error{errc::failed_precondition,
                   "the guest agent is older than 3.3, which takes neither "
                   "directories nor symlinks"};
    if (!share_dir.empty() && !is_strictly_below(sent_path(step), share_dir))
      return error{errc::failed_precondition, "copy to guest path " + step.path
                                                + ": it is not below "
                                                + std::string{share_dir}};
  }
  return unit{};
}

} // namespace fsshare
