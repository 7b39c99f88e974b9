// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_api.hpp"

#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/mountinfo.hpp"
#include "sys/process/bounded_calls.hpp"
#include "sys/tree/file_look.hpp"
#include "sys/tree/open_beneath.hpp"
#include "sys/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fsshare {

namespace {

constexpr std::uint32_t staging_mode = 0700;
constexpr unsigned long recursive = MS_REC;

// mount(2) takes paths; the magic link of a descriptor names what it has open,
// whoever renames what meanwhile.
std::string path_of(const unique_fd& fd) {
  return "/proc/self/fd/" + std::to_string(fd.get());
}

status mount_with(const char* source, const std::string& target,
                  unsigned long flags, const std::string& shown) {
  if (::mount(source, target.c_str(), nullptr, flags, nullptr) != 0)
    return mount_error(errno, "mount", shown);
  return unit{};
}

// Flags of an existing mount that a remount would clear.
unsigned long kept_flags(const mounted_entry& entry) {
  struct flag_word {
    const char* word;
    unsigned long flag;
  };
  // A remount that names no time flags keeps those (mount(2)).
  constexpr auto words
    = std::to_array<flag_word>({{"nosuid", MS_NOSUID},
                                {"nodev", MS_NODEV},
                                {"noexec", MS_NOEXEC},
                                {"nosymfollow", MS_NOSYMFOLLOW}});
  unsigned long flags = 0;
  for (const auto& [word, flag] : words)
    if (entry.has_option(word))
      flags |= flag;
  return flags;
}

// A place for mounts that nobody else sees: a private mount of an empty
// directory, with one mount point in it.
//
// mount(2) makes a bind read-write and in its source's peer group first, and
// changes it afterwards; a change does not reach the copies that propagation
// made by then. So each mount is made here, changed, and bound on from here.
class staging {
public:
  staging(const share_tree& tree, std::string dir)
    : tree_(tree), dir_(std::move(dir)), slot_(join(dir_, "slot")) {
  }

  // Takes all of it down; what stays does no harm, and load() tries again.
  status clear() const {
    // With it goes what is mounted in the slot.
    auto gone = tree_.detach(dir_);
    if (!gone)
      return gone.err().within("take down " + dir_);
    for (const auto& path : {slot_, dir_}) {
      const auto removed = tree_.remove_empty(path);
      if (!removed)
        return removed.err().within("take down " + dir_);
      if (!removed->foreign.empty())
        return error{errc::failed_precondition, "take down " + dir_ + ": "
                                                  + path + " is "
                                                  + removed->foreign};
    }
    return unit{};
  }

  // Mounts the source of a request in the slot.
  result<unique_fd> load(const attach_request& request) const {
    const auto& options = request.options;
    const auto place = admit_source(tree_, request);
    if (!place)
      return place.err();
    const bool holds_root = *place == source_place::holds_share_root;
    if (auto made = make_slot(request.target); !made)
      return made.err();
    auto slot = tree_.open_path(slot_);
    if (!slot)
      return slot;
    const auto below = options.submounts == submounts::take ? recursive : 0UL;
    auto done = bind_source(request, *slot, below);
    if (!done)
      return done.err();
    // The descriptor has what is beneath the mount.
    slot = tree_.open_path(slot_);
    if (!slot)
      return slot;
    const bool is_slave
      = options.propagation == propagation::slave && !holds_root;
    const auto flow = is_slave ? MS_SLAVE : MS_PRIVATE;
    done = mount_with(nullptr, path_of(*slot), flow | below, slot_);
    if (done && request.origin == source_origin::elsewhere && below != 0)
      done = unmount_ours(*slot);
    if (done && options.access == access::read_only)
      done = make_read_only(*slot);
    if (!done)
      return done.err();
    return slot;
  }

private:
  // Looks the source up, of which 9p and NFS ask their servers. What comes too
  // late finds no slot any more: clear() has removed it.
  status bind_source(const attach_request& request, const unique_fd& slot,
                     unsigned long below) const {
    const auto key = key_of(request);
    if (!key)
      return key.err();
    return tree_.calls().run<unit>(
      *key, "bind " + request.shown,
      [source = own_copy(request.source), to = own_copy(slot.get()), below,
       shown = slot_]() -> status {
        const auto from = path_of(*source);
        return mount_with(from.c_str(), path_of(*to), MS_BIND | below, shown);
      });
  }

  status make_slot(const std::string& target) const {
    if (auto cleared = clear(); !cleared)
      return cleared;
    if (auto made = tree_.make_directory(dir_, staging_mode); !made)
      return made.err();
    const auto dir = tree_.open_path(dir_);
    if (!dir)
      return dir.err();
    const auto self = path_of(*dir);
    if (auto done = mount_with(self.c_str(), self, MS_BIND, dir_); !done)
      return done;
    const auto top = tree_.open_path(dir_);
    if (!top)
      return top.err();
    if (auto done = mount_with(nullptr, path_of(*top), MS_PRIVATE, dir_); !done)
      return done;
    // The target is ours and of the source's type, which is not asked: its
    // filesystem may not answer.
    const auto like = tree_.open_path(target);
    if (!like)
      return like.err();
    const auto seen = look_without_asking(like->get(), "", AT_EMPTY_PATH);
    if (seen.failure != 0)
      return errno_error(seen.failure, "stat", target);
    if (!S_ISDIR(seen.mode))
      return tree_.make_empty_file(slot_);
    const auto made = tree_.make_directory(slot_, staging_mode);
    return made ? status{unit{}} : status{made.err()};
  }

  // What is mounted at or below the slot, in the staging directory's words.
  result<std::vector<mounted_entry>> mounted_in(const unique_fd& slot) const {
    const auto top = real_path(slot.get(), slot_);
    if (!top)
      return top.err();
    auto mounts = read_mountinfo();
    if (!mounts)
      return mounts;
    std::erase_if(*mounts, [&top](const auto& entry) {
      return entry.mount_point != *top && !is_below(entry.mount_point, *top);
    });
    for (auto& entry : *mounts)
      entry.mount_point.replace(0, top->size(), slot_);
    return mounts;
  }

  // They are private by now: nothing is unmounted anywhere else.
  status unmount_ours(const unique_fd& slot) const {
    const auto top = real_path(slot.get(), slot_);
    if (!top)
      return top.err();
    const auto mounts = share_mounts_below(slot.get(), tree_);
    if (!mounts)
      return mounts.err();
    for (const auto& entry : *mounts)
      if (is_below(entry.mount_point, *top))
        if (const auto gone
            = tree_.detach(slot_ + entry.mount_point.substr(top->size()));
            !gone)
          return gone.err();
    return unit{};
  }

  // A remount changes one mount, so that each below has its own; but for those
  // that no path leads to, for the host and for the guest.
  status make_read_only(const unique_fd& slot) const {
    const auto mounts = mounted_in(slot);
    if (!mounts)
      return mounts.err();
    for (const auto& entry : *mounts) {
      if (is_covered(entry, *mounts))
        continue;
      const auto& path = entry.mount_point;
      const auto mount = tree_.open_foreign(path);
      if (!mount)
        return mount.err();
      const auto flags = MS_REMOUNT | MS_BIND | MS_RDONLY | kept_flags(entry);
      if (auto done = mount_with(nullptr, path_of(*mount), flags, path); !done)
        return done;
    }
    return unit{};
  }

  const share_tree& tree_;
  std::string dir_;
  std::string slot_;
};

class classic_mount_api final : public mount_api {
public:
  status attach(const share_tree& tree,
                const attach_request& request) override {
    const staging place{tree, request.staging_dir};
    auto done = attach_from(place, tree, request);
    auto cleared = place.clear();
    if (cleared)
      return done;
    if (!done)
      return error{done.err().code,
                   done.err().message + "; undo: " + cleared.err().message};
    if (const auto gone = tree.detach(request.target); !gone)
      return error{cleared.err().code,
                   cleared.err().message + "; undo: " + gone.err().message};
    return cleared;
  }

private:
  static status attach_from(const staging& place, const share_tree& tree,
                            const attach_request& request) {
    const auto loaded = place.load(request);
    if (!loaded)
      return loaded.err();
    const auto target = tree.open_path(request.target);
    if (!target)
      return target.err();
    // A bind of a private mount is private, of a slave a slave of the same
    // master, of a read-only one read-only (mount_namespaces(7)).
    const auto from = path_of(*loaded);
    const auto below
      = request.options.submounts == submounts::take ? recursive : 0UL;
    if (auto done = mount_with(from.c_str(), path_of(*target), MS_BIND | below,
                               request.target);
        !done || request.options.propagation != propagation::shared)
      return done;
    auto shared = share(tree, request.target, below);
    if (shared)
      return shared;
    if (const auto gone = tree.detach(request.target); !gone)
      return error{shared.err().code,
                   shared.err().message + "; undo: " + gone.err().message};
    return shared;
  }

  static status share(const share_tree& tree, const std::string& target,
                      unsigned long below) {
    const auto top = tree.open_path(target);
    if (!top)
      return top.err();
    return mount_with(nullptr, path_of(*top), MS_SHARED | below, target);
  }
};

} // namespace

std::unique_ptr<mount_api> make_classic_mount_api() {
  return std::make_unique<classic_mount_api>();
}

} // namespace fsshare
