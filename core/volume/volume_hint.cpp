// SPDX-License-Identifier: Apache-2.0
#include "core/volume/volume_hint.hpp"

namespace fsshare {

const char* to_string(volume_hint hint) noexcept {
  switch (hint) {
  case volume_hint::begun: return "begun";
  case volume_hint::read_now: return "read now";
  case volume_hint::look: return "look";
  case volume_hint::look_closely: return "look closely";
  case volume_hint::watch_anew: return "watch anew";
  case volume_hint::watch_again: return "watch again";
  case volume_hint::watch_and_look_closely: return "watch and look closely";
  case volume_hint::compare: return "compare";
  case volume_hint::compare_closely: return "compare closely";
  case volume_hint::nothing: break;
  }
  return "nothing";
}

} // namespace fsshare
