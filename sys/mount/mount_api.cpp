// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_api.hpp"

#include "sys/errno_error.hpp"
#include "sys/process/kernel_calls.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>
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
    const bool recursive = request.options.submounts == submounts::take;
    const unsigned below = recursive ? AT_RECURSIVE : 0;
    const unique_fd made{
      ::open_tree(request.source, "",
                  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | below)};
    if (!made)
      return mount_error(errno, "open_tree", "source");
    // After the clone: what it has is in the mount table by now.
    const auto place = admit_source(tree, request);
    if (!place)
      return place.err();
    // What is to stay behind must be unmounted before anybody sees it, which
    // takes a place in the mount table.
    if (*place == source_place::holds_share_root)
      return make_classic_mount_api()->attach(tree, request);
    if (auto set = configure(made.get(), below, request.options); !set)
      return set;
    if (::move_mount(made.get(), "", target->get(), "",
                     MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)
        != 0)
      return mount_error(errno, "move_mount", request.target);
    return unit{};
  }

private:
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
  auto place = place_source(request.source, tree.root());
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
