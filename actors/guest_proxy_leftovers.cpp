// SPDX-License-Identifier: Apache-2.0
#include "actors/guest_proxy.hpp"
#include "core/paths.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace fsshare {

namespace {

// Where the files of copies of an earlier process are not all known, they are
// of single ones.
void note_left(const guest_of_before& before, guest_inventory& into) {
  const std::set<std::string> files{before.single_files.begin(),
                                    before.single_files.end()};
  const auto note = [&](const auto& by_path) {
    for (const auto& entry : by_path)
      if (before.knows_files)
        into.restore_name(entry.first);
      else if (!files.contains(entry.first))
        into.left_before(entry.first);
  };
  note(before.rooms);
  note(before.leftovers);
  note(before.volumes);
  note(before.trees);
}

} // namespace

void guest_proxy_state::add_removal(
  const std::string& guest_root,
  std::function<void(const order_outcome&)> ended) {
  landmarks_.goes(guest_root);
  // The directory that holds all copies belongs to root.
  removal_order order{{removal_step(guest_root, 0, 0)}};
  add_job({0,
           std::nullopt,
           guest_job{guest_order{std::move(order)}},
           {},
           [this, guest_root,
            ended = std::move(ended)](const order_outcome& outcome) {
             note_leftover(guest_root, outcome.removals.front(), outcome.err);
             ended(outcome);
           },
           {},
           {},
           {guest_root}});
}

// Notes what became of a removal.
void guest_proxy_state::note_leftover(const std::string& guest_root,
                                      removal_result result, const error& why) {
  leftovers_.tried(guest_root, result, why.message, now());
  write_leftovers();
  arm();
}

// Before anybody is told what is left.
void guest_proxy_state::write_leftovers() {
  for (const auto& [path, reason] : leftovers_.take_changes())
    recorder_.record(options_.sandbox_id, recorded_leftover{path, reason});
}

// What cannot be removed is emptied file by file, whoever does so: all that a
// job makes is known before anything of it is sent.
void guest_proxy_state::write_files(const active_job& active) {
  const auto all = active.job.files();
  for (std::size_t i = 0; i + 1 < all.size(); ++i)
    recorder_.record(options_.sandbox_id, recorded_files{all[i]});
  const auto job = active.key;
  if (all.empty())
    files_written(job);
  else
    recorder_.record(options_.sandbox_id, recorded_files{all.back()},
                     [this, job] {
                       files_written(job);
                     });
}

void guest_proxy_state::files_written(std::uint64_t job) {
  auto* active = find(job);
  if (active == nullptr)
    return;
  active->files = active_job::record::done;
  if (!connection_.is_up())
    return;
  begin(*active);
  pump();
  end_jobs();
}

// Of what is not known nothing was written down.
void guest_proxy_state::write_emptied(const std::string& guest_path) {
  if (inventory_.has(guest_path))
    recorder_.record(options_.sandbox_id, recorded_emptying{guest_path});
}

// Ends what still changes a copy that nobody waits for any more.
void guest_proxy_state::abandon(const std::string& guest_root) {
  for (auto& active : jobs_)
    if (active.job.concerns(guest_root))
      active.job.fail({errc::aborted, "the copy is not wanted any more"});
  end_jobs();
  landmarks_.goes(guest_root);
}

bool guest_proxy_state::is_changing(const std::string& guest_root) const {
  return std::any_of(jobs_.begin(), jobs_.end(),
                     [&guest_root](const active_job& active) {
                       return active.job.concerns(guest_root);
                     });
}

bool guest_proxy_state::is_going(const std::string& guest_path) const {
  return std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& active) {
    return std::any_of(active.removes.begin(), active.removes.end(),
                       [&](const auto& path) {
                         return is_below(guest_path, path);
                       });
  });
}

// A request of a lost connection may make it again. What is in a volume is seen
// to by whoever knows the owner of its root, which a removal hands on.
void guest_proxy_state::doubt(const std::string& guest_path) {
  if (!inventory_.is_root(guest_path))
    return;
  if (const auto lost_at = inventory_.lost_at(guest_path))
    leftovers_.doubt(guest_path, *lost_at, now());
}

void guest_proxy_state::remove_leftovers() {
  if (!connection_.is_up()) {
    if (connection_.idle_call(leftovers_.next_due(), now()))
      connect();
    return;
  }
  for (const auto& path : leftovers_.take_due(now())) {
    // What is in flight could make it again behind the removal, and a removal
    // below a path that goes would make that again.
    if (is_going(path))
      leftovers_.tried(path, removal_result::removed, {}, now());
    else if (is_changing(path))
      leftovers_.tried(path, removal_result::failed,
                       "requests for it have no answer yet", now());
    else
      add_removal(path, [](const order_outcome&) {});
  }
  write_leftovers();
}

// Requests of an earlier process may still happen.
void guest_proxy_state::go_on_after(const guest_of_before& before) {
  connection_.expect_stragglers();
  for (const auto& [path, room] : before.rooms)
    budget_.restore(path, room);
  for (const auto& [path, reason] : before.leftovers)
    leftovers_.add(path, reason, now());
  leftovers_.retry_now();
  for (const auto& path : before.single_files) {
    copy_step file;
    file.type = entry_type::file;
    file.path = path;
    inventory_.begun(file, profile_);
    inventory_.done(file);
  }
  for (const auto& [path, file] : before.files)
    inventory_.restore_file(path, file.size, file.is_finished, file.is_sealed);
  for (const auto& [root, files] : before.volumes)
    landmarks_.stands(root, files);
  for (const auto& [root, file] : before.trees)
    landmarks_.copied(root, file);
  note_left(before, inventory_);
  doubt_all();
  arm();
}

} // namespace fsshare
