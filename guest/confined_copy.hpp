// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "guest/copy_file_request.hpp"
#include "guest/ownership.hpp"
#include "guest/share_path.hpp"
#include "sys/standin/confined_dir.hpp"

namespace fsshare::guest {

/// One CopyFile as the guest agents from 4.0 on do it: paths are resolved
/// inside the share as after chroot(2), the parent always changes its owner,
/// and what stands in the way goes with the first chunk.
class confined_copy {
public:
  /// Both must outlive the copy.
  confined_copy(const confined_dir& root, const copy_file_request& request);

  /// Carries the request out; a failure may leave half of it done.
  status run();

private:
  status make_parent();
  status make_directory() const;
  status make_symlink() const;
  status write_file() const;
  status complete(const unique_fd& file, const std::string& temp) const;
  os_result<unique_fd> parent_of_kernel() const;

  const confined_dir& root_;
  const copy_file_request& request_;
  ownership owner_;
  share_path path_;
  unique_fd parent_;
};

} // namespace fsshare::guest
