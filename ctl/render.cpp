// SPDX-License-Identifier: Apache-2.0
#include "ctl/render.hpp"

#include "ctl/table.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace fsshare::ctl {

namespace {

using reasons = google::protobuf::RepeatedPtrField<v1::PathReason>;

std::string yes_no(bool value) {
  return value ? "yes" : "no";
}

std::string count(std::uint64_t value) {
  return std::to_string(value);
}

std::string mode_word(v1::SharingMode mode) {
  switch (mode) {
  case v1::SHARING_MODE_COPY: return "copy";
  case v1::SHARING_MODE_SHARED_FILESYSTEM: return "shared-filesystem";
  default: return "";
  }
}

/// Says what a list does not show.
std::string more_of(const char* what, std::uint64_t more) {
  return more == 0 ? "" : "and " + count(more) + " more " + what + "\n";
}

/// Returns a titled table of paths and reasons; nothing if there are none.
std::string section(const char* title, const reasons& list) {
  if (list.empty())
    return {};
  table out{{title, "REASON"}};
  for (const auto& each : list)
    out.add({each.path(), each.reason()});
  return out.text();
}

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

/// Returns what the copies of a sandbox take of its guest's memory.
std::string memory_of(const v1::SandboxStatus& sandbox) {
  if (sandbox.mode() != v1::SHARING_MODE_COPY)
    return {};
  const auto limit = sandbox.held_limit_bytes();
  return std::to_string(sandbox.held_bytes()) + " bytes"
         + (limit > 0 ? " of at most " + std::to_string(limit) : "");
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

enum class columns : std::uint8_t { few, all };

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

template <class Volumes>
std::string volume_table(const Volumes& volumes, std::uint64_t more,
                         columns which) {
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

std::string
note_lines(const google::protobuf::RepeatedPtrField<std::string>& notes) {
  std::string lines;
  for (const auto& note : notes)
    lines += "note: " + note + "\n";
  return lines;
}

} // namespace

std::string render(const v1::PrepareReply& reply) {
  return name_lines(
    {{"shared dir", reply.shared_dir()}, {"mounts dir", reply.mounts_dir()}});
}

std::string render(const v1::CleanupReply& reply) {
  return section("NOT OURS", reply.foreign())
         + more_of("paths", reply.foreign_more());
}

std::string render(const v1::ShareFileReply& reply) {
  if (reply.ignored())
    return name_lines({{"ignored", reply.reason()}});
  return name_lines({{"share id", reply.share_id()},
                     {"host path", reply.host_path()},
                     {"guest path", reply.guest_path()},
                     {"generation", reply.generation()}})
         + storage_lines("CONTAINER STORAGE", reply.container_storages())
         + storage_lines("VOLUME STORAGE", reply.volume_storages())
         + section("SKIPPED", reply.skipped())
         + more_of("entries", reply.skipped_more()) + note_lines(reply.notes());
}

std::string render(const v1::UnshareFileReply& reply) {
  return section("NOT YET REMOVED", reply.pending())
         + more_of("paths", reply.pending_more());
}

std::string render(const v1::UnshareContainerReply& reply) {
  return section("NOT YET REMOVED", reply.pending())
         + more_of("paths", reply.pending_more());
}

std::string render(const v1::ShareRootFilesystemReply& reply) {
  return name_lines({{"guest path", reply.guest_path()}})
         + storage_lines("CONTAINER STORAGE", reply.container_storages())
         + storage_lines("VOLUME STORAGE", reply.volume_storages())
         + (reply.device_paths().empty()
              ? ""
              : name_lines({{"device paths", joined(reply.device_paths())}}));
}

std::string render(const v1::UnshareRootFilesystemReply& /*reply*/) {
  return {};
}

std::string render(const v1::StartFileEventWatcherReply& /*reply*/) {
  return {};
}

std::string render(const v1::StopFileEventWatcherReply& /*reply*/) {
  return {};
}

std::string render(const v1::ListSandboxesReply& reply) {
  table out{{"SANDBOX", "MODE", "CONTAINERS", "SHARES", "WATCHER", "GUEST",
             "CONNECTED", "NOT REMOVED"}};
  for (const auto& each : reply.sandboxes())
    out.add({each.sandbox_id(), mode_word(each.mode()),
             count(each.containers()), count(each.shares()),
             each.watcher_running() ? "running" : "stopped",
             each.guest_agent_version().empty() ? each.guest_address()
                                                : each.guest_agent_version(),
             yes_no(each.guest_connected()),
             count(static_cast<std::uint64_t>(each.pending_size())
                   + each.pending_more())});
  return out.text() + more_of("sandboxes", reply.sandboxes_more());
}

std::string render(const v1::GetSandboxReply& reply) {
  const auto& sandbox = reply.sandbox();
  auto out = name_lines({
    {"sandbox", sandbox.sandbox_id()},
    {"mode", mode_word(sandbox.mode())},
    {"shared dir", sandbox.shared_dir()},
    {"mounts dir", sandbox.mounts_dir()},
    {"guest address", sandbox.guest_address()},
    {"guest agent", sandbox.guest_agent_version()},
    {"connected", yes_no(sandbox.guest_connected())},
    {"watcher", sandbox.watcher_running() ? "running" : "stopped"},
    {"containers", count(sandbox.containers())},
    {"shares", count(sandbox.shares())},
    {"guest memory", memory_of(sandbox)},
  });
  if (!reply.shares().empty())
    out += "\n" + render_shares(reply);
  if (!reply.volumes().empty())
    out += "\n"
           + volume_table(reply.volumes(), reply.volumes_more(), columns::all);
  if (!sandbox.pending().empty())
    out += "\n" + section("NOT YET REMOVED", sandbox.pending())
           + more_of("paths", sandbox.pending_more());
  if (!sandbox.hung_reads().empty())
    out += "\n" + section("DO NOT ANSWER", sandbox.hung_reads())
           + more_of("reads", sandbox.hung_reads_more());
  return out;
}

std::string render_shares(const v1::GetSandboxReply& reply) {
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

std::string render(const v1::ListVolumesReply& reply) {
  return volume_table(reply.volumes(), reply.volumes_more(), columns::few);
}

std::string render_wide(const v1::ListVolumesReply& reply) {
  return volume_table(reply.volumes(), reply.volumes_more(), columns::all);
}

std::string render(const v1::VersionReply& reply) {
  return name_lines(
    {{"node agent", reply.version()}, {"build", reply.build()}});
}

} // namespace fsshare::ctl
