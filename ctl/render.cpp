// SPDX-License-Identifier: Apache-2.0
#include "ctl/render.hpp"

#include "core/text/labels.hpp"
#include "ctl/table.hpp"

#include <algorithm>
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

/// Volumes as a table; of few columns it has the first ones, and labels where
/// anything has some.
class volume_rows {
public:
  volume_rows(columns which, bool has_labels)
    : which_(which), has_labels_(has_labels),
      table_(
        cells({"VOLUME", "SANDBOX", "CONTAINER", "STATE", "LAG", "TROUBLE"},
              {"HOST GENERATION", "GUEST GENERATION", "STALE FOR", "PUSHES",
               "FAILURES"},
              "LABELS")) {
  }

  void add(std::vector<std::string> few, const std::vector<std::string>& more,
           const std::string& labels) {
    table_.add(cells(std::move(few), more, labels));
  }

  std::string text() const {
    return table_.text();
  }

private:
  std::vector<std::string> cells(std::vector<std::string> few,
                                 const std::vector<std::string>& more,
                                 const std::string& labels) const {
    if (which_ == columns::all)
      few.insert(few.end(), more.begin(), more.end());
    if (has_labels_)
      few.push_back(labels);
    return few;
  }

  columns which_;
  bool has_labels_;
  table table_;
};

bool has_labels(
  const google::protobuf::RepeatedPtrField<v1::VolumeStatus>& volumes) {
  return std::any_of(volumes.begin(), volumes.end(), [](const auto& volume) {
    const auto& all = volume.destinations();
    return std::any_of(all.begin(), all.end(), [](const auto& at) {
      return !at.labels().empty();
    });
  });
}

} // namespace

std::string state_of(const v1::DestinationStatus& at) {
  if (at.current())
    return "current";
  if (at.progress().entries_total() > 0)
    return "copying " + percent(at.progress());
  return at.guest_generation().empty() ? "none" : "stale";
}

std::string trouble_of(const v1::DestinationStatus& at) {
  auto out = at.reason();
  if (at.will_try())
    out += (out.empty() ? "" : "; ") + std::string{"next try in "}
           + short_duration(std::chrono::nanoseconds{at.next_try_ns()});
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

std::string label_words(const wire_labels& of) {
  return fsshare::joined(label_map{of.begin(), of.end()});
}

std::string container_cell(const std::string& id, const std::string& name) {
  return name.empty() ? id : name + " (" + id + ")";
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
  const auto labels = label_words(reply.sandbox().labels());
  std::vector<std::string> titles{"SHARE",       "CONTAINER", "SOURCE",
                                  "DESTINATION", "ACCESS",    "STATE",
                                  "GUEST PATH",  "SKIPPED",   "CATEGORY"};
  if (!labels.empty())
    titles.emplace_back("LABELS");
  table out{std::move(titles)};
  for (const auto& each : reply.shares()) {
    const auto& mount = each.mount();
    std::vector<std::string> cells{
      each.share_id(),
      container_cell(each.container_id(), each.container_name()),
      mount.source(),
      mount.destination(),
      mount.read_only() ? "ro" : "rw",
      state_of(each),
      each.guest_path(),
      count(skipped_of(each)),
      category_of(each)};
    if (!labels.empty())
      cells.push_back(labels);
    out.add(std::move(cells));
  }
  return out.text() + more_of("shares", reply.shares_more());
}

std::string volume_table(
  const google::protobuf::RepeatedPtrField<v1::VolumeStatus>& volumes,
  std::uint64_t more, columns which) {
  std::uint64_t destinations = 0;
  volume_rows out{which, has_labels(volumes)};
  for (const auto& volume : volumes) {
    for (const auto& at : volume.destinations())
      out.add({volume.path(), at.sandbox_id(),
               container_cell(at.container_id(), at.container_name()),
               state_of(at), duration_cell(at.lag_ns()), trouble_of(at)},
              {volume.host_generation(), at.guest_generation(),
               duration_cell(at.stale_ns()), count(at.pushes()),
               count(at.failures())},
              label_words(at.labels()));
    destinations += volume.destinations_more();
    // Trouble of the volume itself is shown with or without destinations.
    if (volume.destinations().empty() || !volume.reason().empty())
      out.add({volume.path(), "", "",
               volume.watched() ? "watched" : "not watched", "",
               volume.reason()},
              {volume.host_generation(), "", "", "", ""}, "");
  }
  return out.text() + more_of("destinations of these volumes", destinations)
         + more_of("volumes", more);
}

} // namespace fsshare::ctl
