// SPDX-License-Identifier: Apache-2.0
#include "ttrpc/frame.hpp"

#include <algorithm>
#include <utility>

namespace fsshare::ttrpc {

namespace {

/// Room that a header alone is given: who only announces gets little.
constexpr std::size_t first_room = std::size_t{64} << 10;

void put_u32(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 24);
  at[1] = static_cast<std::uint8_t>(value >> 16);
  at[2] = static_cast<std::uint8_t>(value >> 8);
  at[3] = static_cast<std::uint8_t>(value);
}

std::uint32_t u32_at(byte_view data, std::size_t at) {
  return (std::uint32_t{data[at]} << 24) | (std::uint32_t{data[at + 1]} << 16)
         | (std::uint32_t{data[at + 2]} << 8) | std::uint32_t{data[at + 3]};
}

} // namespace

std::array<std::uint8_t, frame_header_size>
encode_frame_header(const frame_header& header) {
  std::array<std::uint8_t, frame_header_size> out{};
  put_u32(out.data(), header.length);
  put_u32(out.data() + 4, header.stream);
  out[8] = header.type;
  out[9] = header.flags;
  return out;
}

frame_header decode_frame_header(byte_view data) {
  return {u32_at(data, 0), u32_at(data, 4), data[8], data[9]};
}

frame_decoder::frame_decoder(std::size_t max_payload)
  : max_payload_(max_payload) {
}

byte_view frame_decoder::take_header(byte_view data) {
  const auto n = std::min(frame_header_size - head_size_, data.size());
  std::copy_n(data.begin(), n, head_.begin() + head_size_);
  head_size_ += n;
  if (head_size_ == frame_header_size) {
    current_.header = decode_frame_header(head_);
    if (current_.header.length <= max_payload_)
      current_.payload.reserve(
        std::min<std::size_t>(current_.header.length, first_room));
  }
  return data.subspan(n);
}

byte_view frame_decoder::take_payload(byte_view data) {
  auto& payload = current_.payload;
  const auto n = std::min(current_.header.length - payload.size(), data.size());
  const auto part = data.first(n);
  if (payload.size() + n > payload.capacity())
    payload.reserve(current_.header.length);
  payload.insert(payload.end(), part.begin(), part.end());
  return data.subspan(n);
}

std::vector<frame> frame_decoder::receive(byte_view data) {
  std::vector<frame> out;
  while (!data.empty()) {
    if (skip_ > 0) {
      const auto n = std::min(skip_, data.size());
      skip_ -= n;
      data = data.subspan(n);
      continue;
    }
    if (head_size_ < frame_header_size)
      data = take_header(data);
    if (head_size_ < frame_header_size)
      break;
    if (current_.header.length > max_payload_)
      skip_ = current_.header.length;
    else
      data = take_payload(data);
    if (skip_ == 0 && current_.payload.size() < current_.header.length)
      continue;
    out.push_back(std::exchange(current_, {}));
    head_size_ = 0;
    ++frames_;
  }
  return out;
}

bool frame_decoder::is_inside_frame() const {
  return head_size_ > 0 || skip_ > 0;
}

std::size_t frame_decoder::buffered() const {
  return current_.payload.capacity();
}

std::uint64_t frame_decoder::frames() const {
  return frames_;
}

} // namespace fsshare::ttrpc
