// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fsshare::ttrpc {

/// Sizes of the wire format of containerd/ttrpc (its channel.go): a header of
/// ten bytes, big endian, then the payload.
constexpr std::size_t frame_header_size = 10;
constexpr std::size_t max_frame_payload = std::size_t{4} << 20;

/// Values of frame_header::type; others are to be ignored.
constexpr std::uint8_t request_frame = 1;
constexpr std::uint8_t response_frame = 2;
constexpr std::uint8_t data_frame = 3;

struct frame_header {
  /// Bytes of payload that follow.
  std::uint32_t length = 0;
  std::uint32_t stream = 0;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;

  friend bool operator==(const frame_header&, const frame_header&) = default;
};

/// Writes the ten bytes of a header.
std::array<std::uint8_t, frame_header_size>
encode_frame_header(const frame_header& header);

/// Reads the ten bytes at `data`, which must have as many.
frame_header decode_frame_header(byte_view data);

struct frame {
  frame_header header;
  /// Empty for a frame that is too large.
  bytes payload;

  /// Whether the header announces more than its decoder takes, which skips
  /// such a payload; what follows is decoded as usual.
  bool is_oversize() const {
    return payload.size() < header.length;
  }
};

/// Turns a stream of bytes, in chunks of any size, into frames.
class frame_decoder {
public:
  /// @param max_payload Larger ones are skipped.
  explicit frame_decoder(std::size_t max_payload = max_frame_payload);

  /// Takes what arrived and returns the frames that it completes. An oversize
  /// frame is returned as soon as its header is complete.
  std::vector<frame> receive(byte_view data);

  /// Whether the bytes so far end in the middle of a frame.
  bool is_inside_frame() const;

  /// Bytes kept of a frame that is not complete.
  std::size_t buffered() const;

  /// Number of frames that were returned.
  std::uint64_t frames() const;

private:
  byte_view take_header(byte_view data);
  byte_view take_payload(byte_view data);

  std::size_t max_payload_;
  std::array<std::uint8_t, frame_header_size> head_{};
  std::size_t head_size_ = 0;
  frame current_;
  /// Bytes of a skipped payload that have not arrived yet.
  std::size_t skip_ = 0;
  std::uint64_t frames_ = 0;
};

} // namespace fsshare::ttrpc
