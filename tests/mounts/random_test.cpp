// SPDX-License-Identifier: Apache-2.0
#include "tests/mounts/mount_model.hpp"

#include <deque>
#include <filesystem>
#include <rapidcheck.h>
#include <sstream>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

namespace {

constexpr int sequences = 1500;
constexpr std::uint64_t seed = 20260105;
// More than there are different happenings, a multiple of what they decode
// from.
constexpr unsigned numbers = 12 * 5 * 3 * 2;

std::string text_of(const std::vector<unsigned>& sequence) {
  std::string text;
  for (const auto number : sequence)
    text += happening{number}.text() + "\n";
  return text;
}

// Puts everything back after a sequence that failed, so that a shorter one can
// be tried.
void start_afresh(mount_fixture& f) {
  // The last mount first.
  std::deque<std::string> mounted;
  for (const auto& entry : mount_table())
    if (entry.mount_point.starts_with(f.layout.share_root() + "/"))
      mounted.push_front(entry.mount_point);
  for (const auto& at : mounted)
    if (has_mount(mount_table(), at))
      unmount_by_hand(at);
  std::filesystem::remove_all(f.layout.share_root());
  f.work.make_dir("share");
  if (exists(f.work / "hidden"))
    std::filesystem::rename(f.work / "hidden", f.work / "source");
}

} // namespace

TEST_SUITE_BEGIN("mounts: random sequences");

TEST_CASE("whatever happens to a sandbox, what is mounted is what a naive "
          "model says") {
  for_each_way([](mount_fixture& f) {
    f.work.write("nested/key", "nested");
    f.work.mount_tmpfs("nested/inner");
    f.work.write("nested/inner/key", "inner");
    f.work.write("victim/file", "somebody's");
    f.work.write("victim/empty/below", "");
    f.work.write("victim/hollow", "");
    const auto property = [&f] {
      const auto sequence = *rc::gen::container<std::vector<unsigned>>(
        rc::gen::inRange(0U, numbers));
      mount_model model{f};
      try {
        // Most sequences of nothing but refusals would tell little.
        model.apply(happening{0});
        for (const auto number : sequence) {
          model.apply(happening{number});
          model.check();
        }
        model.end();
      } catch (const std::exception& failed) {
        start_afresh(f);
        RC_FAIL(text_of(sequence) + failed.what());
      }
    };
    rc::detail::TestParams params;
    params.seed = seed;
    params.maxSuccess = sequences;
    params.maxSize = 60;
    const auto outcome
      = rc::detail::checkTestable(property, rc::detail::TestMetadata{}, params);
    std::ostringstream why;
    rc::detail::printResultMessage(outcome, why);
    CHECK_MESSAGE(outcome.is<rc::detail::SuccessResult>(), "seed ", seed, ": ",
                  why.str());
  });
}

TEST_SUITE_END();
