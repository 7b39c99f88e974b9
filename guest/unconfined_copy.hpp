// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "guest/copy_file_request.hpp"
#include "guest/ownership.hpp"
#include "guest/profile.hpp"
#include "guest/share_path.hpp"
#include "sys/standin/confined_dir.hpp"

#include <optional>

namespace fsshare::guest {

/// One CopyFile as the guest agents up to 3.32 do it: by plain paths, which the
/// kernel resolves and nothing confines.
///
/// Here they are confined all the same. Whatever such a guest agent would do
/// out of its share is not done and reported as done, because that is what it
/// answers.
class unconfined_copy {
public:
  /// Both must outlive the copy.
  unconfined_copy(const confined_dir& root, const copy_file_request& request,
                  profile which);

  /// Carries the request out; a failure may leave half of it done.
  status run();

private:
  /// The reason to end early; success for what leads out of the share.
  using early_end = std::optional<status>;

  early_end make_parent() const;
  early_end open_parent();
  std::errc make_dirs(const std::string& path) const;
  std::errc make_dir(const share_path& path) const;
  bool is_directory(const std::string& path) const;
  bool has_entry() const;

  status make_directory() const;
  std::errc directory_or_nothing() const;
  std::errc clear_way_of_directory() const;
  status make_symlink() const;
  std::errc remove_before_slash() const;
  std::errc make_symlink_before_slash() const;
  std::errc clear_way_of_symlink() const;
  status write_file() const;
  status complete(const unique_fd& file, const std::string& temp) const;

  const confined_dir& root_;
  const copy_file_request& request_;
  profile which_;
  ownership owner_;
  share_path path_;
  unique_fd parent_;
};

} // namespace fsshare::guest
