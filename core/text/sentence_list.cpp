// SPDX-License-Identifier: Apache-2.0
#include "core/text/sentence_list.hpp"

namespace fsshare {

std::string listed(const std::vector<std::string>& items,
                   std::string_view separator) {
  constexpr std::size_t most = 640;
  std::string out;
  std::size_t shown = 0;
  for (; shown < items.size(); ++shown) {
    const auto& item = items[shown];
    if (shown > 0 && out.size() + separator.size() + item.size() > most)
      break;
    if (shown > 0)
      out += separator;
    out += item;
  }
  if (shown < items.size())
    out += std::string{separator} + "and "
           + std::to_string(items.size() - shown) + " more";
  return out;
}

} // namespace fsshare
