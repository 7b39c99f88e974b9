// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>

#include <cstddef>
#include <functional>

namespace fsshare {

/// Like std::map, and knows how many keys come before another one
/// (`order_of_key`): all takes logarithmic time. Of libstdc++. What it holds is
/// copied in.
template <class Key, class Value, class Less = std::less<Key>>
using ranked_map
  = __gnu_pbds::tree<Key, Value, Less, __gnu_pbds::rb_tree_tag,
                     __gnu_pbds::tree_order_statistics_node_update>;

/// The same like std::set.
template <class Key, class Less = std::less<Key>>
using ranked_set = ranked_map<Key, __gnu_pbds::null_type, Less>;

/// Returns how many keys of a ranked container are not less than `key`.
template <class Ranked, class Key>
std::size_t count_from(const Ranked& all, const Key& key) {
  return all.size() - all.order_of_key(key);
}

/// Keeps the sum of the values below each node of a map to numbers; see
/// summed_map.
template <class NodeCIterator, class NodeIterator, class Less, class Alloc>
class sum_update {
public:
  using metadata_type = std::size_t;

  void operator()(NodeIterator at, NodeCIterator end) const {
    const_cast<metadata_type&>(at.get_metadata())
      = (*at)->second + sum_of(at.get_l_child(), end)
        + sum_of(at.get_r_child(), end);
  }

  /// Returns the sum of the values of all keys that are not less than `key`.
  template <class Key>
  std::size_t sum_from(const Key& key) const {
    std::size_t sum = 0;
    const auto end = node_end();
    for (auto at = node_begin(); at != end;) {
      if (Less{}((*at)->first, key)) {
        at = at.get_r_child();
        continue;
      }
      sum += (*at)->second + sum_of(at.get_r_child(), end);
      at = at.get_l_child();
    }
    return sum;
  }

protected:
  ~sum_update() = default;

private:
  template <class Iterator>
  static std::size_t sum_of(Iterator at, NodeCIterator end) {
    return at == end ? 0 : at.get_metadata();
  }

  virtual NodeCIterator node_begin() const = 0;
  virtual NodeCIterator node_end() const = 0;
};

/// A map to numbers that knows the sum of those from a key on (`sum_from`) in
/// logarithmic time. To change a number, erase it and insert another.
template <class Key>
using summed_map = __gnu_pbds::tree<Key, std::size_t, std::less<Key>,
                                    __gnu_pbds::rb_tree_tag, sum_update>;

} // namespace fsshare
