// SPDX-License-Identifier: Apache-2.0
#include "guest/file_store.hpp"

#include "guest/confined_copy.hpp"
#include "guest/unconfined_copy.hpp"

namespace fsshare::guest {

file_store::file_store(confined_dir root, profile which)
  : root_(std::move(root)), which_(which) {
}

result<file_store> file_store::open(const std::string& root, profile which) {
  auto dir = confined_dir::open(root);
  if (!dir)
    return dir.err();
  return file_store{std::move(*dir), which};
}

status file_store::copy_file(const copy_file_request& request) const {
  if (which_ == profile::v4_0)
    return confined_copy{root_, request, parent_rule::made_and_owned}.run();
  if (which_ == profile::v4_2)
    return confined_copy{root_, request, parent_rule::left}.run();
  return unconfined_copy{root_, request, which_}.run();
}

} // namespace fsshare::guest
