// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_clients.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace fsshare;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("core/net/http_clients");

namespace {

using time_point = http_clients::time_point;
using ids = std::vector<http_clients::id>;

const time_point start{std::chrono::hours{1}};

/// As many as may be there, one a millisecond, from 1 on.
http_clients full() {
  http_clients out;
  for (http_clients::id id = 1; id <= http_clients::most; ++id)
    CHECK_FALSE(out.add(id, start + id * 1ms));
  return out;
}

} // namespace

TEST_CASE("of too many who has been silent for longest makes room") {
  auto clients = full();
  clients.asked(1);
  CHECK(clients.add(1000, start + 1s) == http_clients::id{2});
}

TEST_CASE("where all have asked, who reads for longest makes room, and where "
          "all wait, nobody") {
  auto clients = full();
  for (http_clients::id id = 1; id <= http_clients::most; ++id)
    clients.asked(id);
  CHECK(clients.add(1000, start + 1s) == http_clients::id{1000});
  clients.remove(1000);
  clients.answered(7, start + 1s);
  clients.answered(5, start + 2s);
  CHECK(clients.add(1001, start + 3s) == http_clients::id{7});
}

TEST_CASE("a client has a limited time to ask and to take its answer") {
  http_clients clients;
  clients.add(1, start);
  clients.add(2, start);
  clients.asked(2);
  CHECK(clients.overdue(start + 4999ms).empty());
  CHECK(clients.overdue(start + 5s) == ids{1});
  // However long the answer takes that it waits for.
  CHECK(clients.overdue(start + 1h) == ids{1});
  clients.remove(1);
  CHECK_FALSE(clients.has_pending());
  clients.answered(2, start + 1h);
  CHECK(clients.has_pending());
  CHECK(clients.is_reading(2));
  CHECK(clients.overdue(start + 1h + 9999ms).empty());
  CHECK(clients.overdue(start + 1h + 10s) == ids{2});
}

TEST_CASE("what is told of a client that is gone changes nothing") {
  http_clients clients;
  clients.asked(1);
  clients.answered(1, start);
  clients.remove(1);
  CHECK(clients.size() == 0);
  CHECK_FALSE(clients.is_reading(1));
}
