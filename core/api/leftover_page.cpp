// SPDX-License-Identifier: Apache-2.0
#include "core/api/leftover_page.hpp"

#include "core/text/utf8.hpp"

#include <algorithm>

namespace fsshare {

leftover_page page_behind(const std::vector<path_reason>& all,
                          const std::string& after, std::size_t most) {
  struct entry {
    std::string path;
    const std::string* reason = nullptr;
  };
  std::vector<entry> behind;
  for (const auto& each : all)
    if (auto path = valid_utf8(each.path); path > after)
      behind.push_back({std::move(path), &each.reason});
  std::stable_sort(behind.begin(), behind.end(),
                   [](const entry& x, const entry& y) {
                     return x.path < y.path;
                   });
  const auto end = std::unique(behind.begin(), behind.end(),
                               [](const entry& x, const entry& y) {
                                 return x.path == y.path;
                               });
  behind.erase(end, behind.end());
  leftover_page out;
  const auto listed = std::min(most, behind.size());
  for (std::size_t i = 0; i < listed; ++i)
    out.listed.push_back({std::move(behind[i].path), *behind[i].reason});
  out.more = behind.size() - listed;
  return out;
}

} // namespace fsshare
