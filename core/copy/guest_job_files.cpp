// SPDX-License-Identifier: Apache-2.0
#include "core/copy/guest_job.hpp"

#include "core/copy/copy_rest.hpp"
#include "core/copy/temp_name.hpp"
#include "core/pacing.hpp"
#include "core/paths.hpp"

#include <utility>

namespace fsshare {

std::vector<guest_files> guest_job::files() const {
  if (const auto* tree = std::get_if<tree_order>(&order_))
    return {files_of(*tree->tree, tree->guest_root)};
  const auto* push = std::get_if<push_order>(&std::get<guest_order>(order_));
  if (push == nullptr)
    return {};
  const auto& options = push->options;
  std::vector<guest_files> all{files_of(
    push->snapshot->tree, join(options.guest_root, options.attempt_name))};
  if (options.send_others)
    all.push_back(files_of(push->snapshot->others, options.guest_root));
  return all;
}

void guest_job::reshaped(const copy_request& request, file_shape shape) {
  const auto& tree = *std::get<tree_order>(order_).tree;
  if (++troubled_[request.step].reshapes > pacing::most_reshapes)
    return unreadable(request, {errc::aborted, "it changes while it is read"});
  --in_flight_;
  --sent_;
  schedule_.take_back(request);
  schedule_.reshape(request.step, std::move(shape));
  const auto total = progress().bytes_total;
  if (total > tree.most_bytes)
    fail({errc::resource_exhausted,
          "its files have at least " + std::to_string(total)
            + " bytes, more than the limit of "
            + std::to_string(tree.most_bytes) + sum_limit_key});
}

bool guest_job::put_off(const copy_request& request, const error& why,
                        time_point now) {
  auto& file = troubled_[request.step];
  if (!file.put_off_since)
    file.put_off_since = now;
  if (now - *file.put_off_since >= pacing::longest_put_off) {
    unreadable(request, why);
    return false;
  }
  --in_flight_;
  --sent_;
  schedule_.take_back(request);
  file.waiting = request.id;
  return true;
}

void guest_job::resume(std::uint64_t request_id) {
  for (auto& [step, file] : troubled_)
    if (file.waiting == request_id && std::exchange(file.waiting, 0) != 0)
      schedule_.resume(step);
}

void guest_job::unreadable(const copy_request& request, const error& why) {
  const auto* tree = std::get_if<tree_order>(&order_);
  const auto& step = step_of(request);
  if (tree == nullptr || step.path == tree->guest_root) {
    unsent(request, why);
    return;
  }
  note({step.source, "is left out: " + why.message});
  --in_flight_;
  --sent_;
  schedule_.take_back(request);
  schedule_.abandon(request.step, request.offset == 0 ? std::vector<copy_step>{}
                                                      : taking_away(step));
}

// What has arrived of a file that is given up is its temporary. Where nothing
// can be removed it is made the file, and that is emptied.
std::vector<copy_step> guest_job::taking_away(const copy_step& file) const {
  const auto temporary
    = join(parent_path(file.path), temp_name(base_name(file.path)));
  if (guest_.removal)
    return {removal_step(temporary, file.uid, file.gid)};
  auto empty = file;
  empty.size = 0;
  empty.announced_size = 0;
  empty.content = make_secret_blob({});
  return {spend_step(file, file.announced_size), empty};
}

void guest_job::settle_taking_away(const copy_request& request,
                                   const copy_step& step, errc code,
                                   const std::string& message) {
  const bool is_gone = guest_.removal ? guest_.classify_removal(code, message)
                                          == removal_result::removed
                                      : code == errc::none;
  const auto& file = schedule_.plan().steps[request.step];
  if (!is_gone)
    note({file.source, "a part of it stays in the guest as "
                         + std::string{base_name(step.path)} + ": " + message});
  else if (!guest_.removal && step.size == 0)
    note({file.source, "is empty in the guest"});
}

// A link that the guest's policy does not let in keeps nobody from the rest.
bool guest_job::is_refused_link(const copy_step& step, errc code) const {
  const auto* tree = std::get_if<tree_order>(&order_);
  return tree != nullptr && step.type == entry_type::symlink
         && code == errc::permission_denied && step.path != tree->guest_root
         && !step.is_for_owner;
}

void guest_job::changed(const copy_request& request) {
  note({step_of(request).source, "was written to while it was copied"});
}

std::uint64_t guest_job::bytes_of(const copy_request& request) const {
  return schedule_.bytes_of(request.step);
}

} // namespace fsshare
