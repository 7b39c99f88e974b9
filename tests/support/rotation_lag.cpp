// SPDX-License-Identifier: Apache-2.0
#include "tests/support/rotation_lag.hpp"

#include <algorithm>
#include <utility>

namespace fsshare::test {

made_rotation make_rotation(rotator& kubelet, payload files, std::string what,
                            std::optional<rotation_step> dies_before) {
  made_rotation out;
  out.what = std::move(what);
  kubelet.begin(std::move(files));
  while (kubelet.next() && kubelet.next() != dies_before) {
    const bool is_flip = kubelet.next() == rotation_step::flip;
    const auto called = data_observer::clock::now();
    kubelet.step();
    if (!is_flip)
      continue;
    out.called = called;
    out.flipped = data_observer::clock::now();
    out.generation = kubelet.written();
  }
  return out;
}

bool names_generation(const std::string& in_guest, const std::string& on_host) {
  if (!in_guest.starts_with(on_host))
    return false;
  const auto attempt = in_guest.substr(on_host.size());
  return attempt.empty()
         || (attempt.size() > 1 && attempt.front() == '.'
             && attempt.find_first_not_of("0123456789", 1)
                  == std::string::npos);
}

arrival arrival_of(const std::vector<made_rotation>& rotations,
                   std::size_t index,
                   const std::vector<data_observer::sighting>& seen) {
  for (auto at = index; at < rotations.size(); ++at) {
    const auto& wanted = rotations[at];
    const auto found
      = std::find_if(seen.begin(), seen.end(), [&](const auto& each) {
          return names_generation(each.generation, wanted.generation);
        });
    if (found == seen.end())
      continue;
    if (at != index)
      return {true, wanted.generation};
    const bool returned = found->at >= wanted.flipped;
    const milliseconds lag
      = found->at - (returned ? wanted.flipped : wanted.called);
    return {lag.count() >= 0, std::nullopt, lag, !returned};
  }
  return {};
}

} // namespace fsshare::test
