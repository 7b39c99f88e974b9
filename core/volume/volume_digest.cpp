// SPDX-License-Identifier: Apache-2.0
#include "core/volume/volume_digest.hpp"

#include <string_view>

namespace fsshare {

namespace {

// FNV-1a with its published offset basis and prime for 64 bits.
class fnv1a {
public:
  void add(std::string_view text) {
    for (const char c : text)
      add_byte(static_cast<unsigned char>(c));
    // Paths have no NUL, so no two sequences of fields look alike.
    add_byte(0);
  }

  void add(std::uint32_t number) {
    for (unsigned shift = 0; shift < 32; shift += 8)
      add_byte((number >> shift) & 0xffU);
  }

  std::uint64_t value() const {
    return value_;
  }

private:
  void add_byte(std::uint32_t byte) {
    value_ = (value_ ^ byte) * 0x100000001b3U;
  }

  std::uint64_t value_ = 0xcbf29ce484222325U;
};

void add_entry(fnv1a& sum, const tree_entry& entry) {
  sum.add(entry.path);
  sum.add(static_cast<std::uint32_t>(entry.type));
  sum.add(entry.mode);
  sum.add(entry.uid);
  sum.add(entry.gid);
}

} // namespace

std::uint64_t volume_digest(const tree_entry& root, const tree_snapshot& tree) {
  fnv1a sum;
  add_entry(sum, root);
  for (const auto& entry : tree.entries)
    add_entry(sum, entry);
  return sum.value();
}

} // namespace fsshare
