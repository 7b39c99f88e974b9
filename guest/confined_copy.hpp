// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "guest/copy_file_request.hpp"
#include "guest/ownership.hpp"
#include "guest/share_path.hpp"
#include "sys/standin/confined_dir.hpp"

#include <cstdint>

namespace fsshare::guest {

/// What becomes of the directory that a path lies in.
enum class parent_rule : std::uint8_t {
  /// It is made with all above it where it is missing, and always gets the
  /// owner of the request.
  made_and_owned,
  /// Nothing; where it is missing the request fails.
  left,
};

/// One CopyFile as the guest agents from 4.0 on do it: paths are resolved
/// inside the share as after chroot(2), and what stands in the way goes with
/// the first chunk.
class confined_copy {
public:
  /// Both must outlive the copy.
  confined_copy(const confined_dir& root, const copy_file_request& request,
                parent_rule parents);

  /// Carries the request out; a failure may leave half of it done.
  status run();

private:
  status open_parent();
  status make_parent();
  status make_directory() const;
  status make_symlink() const;
  status write_file() const;
  status complete(const unique_fd& file, const std::string& temp) const;
  os_result<unique_fd> parent_of_kernel() const;

  const confined_dir& root_;
  const copy_file_request& request_;
  parent_rule parents_;
  ownership owner_;
  share_path path_;
  unique_fd parent_;
};

} // namespace fsshare::guest
