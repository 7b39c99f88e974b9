// SPDX-License-Identifier: Apache-2.0
#include "tests/metrics/http_peer.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/process_usage.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <list>
#include <string>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

struct attacked_node {
  /// That it is served, and takes calls.
  void check_well() const {
    CHECK(get(port, "/livez") == "ok");
    CHECK(get(port, "/readyz") == "ok");
    CHECK(run_fssharectl(node.socket(), {"version"}).exit_code == 0);
  }

  std::uint16_t port = free_port();
  node_process node{R"("http": {"listen": "127.0.0.1:)" + std::to_string(port)
                    + R"("})"};
};

} // namespace

TEST_SUITE_BEGIN("integration/hostile_http");

TEST_CASE("a thousand peers that say nothing, or half of something, keep "
          "nobody from being served") {
  attacked_node n;
  std::list<http_peer> peers;
  for (int i = 0; i < 1000; ++i) {
    peers.emplace_back(n.port);
    if (i % 2 == 0)
      peers.back().send("GET /metrics HTT");
  }
  n.check_well();
  CHECK(usage_of(n.node.program().pid()).descriptors < 200);
  // The first has made room for others, the last has had its time.
  CHECK(peers.front().is_ended_within(30s));
  CHECK(peers.back().is_ended_within(30s));
  CHECK(n.node.program().terminate() == 0);
}

TEST_CASE("a head without end is refused, with little memory") {
  attacked_node n;
  const auto before = usage_of(n.node.program().pid()).rss_kib;
  const http_peer peer{n.port};
  peer.send("GET / HTTP/1.1\r\n");
  const std::string header = "X: " + std::string(65536, 'x') + "\r\n";
  for (int i = 0; i < 1000; ++i)
    peer.send(header);
  // Throws where the connection does not end.
  const auto answer = peer.read_all();
  const bool is_refused = answer.empty() || answer.starts_with("HTTP/1.1 431 ");
  CHECK_MESSAGE(is_refused, answer);
  n.check_well();
  CHECK(usage_of(n.node.program().pid()).rss_kib < before + 16384);
}

TEST_CASE("who says nothing does not hold up the end") {
  attacked_node n;
  const http_peer silent{n.port};
  const http_peer half{n.port};
  half.send("GET /metrics HTTP/1.1\r\n");
  n.check_well();
  const auto begin = std::chrono::steady_clock::now();
  CHECK(n.node.program().terminate() == 0);
  CHECK(std::chrono::steady_clock::now() - begin < 8s);
  CHECK(silent.is_ended_within(1s));
}

TEST_CASE("odd requests are refused one by one") {
  attacked_node n;
  for (const char* text :
       {"\r\n\r\n", "POST /metrics HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
        "GET /../etc/shadow HTTP/1.1\r\n\r\n", "GET /%2e HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02\r\n\r\n", "GET / HTTP/1.1\r\nA\r\n\r\n"}) {
    const http_peer peer{n.port};
    peer.send(text);
    CHECK(peer.read_all().starts_with("HTTP/1.1 4"));
  }
  n.check_well();
}
