// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/volume/volume_hint.hpp"
#include "messages/caf_compat.hpp"

#include <string>

namespace fsshare {

struct volume_changed {
  /// The path as it was given in `watch`.
  std::string path;
  volume_hint hint = volume_hint::read_now;
  /// The name of the generation that was begun; empty otherwise.
  std::string generation = {};
};

struct volumes_overflowed {};

} // namespace fsshare

FSSHARE_MESSAGES(volume_events, 8, volume_changed, volumes_overflowed)

namespace fsshare {

/// Who is told about volumes: the REGISTRY.
using volume_event_sink = caf::typed_actor<
  // Something happened to a watched volume. What nobody needs to know
  // (`nothing`) is not sent.
  msg<volume_changed>,
  // Events were lost: any watched volume may have changed.
  msg<volumes_overflowed>>;

} // namespace fsshare
