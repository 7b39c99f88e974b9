// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_api.hpp"

#include "sys/errno_error.hpp"
#include "sys/mount_identity.hpp"
#include "sys/process/bounded_calls.hpp"
#include "sys/process/kernel_calls.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/mount.h>

namespace fsshare {

namespace {

class new_mount_api final : public mount_api {
public:
  status attach(const share_tree& tree,
                const attach_request& request) override {
    const auto target = tree.open_path(request.target);
    if (!target)
      return target.err();
    const auto key = key_of(request);
    if (!key)
      return key.err();
    const auto made = clone(tree.calls(), *key, request);
    if (!made)
      return made.err();
    // After the clone: what it has is in the mount table by now.
    const auto place = admit_source(tree, request);
    if (!place)
      return place.err();
    // What is to stay behind must be unmounted before anybody sees it, which
    // takes a place in the mount table.
    if (*place == source_place::holds_share_root)
      return make_classic_mount_api()->attach(tree, request);
    return move(tree.calls(), *key, *made, target->get(), request);
  }

private:
  // Each of these calls walks an empty path from the source's root, of which
  // 9p and NFS ask their servers (d_weak_revalidate of vfs.rst); move_mount(2)
  // before Linux 6.15.
  static result<owned_fd> clone(bounded_calls& calls, const std::string& key,
                                const attach_request& request) {
    return calls.run<owned_fd>(
      key, "clone " + request.shown,
      [source = own_copy(request.source),
       options = request.options]() -> result<owned_fd> {
        const unsigned below
          = options.submounts == submounts::take ? AT_RECURSIVE : 0;
        auto made = std::make_shared<const unique_fd>(::open_tree(
          source->get(), "",
          OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | below));
        if (!*made)
          return mount_error(errno, "open_tree", "source");
        if (auto set = configure(made->get(), below, options); !set)
          return set.err();
        return made;
      });
  }

  static status move(bounded_calls& calls, const std::string& key,
                     const owned_fd& made, int target,
                     const attach_request& request) {
    return calls.run<unit>(
      key, "mount " + request.shown,
      [made, to = own_copy(target), path = request.target]() -> status {
        if (::move_mount(made->get(), "", to->get(), "",
                         MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)
            != 0)
          return mount_error(errno, "move_mount", path);
        return unit{};
      },
      [made](const status& moved) {
        // Nobody expects it there any more.
        if (moved)
          ::umount2(("/proc/self/fd/" + std::to_string(made->get())).c_str(),
                    MNT_DETACH);
      });
  }

  // Nobody sees the mount yet. Flags that are not named are kept.
  static status configure(int made, unsigned below,
                          const bind_options& options) {
    mount_attr attributes{};
    if (options.access == access::read_only)
      attributes.attr_set = MOUNT_ATTR_RDONLY;
    // A clone joins its source's peer group: unmounting below it would then
    // unmount below the source, and what is mounted below it would appear
    // there. So it leaves the group first, whatever comes next.
    attributes.propagation
      = options.propagation == propagation::slave ? MS_SLAVE : MS_PRIVATE;
    if (auto set = set_attributes(made, below, attributes); !set)
      return set;
    if (options.propagation != propagation::shared)
      return unit{};
    return set_attributes(made, below, {0, 0, MS_SHARED, 0});
  }

  static status set_attributes(int made, unsigned below,
                               mount_attr attributes) {
    if (::mount_setattr(made, "", AT_EMPTY_PATH | below, &attributes,
                        sizeof(attributes))
        != 0)
      return mount_error(errno, "mount_setattr", "source");
    return unit{};
  }
};

} // namespace

result<std::string> key_of(const attach_request& request) {
  const auto mount = mount_of(request.source, request.shown);
  if (!mount)
    return mount.err();
  return "mount " + std::to_string(*mount);
}

error mount_error(int number, std::string_view call, std::string_view subject) {
  auto failure = errno_error(number, call, subject);
  if (number == ENOSPC)
    failure.message += " for mounts: fs.mount-max is reached";
  return failure;
}

result<source_place> admit_source(const share_tree& tree,
                                  const attach_request& request) {
  if (request.origin == source_origin::sandbox)
    return source_place::apart;
  auto place = place_source(request.source, tree.root(), request.extent);
  if (place && *place == source_place::in_share_root)
    return error{errc::invalid_argument, "source '" + request.shown
                                           + "' leads into the share root '"
                                           + tree.root().path() + "'"};
  return place;
}

std::unique_ptr<mount_api> make_new_mount_api() {
  return std::make_unique<new_mount_api>();
}

result<std::unique_ptr<mount_api>> make_mount_api(mount_api_choice choice) {
  if (choice == mount_api_choice::classic)
    return make_classic_mount_api();
  const auto& lacking = available_calls().lacking_mount_call;
  if (lacking.empty())
    return make_new_mount_api();
  if (choice == mount_api_choice::automatic)
    return make_classic_mount_api();
  return error{errc::unimplemented,
               "mounts.api 'new': " + lacking
                 + " cannot be used: this kernel lacks it (Linux 5.12) or a "
                   "seccomp filter denies it"};
}

} // namespace fsshare
