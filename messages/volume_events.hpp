// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/volume/watch_table.hpp"
#include "messages/caf_compat.hpp"

#include <string>

namespace fsshare {

/// Something happened to a watched volume. Kinds of which nobody needs to know
/// (`other`) are not sent.
struct volume_changed {
  /// The path as it was given in `watch`.
  std::string path;
  volume_event_kind kind = volume_event_kind::flipped;
};

/// Events were lost: any watched volume may have changed.
struct volumes_overflowed {};

} // namespace fsshare

FSSHARE_MESSAGE(fsshare::volume_changed)
FSSHARE_MESSAGE(fsshare::volumes_overflowed)

CAF_BEGIN_TYPE_ID_BLOCK(fsshare_volume_events, fsshare::type_range(8))
  CAF_ADD_TYPE_ID(fsshare_volume_events, (fsshare::volume_changed))
  CAF_ADD_TYPE_ID(fsshare_volume_events, (fsshare::volumes_overflowed))
CAF_END_TYPE_ID_BLOCK(fsshare_volume_events)

namespace fsshare {

/// Who is told about volumes: the REGISTRY.
using volume_event_sink
  = caf::typed_actor<msg<volume_changed>, msg<volumes_overflowed>>;

} // namespace fsshare
