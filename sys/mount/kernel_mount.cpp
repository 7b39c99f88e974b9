// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/kernel_mount.hpp"

#include "sys/mount/mount_index.hpp"
#include "sys/mount/mount_paths.hpp"
#include "sys/mount/root_entries.hpp"
#include "sys/process/kernel_calls.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

namespace fsshare {

namespace {

/// A session in the mount namespace of a sandbox, for as long as it lasts.
class inside_session final : public mount_session {
public:
  inside_session(std::unique_ptr<namespace_stay> stay,
                 const share_layout& layout, const session_means& means)
    : stay_(std::move(stay)),
      session_(make_kernel_session(stay_->root(), layout, means)) {
  }

  void give(opened_sources sources) override {
    session_->give(std::move(sources));
  }
  result<step_outcome> apply(const mount_step& step) override {
    return session_->apply(step);
  }

private:
  // Ends after what works in it.
  std::unique_ptr<namespace_stay> stay_;
  std::unique_ptr<mount_session> session_;
};

bool prepares(const mount_plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const auto& x) {
    return std::holds_alternative<make_sandbox_dir>(x);
  });
}

} // namespace

kernel_mount::kernel_mount(held_root root, std::unique_ptr<mount_api> api)
  : root_(std::move(root)), api_(std::move(api)) {
}

result<std::unique_ptr<mount_session>>
kernel_mount::begin(const mount_plan& plan) {
  if (plan.layout.share_root() != root_.path())
    return error{errc::internal, "share root " + plan.layout.share_root()
                                   + " is not the one that is held, "
                                   + root_.path()};
  if (needs_share_root(plan)) {
    if (auto right = root_.check(); !right)
      return right.err();
    if (!plan.mount_namespace.is_own())
      return begin_inside(plan);
  }
  return make_kernel_session(root_, plan.layout,
                             {*api_, known_, follower_, calls_});
}

// Of a namespace that is gone, everything that was mounted went with it; where
// we made nothing but directories and empty files, these are still there.
result<std::unique_ptr<mount_session>>
kernel_mount::begin_inside(const mount_plan& plan) {
  const auto& id = plan.layout.sandbox_id();
  forget_idle();
  auto stay = enter(plan);
  if (stay) {
    auto& followed
      = followed_.try_emplace(id, followed_namespace{plan.mount_namespace, {}})
          .first->second;
    followed.where = plan.mount_namespace;
    return std::unique_ptr<mount_session>{std::make_unique<inside_session>(
      *std::move(stay), plan.layout,
      session_means{*api_, known_, followed.follower, calls_})};
  }
  if (stay.err().code != errc::not_found)
    return stay.err();
  followed_.erase(id);
  if (plan.on_failure == on_failure::undo)
    return error{errc::failed_precondition,
                 stay.err().message
                   + "; what was mounted there has gone with it: clean the "
                     "sandbox up"};
  return make_kernel_session(root_, plan.layout,
                             {*api_, known_, follower_, calls_});
}

result<std::unique_ptr<namespace_stay>>
kernel_mount::enter(const mount_plan& plan) {
  auto stay = namespace_stay::begin(plan.mount_namespace, root_, calls_);
  if (!stay)
    return stay;
  if (auto right = check_made_here(plan, **stay); !right)
    return right.err();
  return stay;
}

// Where numbers of namespaces are given out again, that of the sandbox is told
// by the mount that Prepare made in it as well.
status kernel_mount::check_made_here(const mount_plan& plan,
                                     const namespace_stay& stay) {
  const auto known = find_known(known_, plan.layout);
  if (!known || stay.is_certain() || prepares(plan))
    return unit{};
  const share_tree tree{stay.root(), plan.layout, known, calls_};
  const auto made = tree.identify_mounts_dir();
  if (!made || made->mount == known->mount)
    return unit{};
  return error{errc::not_found,
               "mount namespace " + plan.mount_namespace.path
                 + " is gone: what was mounted at " + plan.layout.mounts_dir()
                 + " is not there in the one that the path leads to"};
}

sandbox_look kernel_mount::look_at_one(const sandbox_places& sandbox,
                                       const held_root& root,
                                       const mount_index& table) {
  const share_tree tree{root, sandbox.layout, std::nullopt, calls_};
  auto look = table.look_at(sandbox, tree);
  if (const auto made = tree.identify_mounts_dir();
      made && look.has_mounts && look.bears_mark)
    known_.insert_or_assign(sandbox.layout.sandbox_id(), *made);
  else
    look.has_mounts = look.has_mounts && made;
  return look;
}

// One that cannot be looked at holds up no other.
sandbox_look kernel_mount::look_inside(const sandbox_places& sandbox) {
  sandbox_look out;
  const auto stay
    = namespace_stay::begin(sandbox.mount_namespace, root_, calls_);
  if (!stay) {
    out.unreachable = stay.err().message;
    return out;
  }
  const auto table = mount_index::read((*stay)->root());
  if (table)
    return look_at_one(sandbox, (*stay)->root(), *table);
  out.unreachable = table.err().message;
  return out;
}

result<std::vector<sandbox_look>>
kernel_mount::look_at(const std::vector<sandbox_places>& sandboxes) {
  if (auto right = root_.check(); !right)
    return right.err();
  auto table = mount_index::read(root_);
  if (!table)
    return table.err();
  std::vector<sandbox_look> out;
  out.reserve(sandboxes.size());
  for (const auto& sandbox : sandboxes)
    out.push_back(sandbox.mount_namespace.is_own()
                    ? look_at_one(sandbox, root_, *table)
                    : look_inside(sandbox));
  return out;
}

result<marked_entries>
kernel_mount::list_marks(const std::string& copy_mark_dir) {
  if (auto right = root_.check(); !right)
    return right.err();
  auto entries = list_root_entries(root_.fd(), root_.path());
  if (!entries)
    return entries.err();
  auto marks = list_copy_marks(copy_mark_dir);
  if (!marks)
    return marks.err();
  return marked_entries{*std::move(entries), *std::move(marks)};
}

// A share root that was deleted itself has nothing in it, either.
std::size_t kernel_mount::count_wiped() const {
  return static_cast<std::size_t>(
    std::count_if(known_.begin(), known_.end(), [this](const auto& entry) {
      return is_wiped(
        look_at_root_entry(root_.fd(), root_.path(), entry.first).owner);
    }));
}

bool kernel_mount::follows_host() const {
  return !follower_.is_idle()
         || std::any_of(followed_.begin(), followed_.end(),
                        [](const auto& entry) {
                          return !entry.second.follower.is_idle();
                        });
}

result<host_look> kernel_mount::follow_in(const held_root& root,
                                          host_follower& follower) {
  return follower.look([this, &root](const share_layout& layout) {
    return share_tree{root, layout, find_known(known_, layout), calls_};
  });
}

void kernel_mount::forget_idle() {
  std::erase_if(followed_, [](const auto& entry) {
    return entry.second.follower.is_idle();
  });
}

// What the host unmounts is unmounted in these namespaces by the time that its
// own table has changed: they are its slaves.
void kernel_mount::follow_namespaces(host_look& out) {
  forget_idle();
  for (auto at = followed_.begin(); at != followed_.end();) {
    auto& followed = at->second;
    const auto stay = namespace_stay::begin(followed.where, root_, calls_);
    if (!stay && stay.err().code == errc::not_found) {
      at = followed_.erase(at);
      continue;
    }
    auto seen = stay ? follow_in((*stay)->root(), followed.follower)
                     : result<host_look>{stay.err()};
    out.is_all = out.is_all && seen && seen->is_all;
    if (seen)
      std::move(seen->detached.begin(), seen->detached.end(),
                std::back_inserter(out.detached));
    ++at;
  }
}

result<host_look> kernel_mount::follow_host() {
  if (auto right = root_.check(); !right)
    return right.err();
  auto out = follow_in(root_, follower_);
  if (out)
    follow_namespaces(*out);
  return out;
}

result<std::unique_ptr<mount_executor>>
make_kernel_mount(mount_api_choice choice, const std::string& share_root) {
  // Whatever the choice, before anything depends on them.
  static_cast<void>(available_calls());
  auto api = make_mount_api(choice);
  if (!api)
    return api.err();
  auto root = held_root::open(share_root);
  if (!root)
    return root.err();
  return std::unique_ptr<mount_executor>{
    std::make_unique<kernel_mount>(*std::move(root), *std::move(api))};
}

} // namespace fsshare
