// SPDX-License-Identifier: Apache-2.0
#include "guest/fault_plan.hpp"

#include <doctest/doctest.h>

#include <vector>

TEST_SUITE_BEGIN("guest/fault_plan");

using namespace fsshare::guest;

namespace {

std::vector<fate> fates(fault_plan& plan, int count,
                        request_kind kind = request_kind::copy_file) {
  std::vector<fate> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    out.push_back(plan.next(kind));
  return out;
}

} // namespace

TEST_CASE("without faults everything is carried out") {
  fault_plan plan{{}};
  CHECK(fates(plan, 5) == std::vector<fate>(5, fate::carried_out));
}

TEST_CASE("each Nth CopyFile fails, and other requests do not count") {
  fault_plan plan{{.fail_every = 2}};
  CHECK(plan.next(request_kind::other) == fate::carried_out);
  CHECK(plan.next(request_kind::copy_file) == fate::carried_out);
  CHECK(plan.next(request_kind::other) == fate::carried_out);
  CHECK(plan.next(request_kind::copy_file) == fate::failed);
  CHECK(plan.next(request_kind::other) == fate::carried_out);
  CHECK(plan.next(request_kind::copy_file) == fate::carried_out);
  CHECK(plan.next(request_kind::copy_file) == fate::failed);
}

TEST_CASE("the connection is lost once, by the request after N") {
  fault_plan plan{{.drop_after = 2}};
  CHECK(fates(plan, 5)
        == std::vector{fate::carried_out, fate::carried_out, fate::dropped,
                       fate::carried_out, fate::carried_out});
}

TEST_CASE("after N requests all hang, of either kind") {
  fault_plan plan{{.hang_after = 1}};
  CHECK(plan.next(request_kind::other) == fate::carried_out);
  CHECK(plan.next(request_kind::other) == fate::hung);
  CHECK(fates(plan, 2) == std::vector(2, fate::hung));
}

TEST_CASE("after N requests each CopyFile is denied, and nothing else") {
  fault_plan plan{{.fail_every = 1, .deny_after = 2}};
  CHECK(fates(plan, 2) == std::vector(2, fate::failed));
  CHECK(fates(plan, 2) == std::vector(2, fate::denied));
  CHECK(plan.next(request_kind::other) == fate::carried_out);
}

TEST_CASE("a dropped request is no CopyFile that could fail") {
  fault_plan plan{{.fail_every = 2, .drop_after = 1}};
  CHECK(fates(plan, 3)
        == std::vector{fate::carried_out, fate::dropped, fate::failed});
}
