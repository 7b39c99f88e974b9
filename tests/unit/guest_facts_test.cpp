// SPDX-License-Identifier: Apache-2.0
#include "core/share/guest_facts.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace fsshare;

namespace {

using names = std::vector<std::string>;

prepare_request without_guest() {
  prepare_request known;
  known.sandbox_id = "s1";
  known.mode = sharing_mode::copy;
  return known;
}

set_guest_request address(const std::string& text) {
  return {"s1", text};
}

} // namespace

TEST_SUITE_BEGIN("core/share/guest_facts");

TEST_CASE("what is not known of a guest yet can be told, again, and in parts") {
  auto known = without_guest();
  const set_guest_request told{"s1", "unix:///g", {}, 4096, guest_policy::none};
  CHECK(contradictions(known, told).empty());
  learn(known, told);
  CHECK(known.guest_address == "unix:///g");
  CHECK(known.guest_memory_bytes == 4096);
  CHECK(known.policy == guest_policy::none);
  CHECK(contradictions(known, told).empty());
  const auto before = known;
  for (const auto& part :
       {set_guest_request{"s1"}, address("unix:///g"),
        set_guest_request{"s1", {}, {}, 4096},
        set_guest_request{"s1", {}, {}, 0, guest_policy::none}}) {
    CHECK(contradictions(known, part).empty());
    learn(known, part);
    CHECK(known == before);
  }
}

TEST_CASE("what is known of a guest stays, whatever is told later") {
  auto known = without_guest();
  learn(known, {"s1", "unix:///g", {}, 4096, guest_policy::set});
  CHECK(contradictions(known, address("unix:///other"))
        == names{"guest.address"});
  CHECK(contradictions(known, {"s1", {}, {}, 8192})
        == names{"guest.memory_bytes"});
  CHECK(contradictions(known, {"s1", {}, {}, 0, guest_policy::none})
        == names{"guest.policy"});
  CHECK(contradictions(known, {"s1", {}, "/elsewhere"})
        == names{"guest.share_dir"});
  CHECK(
    contradictions(known, {"s1", "unix:///other", {}, 8192, guest_policy::none})
    == names{"guest.address", "guest.memory_bytes", "guest.policy"});
}

TEST_CASE("a guest's memory comes with its address at the latest") {
  auto known = without_guest();
  const set_guest_request memory{"s1", {}, {}, 4096};
  CHECK(contradictions(known, memory).empty());
  learn(known, address("unix:///g"));
  CHECK(contradictions(known, memory) == names{"guest.memory_bytes"});
  // Whether it has a policy may come later.
  CHECK(contradictions(known, {"s1", {}, {}, 0, guest_policy::set}).empty());
}

TEST_CASE("copies get a quarter of a guest's memory, or what is configured") {
  CHECK(copy_budget(0, 77) == 77);
  CHECK(copy_budget(0, 0) == 0);
  CHECK(copy_budget(4096, 77) == 1024);
  CHECK(copy_budget(4096, 0) == 1024);
  // Never any.
  CHECK(copy_budget(1, 0) == 1);
  CHECK(copy_budget(std::numeric_limits<std::int64_t>::max(), 1)
        == (std::uint64_t{1} << 61U) - 1);
}

TEST_SUITE_END();
