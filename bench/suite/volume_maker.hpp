// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/rotator.hpp"

#include <cstdio>
#include <string>

namespace fsshare::bench {

/// Returns where the kubelet has a ConfigMap of that number, relative to its
/// root.
inline std::string volume_dir(int number) {
  char uid[48] = {};
  std::snprintf(uid, sizeof uid, "5f0c6c5e-6f3b-4c0e-9d55-%012x",
                static_cast<unsigned>(number));
  return std::string{"pods/"} + uid
         + "/volumes/kubernetes.io~configmap/settings";
}

/// Returns what a volume is to hold after so many rotations.
inline test::payload payload_of(int keys, int rotations) {
  test::payload out;
  for (int key = 0; key < keys; ++key)
    out["key" + std::to_string(key)]
      = {"value " + std::to_string(rotations) + "\n"};
  return out;
}

} // namespace fsshare::bench
