// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mount/mount_options.hpp"
#include "core/result.hpp"
#include "sys/mount/mount_paths.hpp"
#include "sys/mount/share_alias.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace fsshare {

/// Whether a source is ours.
enum class source_origin : std::uint8_t {
  /// A user's. If it lies in the share root, by whatever path or bind mount, it
  /// is refused; if it holds the share root, nothing of what is mounted there
  /// comes along, now or later.
  elsewhere,
  /// A directory of the sandbox.
  sandbox,
};

/// One bind mount, descriptor to descriptor.
struct attach_request {
  /// What to mount, opened with O_PATH; stays the caller's.
  int source = -1;
  /// Where to mount it, below the share root; an empty directory for a
  /// directory, an empty file for anything else.
  std::string target;
  /// A directory that classic mounts may make and remove.
  std::string staging_dir;
  bind_options options;
  source_origin origin = source_origin::elsewhere;
  /// What the options let come along.
  source_extent extent = source_extent::tree;
  /// Names the source in the sentence of an error.
  std::string shown = "source";
};

/// The two ways in which Linux mounts. Stateless; used by one thread at a time.
class mount_api {
public:
  virtual ~mount_api() = default;

  /// Mounts a source on a target, wholly or not at all. The mount appears at
  /// the target with its final access and propagation, never otherwise.
  /// @returns `errc::invalid_argument` for a source in the share root.
  virtual status attach(const share_tree& tree, const attach_request& request)
    = 0;
};

/// Describes a failed call of either API. ENOSPC is about the number of mounts.
error mount_error(int number, std::string_view call, std::string_view subject);

/// Returns the key under which calls to the source of a request are bounded;
/// see bounded_calls.
result<std::string> key_of(const attach_request& request);

/// Looks where the source of a request lies; that of ours is apart.
/// @returns `errc::invalid_argument` for one in the share root.
result<source_place> admit_source(const share_tree& tree,
                                  const attach_request& request);

/// Makes a mount API. `automatic` takes the new one unless the kernel lacks it,
/// or a seccomp filter denies it.
/// @returns `errc::unimplemented` for `new_api` where it cannot work.
result<std::unique_ptr<mount_api>> make_mount_api(mount_api_choice choice);

/// The new API alone: open_tree(2), mount_setattr(2), move_mount(2).
std::unique_ptr<mount_api> make_new_mount_api();

/// mount(2) alone.
std::unique_ptr<mount_api> make_classic_mount_api();

} // namespace fsshare
