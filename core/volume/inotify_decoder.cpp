// SPDX-License-Identifier: Apache-2.0
#include "core/volume/inotify_decoder.hpp"

#include <algorithm>
#include <cstring>

namespace fsshare {

namespace {

template <class T>
T read_at(byte_view data, std::size_t offset) {
  T value{};
  std::memcpy(&value, data.data() + offset, sizeof value);
  return value;
}

} // namespace

decoded_events decode_inotify(byte_view data) {
  decoded_events out;
  while (!data.empty()) {
    if (data.size() < inotify_header_bytes) {
      out.complete = false;
      break;
    }
    const auto name_bytes = read_at<std::uint32_t>(data, 12);
    if (name_bytes > data.size() - inotify_header_bytes) {
      out.complete = false;
      break;
    }
    auto name = as_text(data.subspan(inotify_header_bytes, name_bytes));
    name = name.substr(0, std::min(name.find('\0'), name.size()));
    out.events.push_back({read_at<std::int32_t>(data, 0),
                          read_at<std::uint32_t>(data, 4),
                          read_at<std::uint32_t>(data, 8), std::string{name}});
    data = data.subspan(inotify_header_bytes + name_bytes);
  }
  return out;
}

} // namespace fsshare
