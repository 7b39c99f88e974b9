// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/volume/known_volume.hpp"
#include "messages/caf_compat.hpp"
#include "messages/mounter.hpp"
#include "messages/volume_events.hpp"

#include <cstdint>
#include <string>

namespace fsshare {

struct watch {
  std::string path;
};
struct watching {
  /// That of the volume itself.
  directory_id directory;
};

struct await_volume {
  std::string path;
};

struct unwatch {
  std::string path;
};

struct inotify_bytes {
  bytes data;
};

struct mounts_tick {
  enum class step : std::uint8_t { look, tell };
  step due = step::look;
};

struct report_volumes_to {
  volume_event_sink sink;
};

} // namespace fsshare

FSSHARE_MESSAGES(inotify_reader, 9, watch, watching, unwatch, inotify_bytes,
                 report_volumes_to, await_volume, mounts_tick)

namespace fsshare {

/// The INOTIFY READER actor: one per process, owns the node's one inotify
/// instance.
using inotify_reader_actor = caf::typed_actor<
  // Watches a volume's root directory. Answered when every change from then on
  // is told, with which one it is. Repeating it is no error and looks at the
  // path again: if it names another directory now, that one is watched. Fails
  // as watch_api::add() does; the path is not watched then, whatever it was
  // before. DEADLINE_EXCEEDED if its filesystem does not answer; what was
  // watched before stays watched then, as what is awaited stays awaited where
  // it is not there.
  rpc<watch, watching>,
  // Watches a directory above that of a volume that is not there, until
  // something appears that may be it or lead to it: that is told once. Answered
  // when it is watched. Fails where nothing above it is there, either.
  rpc<await_volume, watching>,
  // Ends the watch of a path; a volume_changed that is under way still comes. A
  // path that is not watched is no error.
  msg<unwatch>,
  // What one read from the inotify descriptor returned.
  msg<inotify_bytes>,
  // Names who is told about volumes from now on. Until the first one is named,
  // nobody is.
  msg<report_volumes_to>,
  // Something was mounted or unmounted. Volumes are told of whose paths may
  // lead elsewhere since, within seconds.
  msg<host_mounts_changed>,
  // INTERNAL: the mount table is to be looked at, or there is more to tell of
  // what was found there.
  msg<mounts_tick>>;

} // namespace fsshare
