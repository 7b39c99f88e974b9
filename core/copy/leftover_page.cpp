// SPDX-License-Identifier: Apache-2.0
#include "core/copy/leftover_page.hpp"

#include "core/text/utf8.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace fsshare {

leftover_page joined(std::vector<leftover_page> parts, std::size_t most) {
  leftover_page whole;
  auto& listed = whole.listed;
  for (auto& part : parts) {
    std::move(part.listed.begin(), part.listed.end(),
              std::back_inserter(listed));
    whole.more += part.more;
    whole.looked_at += part.looked_at;
  }
  std::stable_sort(listed.begin(), listed.end(),
                   [](const path_reason& x, const path_reason& y) {
                     return x.path < y.path;
                   });
  const auto end = std::unique(listed.begin(), listed.end(),
                               [](const path_reason& x, const path_reason& y) {
                                 return x.path == y.path;
                               });
  listed.erase(end, listed.end());
  if (listed.size() > most) {
    whole.more += listed.size() - most;
    listed.resize(most);
  }
  return whole;
}

leftover_index::entry leftover_index::entry_of(const std::string& name) {
  auto shown = valid_utf8(name);
  return shown == name ? entry{std::move(shown), {}}
                       : entry{std::move(shown), name};
}

void leftover_index::insert(const std::string& name) {
  names_.insert(entry_of(name));
}

void leftover_index::erase(const std::string& name) {
  names_.erase(entry_of(name));
}

leftover_page leftover_index::page(
  const std::string& after, std::size_t most,
  const std::function<std::string(const std::string&)>& reason_of) const {
  leftover_page out;
  auto& listed = out.listed;
  // What follows `after` and all that are shown alike.
  auto i = names_.lower_bound(entry{after + '\0', {}});
  for (; i != names_.end(); ++i) {
    ++out.looked_at;
    if (!listed.empty() && listed.back().path == i->shown)
      continue;
    if (listed.size() == most)
      break;
    listed.push_back(
      {i->shown, reason_of(i->name.empty() ? i->shown : i->name)});
  }
  if (i != names_.end())
    out.more = count_from(names_, *i);
  return out;
}

} // namespace fsshare
