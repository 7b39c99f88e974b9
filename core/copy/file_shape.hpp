// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace fsshare {

/// Bytes of a file that are sent in one request.
struct file_part {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;

  std::uint64_t end() const {
    return offset + length;
  }
  friend bool operator==(const file_part&, const file_part&) = default;
};

/// How much of a file there is to send, as its reader found it.
struct file_shape {
  /// What reading gives until the end, whatever stat(2) says.
  std::uint64_t size = 0;
  /// What is sent of it: in order, disjoint, from the first byte to the last;
  /// what lies between is left to be a hole. Empty for all of it.
  std::vector<file_part> parts = {};

  /// Bytes that are sent.
  std::uint64_t sent_bytes() const;

  friend bool operator==(const file_shape&, const file_shape&) = default;
};

/// Holes smaller than this are sent as data: a request costs more.
constexpr std::uint64_t smallest_hole = std::uint64_t{64} << 10;

/// Plans what is sent of a file with holes: its data, in parts of `most` bytes
/// at most, and its first and last byte, since guest agents truncate with the
/// first one and take a file for complete as soon as its size is right.
/// @param size larger than 0.
/// @param data ranges that are no holes, in order and disjoint.
file_shape shape_with_holes(std::uint64_t size,
                            const std::vector<file_part>& data,
                            std::uint64_t most);

} // namespace fsshare
