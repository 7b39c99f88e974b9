// SPDX-License-Identifier: Apache-2.0
#include "tests/gameday/known_troubles.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace fsshare::test {

namespace {

/// What links to a heading are made of.
std::string anchor_of(std::string heading) {
  std::transform(heading.begin(), heading.end(), heading.begin(), [](char c) {
    return c == ' '
             ? '-'
             : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return heading;
}

} // namespace

const std::vector<known_trouble>& known_troubles() {
  static const std::vector<known_trouble> all{
    {"hung guest", "A copy stays old and its guest is silent",
     "fssharectl volume explain VOLUME",
     "the guest agent answers neither requests nor a Check",
     "kata_fsshare_silent_guests", "FsshareGuestSilent"},
    {"denied policy", "A guest refuses updates", "fssharectl volume ls",
     "CopyFileRequest is blocked by policy",
     R"(kata_fsshare_orders_total{order="push",result="denied"})",
     "FsshareGuestDenies"},
    {"full guest", "A copy stays old and its guest has no room",
     "fssharectl volume ls", "No space left on device",
     R"(kata_fsshare_orders_total{order="push",result="failed"})",
     "FssharePushesFail"},
    {"dead source", "Pods do not start and a path does not answer",
     "fssharectl sandbox inspect SANDBOX", "no answer for",
     R"(kata_fsshare_reads{state="hung"})", "FsshareReadsHang"},
    {"inotify limits", "Updates reach guests a second late",
     "fssharectl volume explain VOLUME", "fs.inotify.max_user_watches",
     R"(kata_fsshare_volumes{state="polled"})", "FsshareVolumesPolled"},
    {"overflow", "Events are lost", "fssharectl events", "events-lost",
     "kata_fsshare_inotify_overflows_total", "FsshareEventsLost"},
    {"no descriptors", "Clients are disconnected", "fssharectl doctor",
     "raise LimitNOFILE= of the unit, or the container engine's limit",
     "process_open_fds", "FsshareDescriptorsFew"},
    {"kubelet gone", "Volumes are missing on the host",
     "fssharectl volume explain VOLUME", "volume-gone",
     R"(kata_fsshare_volumes{state="missing"})", "FsshareVolumesMissing"},
    {"share root wiped", "Containers lack what is shared with them",
     "fssharectl doctor", "somebody has taken away what was prepared in",
     "kata_fsshare_wiped_sandboxes", "FsshareSandboxesWiped"},
    {"state directory full", "State is not recorded",
     "fssharectl sandbox inspect SANDBOX", "No space left on device",
     "kata_fsshare_unrecorded_sandboxes", "FsshareStateNotRecorded"},
  };
  return all;
}

const known_trouble& trouble_named(const std::string& what) {
  const auto& all = known_troubles();
  const auto at
    = std::find_if(all.begin(), all.end(), [&what](const known_trouble& each) {
        return each.what == what;
      });
  if (at == all.end())
    throw std::runtime_error{"no trouble " + what};
  return *at;
}

std::string troubles_as_markdown() {
  std::string out = "| Trouble | Says | Words | Metric | Alert |\n"
                    "|---|---|---|---|---|\n";
  for (const auto& each : known_troubles())
    out += "| [" + each.what + "](#" + anchor_of(each.symptom) + ") | `"
           + each.command + "` | `" + each.words + "` | `" + each.series
           + "` | `" + each.alert + "` |\n";
  return out;
}

injected_trouble::injected_trouble(const std::string& what)
  : trouble_(trouble_named(what)) {
  all().push_back(what);
}

std::vector<std::string>& injected_trouble::all() {
  static std::vector<std::string> names;
  return names;
}

} // namespace fsshare::test
