// SPDX-License-Identifier: Apache-2.0
#include "tests/support/node_process.hpp"

#include <doctest/doctest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

using namespace fsshare;
using nlohmann::json;

namespace {

/// What a Go client of the control API was told, by its labels.
struct go_client {
  std::map<std::string, json> lines;
  test::finished_process ended;

  go_client(const test::node_process& node, int calls)
    : ended(test::run_process({GO_CONTROL_CLIENT, "--socket", node.socket(),
                               "--guest", "unix:///nobody/listens", "--sandbox",
                               "sb-go", "--calls", std::to_string(calls)})) {
    std::istringstream out{ended.output};
    for (std::string line; std::getline(out, line);) {
      auto parsed = json::parse(line);
      lines[parsed.at("call").get<std::string>()] = parsed;
    }
  }

  std::string code(const std::string& call) const {
    return lines.at(call).at("code").get<std::string>();
  }
  std::string message(const std::string& call) const {
    return lines.at(call).at("message").get<std::string>();
  }
  const json& reply(const std::string& call) const {
    return lines.at(call).at("reply");
  }
};

} // namespace

TEST_SUITE_BEGIN("interop/go_control_client");

TEST_CASE("a Go client made from the proto uses the control API") {
  constexpr int calls = 300;
  test::node_process node;

  const go_client client{node, calls};

  INFO(client.ended.errors);
  REQUIRE(client.ended.exit_code == 0);
  CHECK(client.reply("check").at("status") == 1);
  CHECK(client.reply("version").at("version").get<std::string>().size() > 4);
  CHECK(client.code("list none") == "OK");
  CHECK(client.reply("list none").empty());

  CHECK(client.code("prepare bad id") == "InvalidArgument");
  CHECK(client.message("prepare bad id").find("'../x'") != std::string::npos);
  CHECK(client.code("prepare no mode") == "InvalidArgument");
  CHECK(client.code("share climbing") == "InvalidArgument");
  CHECK(client.message("share climbing").find("/a/../b") != std::string::npos);
  CHECK(client.code("get unknown") == "NotFound");
  CHECK(client.code("no such method") == "Unimplemented");

  CHECK(client.code("prepare") == "OK");
  // Copy mode makes nothing below the share root.
  CHECK(client.reply("prepare").value("shared_dir", "") == "");
  CHECK(client.reply("prepare again") == client.reply("prepare"));
  const auto& one = client.reply("list one").at("sandboxes");
  REQUIRE(one.size() == 1);
  CHECK(one.at(0).at("sandbox_id") == "sb-go");
  CHECK(one.at(0).at("mode") == 2);
  CHECK(client.reply("get").at("sandbox") == one.at(0));

  CHECK(client.reply("many")
        == json{{"OK", calls / 3 * 2}, {"InvalidArgument", calls / 3}});

  CHECK(client.code("cleanup") == "OK");
  CHECK(client.code("cleanup again") == "OK");
  CHECK(client.reply("list none again").empty());
  CHECK(node.program().terminate() == 0);
}

TEST_SUITE_END();
