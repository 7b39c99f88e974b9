// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/copy_audit.hpp"

#include "core/paths.hpp"
#include "tests/support/copied_volume.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

namespace fsshare::churn {

namespace {

using test::name_set;

/// Lines, as many as one reads.
class complaints {
public:
  /// A line is what all parts say.
  template <class... Parts>
  void add(const Parts&... parts) {
    constexpr std::size_t screenful = 30;
    if (++count_ <= screenful)
      (text_.append(parts), ...).append("\n");
  }
  std::string text() const {
    return count_ == 0 ? "" : text_ + std::to_string(count_) + " in all\n";
  }

private:
  std::size_t count_ = 0;
  std::string text_;
};

std::vector<shared_copy> live_copies(const churn_sandbox& of) {
  auto copies = of.front.copies();
  std::erase_if(copies, [](const auto& each) {
    return each.until.has_value();
  });
  return copies;
}

/// What fsshared says, by sandbox and guest path.
using status_map
  = std::map<std::pair<std::string, std::string>, v1::DestinationStatus>;

status_map statuses(const v1::ListVolumesReply& reply) {
  status_map out;
  for (const auto& volume : reply.volumes())
    for (const auto& at : volume.destinations())
      out[{at.sandbox_id(), at.guest_path()}] = at;
  return out;
}

/// Names at the top of a copy that its guest agent cannot remove.
name_set not_removable(const v1::DestinationStatus& status) {
  name_set out;
  for (const auto& path : status.not_removable())
    if (is_below(path, status.guest_path()))
      out.insert(path.substr(status.guest_path().size() + 1));
  return out;
}

/// Says why a copy is not settled; empty if it is.
std::string trouble_of(const shared_copy& copy, const std::string& volume_dir,
                       const guest_profile& abilities,
                       const v1::DestinationStatus& status) {
  const auto in_guest = test::live_generation(copy.dir);
  const auto on_host = test::live_generation(volume_dir);
  if (!test::names_generation(in_guest, on_host))
    return "has '" + in_guest + "', the host '" + on_host + "'; "
           + status.reason();
  if (!status.current())
    return "is not current, says fsshared: " + status.reason();
  const auto left = test::leftovers(volume_dir, copy.dir);
  const auto told = abilities.removal ? name_set{} : not_removable(status);
  // It may tell of more: of names whose requests had no answer.
  if (!std::includes(told.begin(), told.end(), left.begin(), left.end()))
    return "has left over:\n" + test::lines_of(left) + "told is:\n"
           + test::lines_of(told);
  return {};
}

/// Says what a guest's share has beside its copies and what is known of it.
void find_strays(const churn_sandbox& in, const std::set<std::string>& copies,
                 const std::vector<v1::PathReason>& leftovers,
                 complaints& found) {
  std::string pending;
  // Of many that nobody can remove some are counted.
  std::size_t counted = 0;
  for (const auto& each : leftovers) {
    pending += each.path() + "\n";
    if (each.reason().find(" more names in it ") != std::string::npos)
      counted += std::stoull(each.reason());
  }
  if (in.guest.abilities().removal && !pending.empty())
    found.add(in.front.sandbox(), " has removals pending:\n", pending);
  for (const auto& entry :
       std::filesystem::directory_iterator{in.guest.root()}) {
    const auto name = entry.path().filename().string();
    if (copies.contains(name) || pending.find("/" + name) != std::string::npos)
      continue;
    if (counted == 0)
      found.add(in.front.sandbox(), "'s guest has a stray ", name);
    else
      --counted;
  }
}

} // namespace

std::string copy_audit::unsettled() {
  complaints found;
  const auto volumes = client_.list_volumes();
  if (!volumes)
    return "fsshared does not say what it has\n";
  const auto known = statuses(*volumes);
  for (const auto& sandbox : sandboxes_) {
    const auto& name = sandbox->front.sandbox();
    std::set<std::string> copies;
    for (const auto& copy : live_copies(*sandbox)) {
      copies.emplace(base_name(copy.guest_path));
      const auto status = known.find({name, copy.guest_path});
      const auto why
        = status == known.end()
            ? "is not known to fsshared"
            : trouble_of(copy, host_.dir(copy.volume),
                         sandbox->guest.abilities(), status->second);
      if (!why.empty())
        found.add(name, ": ", copy.guest_path, " ", why);
    }
    if (const auto left = client_.leftovers(name))
      find_strays(*sandbox, copies, *left, found);
    else
      found.add(name, ": ", left.err().message);
  }
  return found.text();
}

std::string copy_audit::differences() const {
  complaints found;
  for (const auto& sandbox : sandboxes_) {
    const bool removes = sandbox->guest.abilities().removal;
    for (const auto& copy : live_copies(*sandbox)) {
      const auto& source = host_.dir(copy.volume);
      const auto differs = test::copy_difference(
        source, copy.dir,
        removes ? name_set{} : test::leftovers(source, copy.dir));
      if (!differs.empty())
        found.add(sandbox->front.sandbox(), ": ", copy.guest_path,
                  " differs from ", source, ":\n", differs);
    }
  }
  return found.text();
}

std::size_t copy_audit::copies() const {
  std::size_t sum = 0;
  for (const auto& sandbox : sandboxes_)
    sum += live_copies(*sandbox).size();
  return sum;
}

std::size_t copy_audit::shared_volumes() const {
  std::set<std::size_t> volumes;
  for (const auto& sandbox : sandboxes_)
    for (const auto& copy : live_copies(*sandbox))
      volumes.insert(copy.volume);
  return volumes.size();
}

} // namespace fsshare::churn
