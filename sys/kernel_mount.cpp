#include "sys/kernel_mount.hpp"

#include "core/paths.hpp"
#include "core/share_mark.hpp"
#include "sys/errno_error.hpp"
#include "sys/mount_paths.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>
#include <map>
#include <string>
#include <sys/stat.h>
#include <utility>

namespace fsshare {

namespace {

using outcome = result<step_outcome>;

outcome done() {
  return step_outcome{true, false, {}};
}

outcome changed(const result<bool>& whether) {
  if (!whether)
    return whether.err();
  return step_outcome{*whether, false, {}};
}

outcome done(const status& what) {
  return what ? done() : outcome{what.err()};
}

class kernel_session final : public mount_session {
public:
  kernel_session(share_tree tree, const share_layout& layout, mount_api& api)
    : tree_(std::move(tree)), layout_(layout), api_(api) {
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
    if (const auto gone = tree_.remove_empty(x.path); !gone)
      return error{marked.err().code, marked.err().message + "; undo: remove "
                                        + x.path + ": " + gone.err().message};
    return marked.err();
  }

  outcome operator()(const make_directory& x) {
    return changed(tree_.make_directory(x.path, x.mode));
  }

  outcome operator()(const make_placeholder& x) {
    const auto from = open_source(x.source);
    if (!from)
      return from.err();
    struct stat info {};
    if (::fstat((*from)->fd.get(), &info) != 0)
      return errno_error(errno, "stat", x.source);
    if (!S_ISDIR(info.st_mode))
      return done(tree_.make_empty_file(x.path));
    constexpr std::uint32_t mode = 0755;
    const auto made = tree_.make_directory(x.path, mode);
    if (made && !*made)
      return error{errc::already_exists, "mkdir " + x.path + ": File exists"};
    return changed(made);
  }

  outcome operator()(const make_bind& x) {
    const auto from = open_source(x.source);
    if (!from)
      return from.err();
    return done(
      api_.attach(tree_, {(*from)->fd.get(), x.target, layout_.staging_dir(),
                          x.options, (*from)->share_root}));
  }

  outcome operator()(const require_mark& x) {
    const auto dir = tree_.open_path(x.sandbox_dir);
    if (!dir && dir.err().code == errc::not_found)
      return step_outcome{false, true, {}};
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

  outcome operator()(const require_absent& x) {
    const auto found = tree_.open_path(x.path);
    if (found)
      return taken();
    if (found.err().code == errc::not_found)
      return step_outcome{};
    return found.err();
  }

  outcome operator()(const unmount& x) {
    return changed(tree_.detach(x.path));
  }

  outcome operator()(const remove_placeholder& x) {
    return changed(tree_.remove_empty(x.path));
  }

  outcome operator()(const remove_placeholders& x) {
    auto removed = tree_.remove_empty_entries(x.path);
    if (!removed)
      return removed.err();
    return step_outcome{removed->removed > 0, false,
                        std::move(removed->leftovers)};
  }

  outcome operator()(const remove_directory& x) {
    return changed(tree_.remove_empty(x.path));
  }

  outcome operator()(const remove_sandbox_dir& x) {
    const auto unmarked = tree_.remove_mark(x.mark_path);
    if (!unmarked && unmarked.err().code != errc::not_found)
      return unmarked.err();
    auto removed = tree_.remove_empty(x.path);
    if (removed || !unmarked || !*unmarked)
      return changed(removed);
    // What stays bears the mark, or nobody may remove it.
    const auto marked = tree_.write_new_file(
      x.mark_path, render_share_mark({layout_.sandbox_id()}));
    if (!marked)
      return error{removed.err().code,
                   removed.err().message + "; " + marked.err().message};
    return removed.err();
  }

  error taken() const {
    const auto mark = tree_.read_small_file(layout_.mark_path());
    return {errc::failed_precondition,
            mark ? "it bears our mark, but this node agent did not make it"
                 : "it exists without our mark and is not ours"};
  }

  struct opened_source {
    unique_fd fd;
    /// Where below it the share root lies; empty if it does not.
    std::string share_root;
  };

  // Opens a source once per plan, so that it is the same for every step. What
  // lies below the share root is ours and changes with each step, so that it is
  // opened each time.
  result<const opened_source*> open_source(const std::string& path) {
    auto& kept = sources_[path];
    if (is_below(path, layout_.share_root())) {
      auto fresh = tree_.open_path(path);
      if (!fresh)
        return fresh.err();
      kept.fd = *std::move(fresh);
    } else if (!kept.fd) {
      // O_PATH opens an automount point as it is; looking at it has the
      // automounter mount there first (statx(2)). If that fails, so will open.
      struct statx ignored {};
      ::statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC, 0, &ignored);
      unique_fd fresh{::open(path.c_str(), O_PATH | O_CLOEXEC)};
      if (!fresh)
        return errno_error(errno, "open", path);
      auto share_root = find_share_root(fresh.get(), path);
      if (!share_root)
        return share_root.err();
      kept = {std::move(fresh), *std::move(share_root)};
    }
    return &kept;
  }

  // Returns where below a source the share root lies: what is mounted there
  // would come along, every sandbox again for each such share. Refuses what
  // lies in the share root, where only a link can have led.
  result<std::string> find_share_root(int source,
                                      const std::string& shown) const {
    const auto root = tree_.real_root();
    if (!root)
      return root.err();
    const auto path = real_path(source, shown);
    if (!path)
      return path.err();
    if (*path == *root || is_below(*path, *root))
      return error{errc::invalid_argument, "source '" + shown
                                             + "' leads into the share root '"
                                             + layout_.share_root() + "'"};
    if (!is_below(*root, *path))
      return std::string{};
    return root->substr(*path == "/" ? 1 : path->size() + 1);
  }

  share_tree tree_;
  const share_layout& layout_;
  mount_api& api_;
  std::map<std::string, opened_source> sources_;
};

} // namespace

kernel_mount::kernel_mount(std::unique_ptr<mount_api> api)
  : api_(std::move(api)) {
}

result<std::unique_ptr<mount_session>>
kernel_mount::begin(const mount_plan& plan) {
  auto tree = share_tree::open(plan.layout);
  if (!tree)
    return tree.err();
  return std::unique_ptr<mount_session>{
    std::make_unique<kernel_session>(*std::move(tree), plan.layout, *api_)};
}

result<std::unique_ptr<mount_executor>>
make_kernel_mount(mount_api_choice choice) {
  auto api = make_mount_api(choice);
  if (!api)
    return api.err();
  return std::unique_ptr<mount_executor>{
    std::make_unique<kernel_mount>(*std::move(api))};
}

} // namespace fsshare
