// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/copy_check.hpp"

#include "core/paths.hpp"
#include "tests/demo/volume_script.hpp"
#include "tests/support/copied_volume.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace fsshare::demo {

namespace {

namespace fs = std::filesystem;

using test::entries_of;
using test::leftovers;
using test::lines_of;
using test::live_generation;
using names = test::name_set;

/// Names that a key without its directories would have at the top.
names flattened_keys(const std::string& volume_dir, const names& in_guest) {
  names flat;
  const auto generation = join(volume_dir, live_generation(volume_dir));
  for (const auto& entry : fs::recursive_directory_iterator{generation}) {
    const auto name = entry.path().filename().string();
    if (entry.path().parent_path() != generation && in_guest.contains(name))
      flat.insert(name);
  }
  return flat;
}

names dangling_links(const std::string& dir, const names& ignored) {
  names out;
  for (const auto& entry : fs::recursive_directory_iterator{dir})
    if (entry.is_symlink() && !fs::exists(entry.path())
        && !ignored.contains(entry.path().filename().string()))
      out.insert(entry.path().string());
  return out;
}

/// What fsshared says about the guest's copy.
nlohmann::json status_of(const demo_host& host, const guest_copy& copy) {
  const auto reply = host.ask({"volume", "ls"});
  for (const auto& volume : reply.at("volumes"))
    for (const auto& at : volume.at("destinations"))
      if (at.at("guest_path") == copy.guest_path)
        return at;
  throw std::runtime_error("fsshared knows no " + copy.guest_path);
}

/// What it cannot remove there.
names not_removable(const nlohmann::json& status, const guest_copy& copy) {
  names out;
  for (const std::string path : status.at("not_removable"))
    out.insert(is_below(path, copy.guest_path)
                 ? path.substr(copy.guest_path.size() + 1)
                 : path);
  return out;
}

class copy_checker {
public:
  copy_checker(const demo_host& host, const std::string& volume_dir,
               const guest_copy& copy, const guest_profile& abilities)
    : out_(host.out()), volume_dir_(volume_dir), copy_(copy),
      abilities_(abilities), left_(leftovers(volume_dir, copy.dir)),
      status_(status_of(host, copy)) {
  }

  void check() {
    check_tree();
    out_.check(status_.at("current") == true
                 && status_.at("guest_generation")
                      == live_generation(copy_.dir),
               of("is current, says fsshared"), status_.dump(2));
    const auto flat = flattened_keys(volume_dir_, entries_of(copy_.dir));
    out_.check(flat.empty(), of("has no flattened key"), lines_of(flat));
    const auto dangling
      = dangling_links(copy_.dir, abilities_.removal ? names{} : left_);
    out_.check(dangling.empty(), of("has no dangling link"),
               lines_of(dangling));
    if (abilities_.removal)
      check_generations();
    else
      check_what_stays();
  }

private:
  std::string of(const std::string& what) const {
    return copy_.container + "'s guest directory " + what;
  }

  void check_tree() {
    const auto difference = test::copy_difference(
      volume_dir_, copy_.dir, abilities_.removal ? names{} : left_);
    out_.check(difference.empty(),
               of(abilities_.removal
                    ? "equals the host's"
                    : "equals the host's in ..data, generation and live links"),
               difference);
  }

  void check_generations() {
    names old;
    for (const auto& name : entries_of(copy_.dir))
      if (name.starts_with("..") && name != "..data"
          && name != live_generation(copy_.dir))
        old.insert(name);
    out_.check(old.empty(), of("has the kept generation only"), lines_of(old));
  }

  void check_what_stays() {
    out_.say("not removable by this guest agent: "
             + std::to_string(left_.size()) + " entries of " + copy_.container
             + "'s guest directory");
    const auto told = not_removable(status_, copy_);
    out_.check(told == left_, of("keeps what fsshared reports, no more"),
               "reported:\n" + lines_of(told) + "there:\n" + lines_of(left_));
  }

  test::transcript& out_;
  const std::string& volume_dir_;
  const guest_copy& copy_;
  const guest_profile& abilities_;
  names left_;
  nlohmann::json status_;
};

/// Returns whether nothing is left to be removed, or to be reported as what
/// cannot be.
bool settled(const demo_host& host, const std::string& volume_dir,
             const guest_copy& copy, const guest_profile& abilities) {
  const auto left = leftovers(volume_dir, copy.dir);
  const auto status = status_of(host, copy);
  return status.at("current") == true
         && left == (abilities.removal ? names{} : not_removable(status, copy));
}

} // namespace

void check_copies(demo_host& host, const std::string& volume_dir,
                  const std::vector<guest_copy>& copies,
                  const demo_options& with) {
  auto& out = host.out();
  out.heading("The guest directories, once old generations had their grace");
  const auto abilities = with.abilities();
  const auto all_settled = [&] {
    return std::all_of(copies.begin(), copies.end(), [&](const auto& copy) {
      return settled(host, volume_dir, copy, abilities);
    });
  };
  // What is missing at the deadline shows in the checks; after a failure there
  // is nothing to wait for.
  if (!out.failed())
    test::eventually(all_settled, deadline);
  if (with.tamper != test::tampering::nothing)
    test::tamper_with_copy(with.tamper, copies.front().dir, nested_key);
  for (const auto& copy : copies)
    copy_checker{host, volume_dir, copy, abilities}.check();
}

} // namespace fsshare::demo
