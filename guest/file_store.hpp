// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "guest/copy_file_request.hpp"
#include "guest/profile.hpp"
#include "sys/standin/confined_dir.hpp"

#include <string>

namespace fsshare::guest {

/// The files of a guest: carries out CopyFile as a real guest agent does, in a
/// directory that stands for its share and that nothing is ever written out of.
///
/// Passive and without threads or state of its own; any number of threads may
/// call it at once, and then sees the same races as with a guest agent. New
/// files and directories are subject to the umask of the process, which is 0022
/// in a guest.
class file_store {
public:
  /// @param root An existing directory.
  /// @returns the code and sentence of open(2) if it cannot be opened.
  static result<file_store> open(const std::string& root, profile which);

  /// Carries one request out. A failure is INTERNAL and may leave half of the
  /// request done. A request that on 3.x would write out of the share is
  /// answered as there, with success, and changes nothing outside.
  status copy_file(const copy_file_request& request) const;

  profile behaviour() const {
    return which_;
  }

private:
  file_store(confined_dir root, profile which);

  confined_dir root_;
  profile which_;
};

} // namespace fsshare::guest
