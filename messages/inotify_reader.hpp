// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "messages/caf_compat.hpp"
#include "messages/volume_events.hpp"

#include <string>

namespace fsshare {

/// Watches a volume's root directory from before the reply on.
struct watch {
  std::string path;
};

/// Watches a directory above that of a volume that is not there, from before
/// the reply on, until something appears that may be it or lead to it: that is
/// told once.
struct await_volume {
  std::string path;
};

/// Ends the watch of a path; a volume_changed that is under way still comes.
struct unwatch {
  std::string path;
};

/// What one read from the inotify descriptor returned.
struct inotify_bytes {
  bytes data;
};

/// Names the actor that is told about volumes from now on. Until the first one
/// is named, nobody is.
struct report_volumes_to {
  volume_event_sink sink;
};

} // namespace fsshare

FSSHARE_MESSAGE(fsshare::watch)
FSSHARE_MESSAGE(fsshare::await_volume)
FSSHARE_MESSAGE(fsshare::unwatch)
FSSHARE_MESSAGE(fsshare::inotify_bytes)
FSSHARE_MESSAGE(fsshare::report_volumes_to)

CAF_BEGIN_TYPE_ID_BLOCK(fsshare_inotify_reader, fsshare::type_range(9))
  CAF_ADD_TYPE_ID(fsshare_inotify_reader, (fsshare::watch))
  CAF_ADD_TYPE_ID(fsshare_inotify_reader, (fsshare::unwatch))
  CAF_ADD_TYPE_ID(fsshare_inotify_reader, (fsshare::inotify_bytes))
  CAF_ADD_TYPE_ID(fsshare_inotify_reader, (fsshare::report_volumes_to))
  CAF_ADD_TYPE_ID(fsshare_inotify_reader, (fsshare::await_volume))
CAF_END_TYPE_ID_BLOCK(fsshare_inotify_reader)

namespace fsshare {

/// The INOTIFY READER actor: one per process, owns the node's one inotify
/// instance.
using inotify_reader_actor = caf::typed_actor<
  // Repeating it is no error and looks at the path again: if it names another
  // directory now, that one is watched. Fails as watch_api::add() does; the
  // path is not watched then, whatever it was before. DEADLINE_EXCEEDED if its
  // filesystem does not answer; what was watched before stays watched then, as
  // what is awaited stays awaited where it is not there.
  rpc<void, watch>,
  // Fails where nothing above it is there, either.
  rpc<void, await_volume>,
  // A path that is not watched is no error.
  msg<unwatch>, msg<inotify_bytes>, msg<report_volumes_to>>;

} // namespace fsshare
