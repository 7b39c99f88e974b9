// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/kernel_session.hpp"

#include "core/paths.hpp"
#include "core/share/share_mark.hpp"
#include "sys/errno_error.hpp"
#include "sys/mount/mark_file.hpp"
#include "sys/mount/mount_paths.hpp"
#include "sys/mount/mount_places.hpp"
#include "sys/mount/opened_source.hpp"
#include "sys/tree/directory_user.hpp"
#include "sys/tree/file_look.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <utility>

namespace fsshare {

std::optional<mount_identity> find_known(const known_sandboxes& known,
                                         const share_layout& layout) {
  const auto at = known.find(layout.sandbox_id());
  if (at == known.end())
    return std::nullopt;
  return at->second;
}

namespace {

using outcome = result<step_outcome>;

constexpr const char* bears_mark
  = "it bears our mark, but this node agent did not make it; once nobody needs "
    "it, discard it";
constexpr const char* bears_none = "it exists without our mark and is not ours";

error refused(std::string why) {
  return {errc::failed_precondition, std::move(why)};
}

outcome done() {
  return step_outcome{true, false};
}

outcome changed(const result<bool>& whether) {
  if (!whether)
    return whether.err();
  return step_outcome{*whether, false};
}

outcome removed(const std::string& path,
                const result<share_tree::removal>& what) {
  if (!what)
    return what.err();
  if (!what->foreign.empty())
    return step_outcome{false, false, {}, {{path, what->foreign}}};
  return step_outcome{what->removed, false};
}

outcome done(const status& what) {
  return what ? done() : outcome{what.err()};
}

// What is mounted on a file later than that was opened is not what was opened,
// and below it nothing is.
bind_options options_for(const opened_source& source, bind_options options) {
  if (!source.is_directory())
    options.submounts = submounts::leave;
  return options;
}

// Only a file can be mounted on a file, and none holds the share root.
source_extent extent_of(const opened_source& source,
                        const bind_options& options) {
  const bool is_closed = options.submounts == submounts::leave
                         && options.propagation != propagation::slave;
  return is_closed || !source.is_directory() ? source_extent::top
                                             : source_extent::tree;
}

// Numbers of mounts are given out again.
bool is_file(const mount_identity& known, const std::string& path) {
  const auto seen = look_without_asking(AT_FDCWD, path.c_str(), 0);
  return seen.failure == 0 && known.is_same_file({seen.device, seen.inode, 0});
}

class kernel_session final : public mount_session {
public:
  kernel_session(const held_root& root, const share_layout& layout,
                 const session_means& means)
    : tree_(root, layout, find_known(means.known, layout), means.calls),
      layout_(layout), api_(means.api), known_(means.known),
      follower_(means.follower) {
  }

  void give(opened_sources sources) override {
    given_ = std::move(sources);
  }

  outcome apply(const mount_step& step) override {
    return std::visit(
      [this](const auto& x) {
        return (*this)(x);
      },
      step);
  }

private:
  outcome operator()(const make_sandbox_dir& x) {
    const auto made = tree_.make_directory(x.path, x.mode);
    if (!made)
      return made.err();
    if (!*made)
      return taken();
    auto marked = tree_.write_new_file(x.mark_path, x.mark_text);
    if (marked)
      return done();
    const auto gone = tree_.remove_empty(x.path);
    if (!gone || !gone->foreign.empty())
      return error{marked.err().code,
                   marked.err().message + "; undo: remove " + x.path + ": "
                     + (gone ? gone->foreign : gone.err().message)};
    return marked.err();
  }

  outcome operator()(const make_directory& x) {
    return changed(tree_.make_directory(x.path, x.mode));
  }

  outcome operator()(const make_placeholder& x) {
    const auto from = find_source(x.source);
    if (!from)
      return from.err();
    if (!(*from)->is_directory())
      return done(tree_.make_empty_file(x.path));
    constexpr std::uint32_t mode = 0755;
    const auto made = tree_.make_directory(x.path, mode);
    if (made && !*made)
      return error{errc::already_exists, "mkdir " + x.path + ": File exists"};
    return changed(made);
  }

  outcome operator()(const make_bind& x) {
    const auto from = find_source(x.source);
    if (!from)
      return from.err();
    const auto origin
      = is_ours(x.source) ? source_origin::sandbox : source_origin::elsewhere;
    const auto options = options_for(**from, x.options);
    auto attached = api_.attach(tree_, {(*from)->fd(), x.target,
                                        layout_.staging_dir(), options, origin,
                                        extent_of(**from, options), x.source});
    if (attached && x.target == layout_.mounts_dir())
      if (const auto made = tree_.identify_mounts_dir())
        known_.insert_or_assign(layout_.sandbox_id(), *made);
    if (attached && origin == source_origin::elsewhere)
      return done(follow(x, options, (*from)->fd()));
    return done(attached);
  }

  // A share that is to lose what the host unmounts, and cannot do so by itself.
  status follow(const make_bind& x, const bind_options& options, int source) {
    if (!follows_unmounting(options))
      return unit{};
    auto followed = follower_.follow(layout_, tree_, source, x.target);
    if (followed)
      return followed;
    if (const auto gone = tree_.detach(x.target); !gone)
      return error{followed.err().code,
                   followed.err().message + "; undo: " + gone.err().message};
    return followed;
  }

  outcome operator()(const follow_bind& x) {
    const auto from = find_source(x.source);
    if (!from)
      return from.err();
    if (!(*from)->is_directory())
      return step_outcome{};
    const auto followed
      = follower_.follow(layout_, tree_, (*from)->fd(), x.target);
    return followed ? outcome{step_outcome{}} : followed.err();
  }

  outcome operator()(const remove_unmarked& x) {
    const auto text = tree_.read_small_file(x.mark_path);
    if (text ? *text == x.mark_text || !x.mark_text.starts_with(*text)
             : text.err().code != errc::not_found)
      return step_outcome{};
    auto unmarked = tree_.remove_mark(x.mark_path, true);
    // Not there, or still mounted: the next step says so.
    if (!unmarked)
      return step_outcome{};
    if (!unmarked->foreign.empty())
      return step_outcome{
        unmarked->removed > 0, true, {}, std::move(unmarked->foreign)};
    const auto gone = tree_.remove_empty(x.path);
    if (!gone)
      return gone.err();
    return step_outcome{true, true};
  }

  outcome operator()(const require_mark& x) {
    const auto dir = tree_.open_path(x.sandbox_dir);
    if (!dir && dir.err().code == errc::not_found)
      return end_without_directory();
    if (!dir)
      return dir.err();
    const auto text = tree_.read_small_file(x.mark_path);
    if (!text)
      return error{errc::failed_precondition, text.err().message};
    const auto mark = parse_share_mark(*text);
    if (!mark)
      return error{errc::failed_precondition, mark.err().message};
    if (mark->sandbox_id != x.sandbox_id)
      return error{errc::failed_precondition,
                   "the mark is that of sandbox '" + mark->sandbox_id + "'"};
    return step_outcome{};
  }

  outcome operator()(const require_no_mark& x) {
    const auto found = tree_.open_path(x.path);
    if (!found && found.err().code == errc::not_found)
      return step_outcome{};
    if (!found)
      return found.err();
    if (tree_.read_small_file(layout_.mark_path()))
      return taken();
    return foreign_at(x.path);
  }

  outcome operator()(const make_copy_mark& x) {
    const auto made = make_mark_file(x.path, x.text);
    if (!made)
      return made.err();
    return *made ? done() : outcome{refused(bears_mark)};
  }

  outcome operator()(const remove_copy_mark& x) {
    const auto gone = remove_mark_file(x.path);
    if (!gone)
      return gone.err();
    return step_outcome{*gone, *gone};
  }

  outcome operator()(const require_no_copy_mark& x) {
    const auto there = has_mark_file(x.path);
    if (!there)
      return there.err();
    return *there ? outcome{refused(bears_mark)} : step_outcome{};
  }

  outcome operator()(const list_foreign& x) {
    const auto seen = look_without_asking(AT_FDCWD, x.path.c_str(), 0);
    return seen.failure == 0 ? foreign_at(x.path) : step_outcome{};
  }

  outcome operator()(const require_unused& x) {
    const auto dir = tree_.open_path(x.path);
    if (!dir)
      return dir.err();
    const auto path = real_path(dir->get(), x.path);
    if (!path)
      return path.err();
    // What a file server sees as its root.
    const auto served = tree_.open_path(layout_.mounts_dir());
    const auto user = find_user_of(served ? served->get() : dir->get(), *path);
    if (!user)
      return user.err();
    if (*user)
      return refused("process " + std::to_string((*user)->pid) + " ("
                     + (*user)->name + ") has it open");
    return step_outcome{};
  }

  outcome operator()(const unmount& x) {
    follower_.forget(x.path);
    return changed(tree_.detach(x.path));
  }

  outcome operator()(const remove_placeholder& x) {
    return removed(x.path, tree_.remove_empty(x.path));
  }

  outcome operator()(const remove_placeholders& x) {
    auto gone = tree_.remove_empty_entries(x.path);
    if (!gone)
      return gone.err();
    return step_outcome{gone->removed > 0, false, std::move(gone->leftovers),
                        std::move(gone->foreign)};
  }

  outcome operator()(const remove_directory& x) {
    return removed(x.path, tree_.remove_empty(x.path));
  }

  outcome operator()(const remove_sandbox_dir& x) {
    auto unmarked = tree_.remove_mark(x.mark_path, x.rest_is_foreign);
    if (!unmarked && unmarked.err().code != errc::not_found)
      return unmarked.err();
    if (unmarked && !unmarked->foreign.empty()) {
      known_.erase(layout_.sandbox_id());
      return step_outcome{
        unmarked->removed > 0, false, {}, std::move(unmarked->foreign)};
    }
    const auto gone = tree_.remove_empty(x.path);
    if (gone)
      known_.erase(layout_.sandbox_id());
    if (gone || !unmarked || unmarked->removed == 0)
      return removed(x.path, gone);
    // What stays bears the mark, or nobody may remove it.
    const auto marked = tree_.write_new_file(
      x.mark_path, render_share_mark({layout_.sandbox_id()}));
    if (!marked)
      return error{gone.err().code,
                   gone.err().message + "; " + marked.err().message};
    return gone.err();
  }

  static outcome foreign_at(const std::string& path) {
    return step_outcome{false, false, {}, {{path, bears_none}}};
  }

  error taken() const {
    const auto mark = tree_.read_small_file(layout_.mark_path());
    return refused(mark ? bears_mark : bears_none);
  }

  // A directory that was renamed is no longer there either, with its mounts.
  outcome end_without_directory() const {
    const auto known = find_known(known_, layout_);
    if (known) {
      const auto mounts = read_mount_places();
      if (!mounts)
        return mounts.err();
      const auto* still = mounts->find(known->mount);
      if (still != nullptr && is_file(*known, still->mount_point))
        return refused("it is not there, but what was mounted in it is still "
                       "mounted, at "
                       + still->mount_point);
      known_.erase(layout_.sandbox_id());
    }
    return step_outcome{false, true};
  }

  bool is_ours(const std::string& source) const {
    return is_below(source, layout_.share_root());
  }

  // What lies below the share root is ours and changes with each step, so that
  // it is opened each time. All else was opened for the whole plan.
  result<opened_source_ptr> find_source(const std::string& path) {
    if (!is_ours(path)) {
      const auto given = given_.find(path);
      if (given == given_.end())
        return error{errc::internal, "open " + path + ": nobody did"};
      return given->second;
    }
    auto fresh = tree_.open_path(path);
    if (!fresh)
      return fresh.err();
    const auto seen = look_without_asking(fresh->get(), "", AT_EMPTY_PATH);
    if (seen.failure != 0)
      return errno_error(seen.failure, "stat", path);
    return std::make_shared<const opened_source>(*std::move(fresh),
                                                 S_ISDIR(seen.mode));
  }

  share_tree tree_;
  const share_layout& layout_;
  mount_api& api_;
  known_sandboxes& known_;
  host_follower& follower_;
  opened_sources given_;
};

} // namespace

std::unique_ptr<mount_session> make_kernel_session(const held_root& root,
                                                   const share_layout& layout,
                                                   const session_means& means) {
  return std::make_unique<kernel_session>(root, layout, means);
}

} // namespace fsshare
