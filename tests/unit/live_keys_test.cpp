// SPDX-License-Identifier: Apache-2.0
#include "config/live_keys.hpp"

#include "config/describe_config.hpp"
#include "config/parse_config.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace fsshare;
using namespace std::chrono_literals;
using keys = std::vector<std::string>;

TEST_SUITE_BEGIN("config/live_keys");

TEST_CASE("nothing changes where nothing else is wanted") {
  node_config running;
  running.share.root = "/r";
  const auto taken = take_live_keys(running, running);
  CHECK(taken.config == running);
  CHECK(taken.changed.empty());
  CHECK(taken.kept.empty());
}

TEST_CASE("of what is wanted a running node agent takes the keys that say so, "
          "and no others") {
  node_config running;
  running.copy.window_requests = 7;
  node_config wanted;
  wanted.log = {log_level::error, log_format::json};
  wanted.shutdown.grace = 3s;
  wanted.api.allowed_uids = {1, 2, 3};
  const auto taken = take_live_keys(running, wanted);
  node_config expected = running;
  expected.log.level = log_level::error;
  expected.shutdown.grace = 3s;
  CHECK(taken.config == expected);
  CHECK(taken.changed == keys{"shutdown.grace", "log.level"});
  CHECK(taken.kept
        == keys{"api.allowed_uids", "copy.window_requests", "log.format"});
  // It says the same of what is still kept, and nothing of the rest.
  const auto again = take_live_keys(taken.config, wanted);
  CHECK(again.changed.empty());
  CHECK(again.kept == taken.kept);
}

TEST_CASE("the documents mark the keys that SIGHUP changes") {
  keys live;
  for (const auto& each : config_key_places())
    if (each.is_live)
      live.push_back(each.name);
  CHECK(live == keys{"shutdown.grace", "log.level"});
  const auto table = config_as_markdown();
  for (const auto& each : config_key_places()) {
    const auto begin = table.find("| `" + each.name + "` |");
    const auto row = table.substr(begin, table.find('\n', begin) - begin);
    CHECK_MESSAGE(row.ends_with("SIGHUP changes it. |") == each.is_live, row);
  }
}
