// SPDX-License-Identifier: Apache-2.0
#include "core/volume/look_pace.hpp"

#include <algorithm>

namespace fsshare {

std::optional<look_pace::time_point> look_pace::changed(time_point now) {
  if (is_arranged_)
    return std::nullopt;
  is_arranged_ = true;
  const auto soon = now + settling;
  return not_before_ ? std::max(soon, *not_before_) : soon;
}

std::optional<look_pace::time_point>
look_pace::looked(time_point begin, time_point end, bool is_all) {
  not_before_ = end + rest * (end - begin);
  is_arranged_ = !is_all;
  if (is_all)
    return std::nullopt;
  return std::max(end + retry, *not_before_);
}

} // namespace fsshare
