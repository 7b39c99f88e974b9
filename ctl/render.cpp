// SPDX-License-Identifier: Apache-2.0
#include "ctl/render.hpp"

#include "ctl/table.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace fsshare::ctl {

namespace {

std::string percent(const v1::Progress& progress) {
  const auto total = progress.total_bytes();
  if (total > 0)
    return std::to_string(
             static_cast<int>(100.0 * static_cast<double>(progress.done_bytes())
                              / static_cast<double>(total)))
           + "%";
  return count(progress.entries_done()) + "/" + count(progress.entries_total());
}

std::string state_of(const v1::DestinationStatus& at) {
  if (at.current())
    return "current";
  if (at.progress().entries_total() > 0)
    return "copying " + percent(at.progress());
  return at.guest_generation().empty() ? "none" : "stale";
}

std::string state_of(const v1::ShareStatus& share) {
  if (share.ignored())
    return "ignored: " + share.reason();
  if (share.ready())
    return "ready";
  if (!share.reason().empty())
    return "not known to be there: " + share.reason();
  // A bind copies nothing, and a copy has nothing to tell before it is sent.
  const auto& progress = share.progress();
  const bool is_copying
    = progress.total_bytes() > 0 || progress.entries_total() > 0;
  return is_copying ? "copying " + percent(progress) : "in progress";
}

std::string category_of(const v1::ShareStatus& share) {
  return share.category()
         + (share.would_be_denied() ? " (would be denied)" : "");
}

/// Returns how many entries were skipped, whether they are listed or not.
template <class Message>
std::uint64_t skipped_of(const Message& of) {
  return static_cast<std::uint64_t>(of.skipped_size()) + of.skipped_more();
}

/// Returns why something is not as it should be, in one cell.
std::string trouble_of(const v1::DestinationStatus& at) {
  auto out = at.reason();
  const auto add = [&out](std::uint64_t n, const char* what) {
    if (n > 0)
      out.append(out.empty() ? "" : "; ")
        .append(std::to_string(n))
        .append(what);
  };
  add(skipped_of(at), " skipped");
  add(static_cast<std::uint64_t>(at.not_removable_size())
        + at.not_removable_more(),
      " not removable by this guest agent");
  add(static_cast<std::uint64_t>(at.kept_generations_size())
        + at.kept_generations_more(),
      " kept for sealed secrets");
  return out;
}

std::string duration_cell(std::int64_t ns) {
  return ns == 0 ? "" : short_duration(std::chrono::nanoseconds{ns});
}

/// Adds a row to a table of volumes; of few columns it has the first ones.
void add_row(table& to, columns which, std::vector<std::string> few,
             const std::vector<std::string>& more) {
  if (which == columns::all)
    few.insert(few.end(), more.begin(), more.end());
  to.add(std::move(few));
}

table empty_volume_table(columns which) {
  std::vector<std::string> titles{"VOLUME", "SANDBOX", "CONTAINER",
                                  "STATE",  "LAG",     "TROUBLE"};
  if (which == columns::all)
    titles.insert(titles.end(), {"HOST GENERATION", "GUEST GENERATION",
                                 "STALE FOR", "PUSHES", "FAILURES"});
  return table{std::move(titles)};
}

} // namespace

std::string yes_no(bool value) {
  return value ? "yes" : "no";
}

std::string count(std::uint64_t value) {
  return std::to_string(value);
}

std::string more_of(const char* what, std::uint64_t more) {
  return more == 0 ? "" : "and " + count(more) + " more " + what + "\n";
}

std::string
section(const char* title,
        const google::protobuf::RepeatedPtrField<v1::PathReason>& list) {
  if (list.empty())
    return {};
  table out{{title, "REASON"}};
  for (const auto& each : list)
    out.add({each.path(), each.reason()});
  return out.text();
}

std::string
joined(const google::protobuf::RepeatedPtrField<std::string>& words) {
  std::string out;
  for (const auto& word : words)
    out += (out.empty() ? "" : ",") + word;
  return out;
}

std::string
storage_lines(const char* title,
              const google::protobuf::RepeatedPtrField<v1::Storage>& storages) {
  if (storages.empty())
    return {};
  table out{{title, "SOURCE", "FSTYPE", "MOUNT POINT", "OPTIONS"}};
  for (const auto& each : storages)
    out.add({each.driver(), each.source(), each.fstype(), each.mount_point(),
             joined(each.options())});
  return out.text();
}

std::string share_table(const v1::GetSandboxReply& reply) {
  table out{{"SHARE", "CONTAINER", "SOURCE", "DESTINATION", "ACCESS", "STATE",
             "GUEST PATH", "SKIPPED", "CATEGORY"}};
  for (const auto& each : reply.shares()) {
    const auto& mount = each.mount();
    out.add({each.share_id(), each.container_id(), mount.source(),
             mount.destination(), mount.read_only() ? "ro" : "rw",
             state_of(each), each.guest_path(), count(skipped_of(each)),
             category_of(each)});
  }
  return out.text() + more_of("shares", reply.shares_more());
}

std::string volume_table(
  const google::protobuf::RepeatedPtrField<v1::VolumeStatus>& volumes,
  std::uint64_t more, columns which) {
  std::uint64_t destinations = 0;
  auto out = empty_volume_table(which);
  for (const auto& volume : volumes) {
    for (const auto& at : volume.destinations())
      add_row(out, which,
              {volume.path(), at.sandbox_id(), at.container_id(), state_of(at),
               duration_cell(at.lag_ns()), trouble_of(at)},
              {volume.host_generation(), at.guest_generation(),
               duration_cell(at.stale_ns()), count(at.pushes()),
               count(at.failures())});
    destinations += volume.destinations_more();
    // Trouble of the volume itself is shown with or without destinations.
    if (volume.destinations().empty() || !volume.reason().empty())
      add_row(out, which,
              {volume.path(), "", "",
               volume.watched() ? "watched" : "not watched", "",
               volume.reason()},
              {volume.host_generation(), "", "", "", ""});
  }
  return out.text() + more_of("destinations of these volumes", destinations)
         + more_of("volumes", more);
}

} // namespace fsshare::ctl
