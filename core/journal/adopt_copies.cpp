// SPDX-License-Identifier: Apache-2.0
#include "core/journal/adoption.hpp"
#include "core/paths.hpp"

#include <set>
#include <utility>

namespace fsshare {

namespace {

constexpr const char* cut_off
  = "the node agent was started again while it was copied";

/// Notes what is to be removed of a copy.
void judge(const copy_of_before& copy, std::vector<journal_record>& decided) {
  const auto& [id, terms] = copy.what;
  if (terms.kind == source_kind::tree && !copy.is_whole()) {
    decided.emplace_back(recorded_leftover{terms.guest_path, cut_off});
    decided.emplace_back(recorded_copy_end{id});
    return;
  }
  for (const auto& part : copy.begun_parts) {
    decided.emplace_back(
      recorded_leftover{join(terms.guest_path, part), cut_off});
    decided.emplace_back(recorded_part{id, part, part_step::failed});
  }
}

/// Whether a share has what it needs. When it was ready its copy was whole: a
/// volume of which nothing is live any more is sent again, as to a guest that
/// has come back empty.
bool has_copy(const recorded_copied_share& share,
              const recorded_sandbox& sandbox) {
  if (share.ignored)
    return true;
  const auto copy = sandbox.copies.find(share.copy_id);
  return copy != sandbox.copies.end()
         && (copy->second.is_whole()
             || copy->second.what.terms.kind == source_kind::volume);
}

void add_volume(const copy_of_before& copy, guest_of_before& to) {
  const auto& root = copy.what.terms.guest_path;
  const auto& guest = *copy.guest;
  for (const auto& [name, known] : guest.generations)
    to.rooms[join(root, name)] = known.room;
  if (guest.others_room > 0)
    to.rooms[root] += guest.others_room;
  if (guest.acknowledged)
    to.volumes[root] = guest.landmarks;
}

void add_tree(const copy_of_before& copy, guest_of_before& to) {
  // The first push of what has become a volume brings all of it.
  if (copy.guest && copy.guest->acknowledged)
    return;
  // Nothing of it was sent, and nothing tells whether it is there.
  if (copy.what.terms.is_local)
    return;
  const auto& root = copy.what.terms.guest_path;
  to.rooms[root] = copy.tree->room;
  to.trees[root] = copy.tree->landmark;
  if (copy.tree->is_file)
    to.single_files.push_back(root);
}

// Of a whole generation all was acknowledged. A tree's files may have been
// longer by the time that they were read.
std::set<std::string> finished_roots(const recorded_sandbox& sandbox) {
  using state = guest_record::generation_state;
  std::set<std::string> out;
  for (const auto& entry : sandbox.copies) {
    const auto& copy = entry.second;
    if (!copy.guest)
      continue;
    for (const auto& [name, known] : copy.guest->generations)
      if (known.state == state::whole || known.state == state::kept)
        out.insert(join(copy.what.terms.guest_path, name));
  }
  return out;
}

void add_files(const recorded_sandbox& sandbox, guest_of_before& to) {
  to.knows_files = sandbox.files.contains(sandbox.prepare.guest_share_dir);
  const auto whole = finished_roots(sandbox);
  for (const auto& [root, files] : sandbox.files) {
    const bool finished = whole.contains(root);
    for (const auto& [path, size] : files.sizes)
      to.files[join(root, path)]
        = {size, finished, files.sealed.contains(path)};
  }
}

} // namespace

adopted_sandbox adopt_copies(const recorded_sandbox& sandbox) {
  adopted_sandbox out{sandbox, {}, false, {}};
  for (const auto& entry : sandbox.copies)
    judge(entry.second, out.decided);
  for (const auto& [id, share] : sandbox.copied)
    if (!has_copy(share.what, sandbox))
      out.decided.emplace_back(
        recorded_share_progress{id, recorded_phase::gone});
  for (const auto& record : out.decided)
    out.sandbox.apply(record);
  return out;
}

guest_of_before guest_of(const recorded_sandbox& sandbox) {
  guest_of_before out;
  out.leftovers = sandbox.leftovers;
  add_files(sandbox, out);
  for (const auto& entry : sandbox.copies) {
    const auto& copy = entry.second;
    // Whoever ends it removes it.
    out.leftovers.erase(copy.what.terms.guest_path);
    if (copy.guest)
      add_volume(copy, out);
    if (copy.tree)
      add_tree(copy, out);
  }
  return out;
}

} // namespace fsshare
