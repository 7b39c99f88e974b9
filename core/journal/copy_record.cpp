// SPDX-License-Identifier: Apache-2.0
#include "core/journal/copy_record.hpp"

namespace fsshare {

// A volume may have been copied as a tree, before it had a generation.
bool copy_of_before::is_whole() const {
  return tree || (guest && guest->acknowledged);
}

} // namespace fsshare
