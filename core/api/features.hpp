// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace fsshare {

/// What callers may rely on beside the methods and fields of the first version
/// of the control API, as Version says it. None is ever taken away; what each
/// means stands in docs/integration.md.
inline constexpr auto api_features = std::to_array<std::string_view>({
  "container-names",
  "features",
  "guest-memory",
  "guest-policy",
  "keeps-mount",
  "labels",
  "local-empty-dirs",
  "mount-namespace",
  "no-watchable",
  "owner",
  "raw-guest-path",
  "set-guest",
  "share-files",
  "watch-events",
});

} // namespace fsshare
