// SPDX-License-Identifier: Apache-2.0
#include "core/journal/copy_record.hpp"

namespace fsshare {

// A volume may have been copied as a tree, before it had a generation. Of what
// the guest makes itself nothing can be cut off.
bool copy_of_before::is_whole() const {
  return what.terms.is_local || tree || (guest && guest->acknowledged);
}

} // namespace fsshare
