// SPDX-License-Identifier: Apache-2.0
#include "tests/mounts/mount_model.hpp"

#include "core/paths.hpp"
#include "tests/support/failing_mounts.hpp"
#include "tests/support/tree_text.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace fsshare::test {

namespace {

bool is_unmount(const mount_step& step) {
  return std::holds_alternative<unmount>(step);
}

std::string error_of(const result<plan_done>& done) {
  return done ? "" : ": " + done.err().message;
}

bool nothing_left(const result<plan_done>& done) {
  return done && check_nothing_left(*done);
}

constexpr std::array<const char*, 12> names{"prepare",
                                            "share",
                                            "share again",
                                            "unshare",
                                            "unshare with failing unmounts",
                                            "clean up",
                                            "hide source",
                                            "bring source back",
                                            "cover",
                                            "dirty",
                                            "link",
                                            "fix"};

} // namespace

happening::happening(unsigned number) {
  const auto take = [&number](unsigned of) {
    const auto part = number % of;
    number /= of;
    return part;
  };
  kind = static_cast<what>(take(static_cast<unsigned>(what::last) + 1));
  slot = take(mount_model::slots);
  source = take(mount_model::sources.size());
  read_only = take(2) == 1;
}

std::string happening::text() const {
  return std::string{names.at(static_cast<std::size_t>(kind))} + " slot "
         + std::to_string(slot) + ", " + mount_model::sources.at(source)
         + (read_only ? " ro" : " rw");
}

mount_model::mount_model(mount_fixture& f)
  : f_(f), before_(mount_table()), victim_(describe_tree(f.work / "victim")) {
}

std::string mount_model::path_of(std::size_t slot) const {
  if (slot < shares)
    return f_.layout.host_share("s" + std::to_string(slot));
  return f_.layout.host_rootfs("c" + std::to_string(slot));
}

// Where somebody else's things are put: for a root filesystem in the place of
// the container's directory.
std::string mount_model::place_of(std::size_t slot) const {
  const auto path = path_of(slot);
  return slot < shares ? path : std::string{parent_path(path)};
}

bool mount_model::source_is_there(std::size_t source) const {
  return !hidden_ || std::string_view{sources.at(source)} == "nested";
}

bool mount_model::anything_is(state which) const {
  return std::any_of(slots_.begin(), slots_.end(), [which](const auto& slot) {
    return slot.now == which;
  });
}

void mount_model::expect(bool as_expected, const std::string& sentence) const {
  if (!as_expected)
    throw std::runtime_error{sentence};
}

void mount_model::share(const happening& one) {
  auto& slot = slots_.at(one.slot);
  // A directory can stand for no file, and the other way round, but here both
  // are refused alike: something of that name exists.
  const bool possible = phase_ == phase::prepared && slot.now == state::absent
                        && source_is_there(one.source);
  const bind_options options = one.read_only ? read_only : read_write;
  const auto source = f_.work / sources.at(one.source);
  const auto done
    = one.slot < shares ? f_.run(plan_share(
        f_.layout, std::string{base_name(path_of(one.slot))}, source, options))
                        : f_.run(plan_rootfs(f_.layout,
                                             base_name(place_of(one.slot)),
                                             source, options));
  expect(static_cast<bool>(done) == possible, std::string{"share should "}
                                                + (possible ? "work" : "fail")
                                                + error_of(done));
  if (possible)
    slot = {state::mounted, one.source, one.read_only};
}

void mount_model::unshare(std::size_t index, bool failing) {
  auto& slot = slots_.at(index);
  const auto plan
    = index < shares
        ? plan_unshare(f_.layout, std::string{base_name(path_of(index))})
        : *plan_unshare_rootfs(f_.layout, base_name(place_of(index)));
  failing_mounts mounts{*f_.kernel, is_unmount};
  const auto done = failing ? run(plan, mounts) : f_.run(plan);
  expect(static_cast<bool>(done), "unshare failed" + error_of(done));
  const bool mounted = slot.now == state::mounted || slot.now == state::covered;
  const bool stays = slot.now == state::dirty || slot.now == state::linked
                     || (failing && mounted);
  if (stays)
    expect(!nothing_left(done), "unshare did not tell what stayed");
  else if (!failing)
    expect(nothing_left(done), "unshare left something");
  if (mounted && !failing)
    slot.now = state::absent;
}

void mount_model::cleanup() {
  const auto done = f_.run(plan_cleanup(f_.layout));
  expect(static_cast<bool>(done), "cleanup failed" + error_of(done));
  expect(done->leftovers.empty(), "cleanup left something of ours");
  const auto foreign = static_cast<std::size_t>(
    std::count_if(slots_.begin(), slots_.end(), [](const auto& slot) {
      return slot.now == state::dirty || slot.now == state::linked;
    }));
  expect(done->foreign.size() == foreign,
         "cleanup told the wrong things as foreign");
  expect(!exists(f_.layout.mark_path()), "the mark is still there");
  if (foreign > 0)
    remove_foreign();
  slots_ = {};
  phase_ = phase::absent;
}

// As somebody does who has looked at it.
void mount_model::remove_foreign() {
  for (std::size_t i = 0; i < slots; ++i) {
    const auto now = slots_.at(i).now;
    if (now == state::linked)
      expect(std::filesystem::is_symlink(place_of(i)), "a link is gone");
    if (now == state::dirty)
      expect(exists(path_of(i)), "what a container wrote is gone");
  }
  expect(real_mounts().empty(), "something is still mounted");
  std::filesystem::remove_all(f_.layout.sandbox_dir());
}

void mount_model::fix(std::size_t index) {
  auto& slot = slots_.at(index);
  if (slot.now != state::dirty && slot.now != state::linked)
    return;
  std::filesystem::remove_all(place_of(index));
  slot.now = state::absent;
}

void mount_model::apply(const happening& one) {
  using what = happening::what;
  auto& slot = slots_.at(one.slot);
  switch (one.kind) {
  case what::prepare: {
    const auto done = f_.run(plan_prepare(f_.layout, {}, submounts::take));
    expect(static_cast<bool>(done) == (phase_ == phase::absent),
           "prepare went wrong" + error_of(done));
    if (done)
      phase_ = phase::prepared;
    break;
  }
  case what::share:
  case what::share_again: share(one); break;
  case what::unshare: unshare(one.slot, false); break;
  case what::unshare_failing: unshare(one.slot, true); break;
  case what::cleanup: cleanup(); break;
  case what::hide_source:
    if (!anything_is(state::covered) && !std::exchange(hidden_, true))
      std::filesystem::rename(f_.work / "source", f_.work / "hidden");
    break;
  case what::bring_source_back:
    // What is a mount point cannot be renamed.
    if (!anything_is(state::covered) && std::exchange(hidden_, false))
      std::filesystem::rename(f_.work / "hidden", f_.work / "source");
    break;
  case what::cover:
    if (slot.now != state::mounted)
      break;
    bind_by_hand(f_.work
                   / (std::string_view{sources.at(slot.source)} == "source/key"
                        ? "victim/file"
                        : "victim"),
                 path_of(one.slot));
    slot.now = state::covered;
    break;
  case what::dirty:
    if (slot.now != state::mounted)
      break;
    unmount_by_hand(path_of(one.slot));
    std::ofstream{std::filesystem::is_directory(path_of(one.slot))
                    ? path_of(one.slot) + "/written"
                    : path_of(one.slot)}
      << "by a container";
    slot.now = state::dirty;
    break;
  case what::link:
    if (phase_ != phase::prepared || slot.now != state::absent)
      break;
    std::filesystem::create_symlink(f_.work / "victim", place_of(one.slot));
    slot.now = state::linked;
    break;
  case what::fix: fix(one.slot); break;
  }
}

std::string mount_model::expected_mounts() const {
  std::vector<std::string> all;
  if (phase_ == phase::prepared) {
    const auto add = [&](const std::string& below, const char* access) {
      all.push_back(f_.layout.mounts_dir() + below + " " + access);
      all.push_back(f_.layout.shared_dir() + below + " " + access);
    };
    all.push_back(f_.layout.mounts_dir() + " rw");
    all.push_back(f_.layout.shared_dir() + " ro");
    for (std::size_t i = 0; i < slots; ++i) {
      const auto& slot = slots_.at(i);
      if (slot.now != state::mounted && slot.now != state::covered)
        continue;
      const auto below = path_of(i).substr(f_.layout.mounts_dir().size());
      const auto* access = slot.read_only ? "ro" : "rw";
      add(below, access);
      if (std::string_view{sources.at(slot.source)} == "nested")
        add(below + "/inner", access);
      if (slot.now == state::covered)
        add(below, "rw");
    }
  }
  std::sort(all.begin(), all.end());
  std::string text;
  for (const auto& line : all)
    text += line + "\n";
  return text;
}

std::string mount_model::real_mounts() const {
  std::vector<std::string> all;
  for (const auto& entry : mount_table())
    if (is_below(entry.mount_point, f_.layout.share_root()))
      all.push_back(entry.mount_point
                    + (entry.has_option("ro") ? " ro" : " rw"));
  std::sort(all.begin(), all.end());
  std::string text;
  for (const auto& line : all)
    text += line + "\n";
  return text;
}

void mount_model::check() const {
  const auto real = real_mounts();
  const auto expected = expected_mounts();
  expect(real == expected,
         "mounted is\n" + real + "but should be\n" + expected);
  for (std::size_t i = 0; i < slots; ++i) {
    const auto& slot = slots_.at(i);
    if (slot.now != state::mounted)
      continue;
    auto path = f_.layout.shared_dir()
                + path_of(i).substr(f_.layout.mounts_dir().size());
    if (std::string_view{sources.at(slot.source)} != "source/key")
      path += "/key";
    expect(write_failure(path) == (slot.read_only ? EROFS : 0),
           path + " has the wrong access");
  }
  expect(describe_tree(f_.work / "victim") == victim_,
         "somebody's directory is different");
  for (const auto* key : {hidden_ ? "hidden/key" : "source/key", "nested/key",
                          "nested/inner/key"})
    expect(exists(f_.work / key), std::string{key} + " is gone");
}

void mount_model::end() {
  cleanup();
  if (std::exchange(hidden_, false))
    std::filesystem::rename(f_.work / "hidden", f_.work / "source");
  check();
  expect(phase_ == phase::absent, "the sandbox is still there");
  expect(tree_of(f_.layout.share_root()).empty(),
         "something is left below the share root");
  expect(mount_table() == before_, "the mount table is not as before");
}

} // namespace fsshare::test
