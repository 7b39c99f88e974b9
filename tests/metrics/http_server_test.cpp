// SPDX-License-Identifier: Apache-2.0
#include "actors/http_server.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/memory_stream.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

/// What METRICS says in a test, and whether it says anything.
struct metrics_script {
  bool hangs = false;
  bool fails = false;
  ready_report ready;
};

class fake_metrics_state {
public:
  using handle = metrics_actor;
  static constexpr const char* name = "fake-metrics";

  fake_metrics_state(handle::pointer self,
                     std::shared_ptr<metrics_script> script)
    : self_(self), script_(std::move(script)) {
  }
  handle::behavior_type make_behavior() {
    return {
      [](const add_source&) {},
      [](const add_guest&) {},
      [](const guest_ended&) {},
      // Answers what is owed: a promise is its actor's.
      [this](const now_serving&) {
        for (const auto& each : std::exchange(owed_, {}))
          each.deliver(scraped{std::make_shared<const std::string>("x 1\n")});
      },
      [this](scrape) -> caf::result<scraped> {
        if (script_->fails)
          return to_caf({errc::internal, "no memory"});
        if (!script_->hangs)
          return scraped{std::make_shared<const std::string>("a_metric 1\n")};
        const reply_promise<scraped> promise{self_};
        owed_.push_back(promise);
        return promise;
      },
      [this](check_ready) -> caf::result<ready_report> {
        return script_->ready;
      },
      [](const scrape_tick&) {},
    };
  }

private:
  handle::pointer self_;
  std::shared_ptr<metrics_script> script_;
  std::vector<reply_promise<scraped>> owed_;
};

struct http_world {
  http_world() {
    metrics = actors.spawn<state_actor<fake_metrics_state>>(script);
    server = actors.spawn<http_server>(metrics);
  }

  std::shared_ptr<memory_stream> connect() {
    auto stream = std::make_shared<memory_stream>();
    tell(server, http_connected{++connections, stream});
    actors.run();
    return stream;
  }
  void send(memory_stream& to, const std::string& text) {
    const auto view = as_bytes(text);
    to.deliver({view.begin(), view.end()});
    actors.run();
  }
  static std::string taken(memory_stream& from) {
    const auto got = from.take_sent();
    return std::string{as_text(got)};
  }
  std::string get(const std::string& target) {
    const auto stream = connect();
    send(*stream, "GET " + target + " HTTP/1.1\r\n\r\n");
    CHECK(stream->is_closed());
    return taken(*stream);
  }

  actor_fixture actors;
  std::shared_ptr<metrics_script> script = std::make_shared<metrics_script>();
  metrics_actor metrics;
  http_server_actor server;
  std::uint64_t connections = 0;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_SUITE_BEGIN("actors/http_server");

TEST_CASE("metrics are what METRICS says, in Prometheus's form") {
  http_world w;
  const auto got = w.get("/metrics");
  CHECK(got.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(contains(got, "Content-Type: text/plain; version=0.0.4"));
  CHECK(got.ends_with("\r\n\r\na_metric 1\n"));
  w.script->fails = true;
  const auto failed = w.get("/metrics");
  CHECK(failed.starts_with("HTTP/1.1 500 "));
  CHECK(contains(failed, "no memory"));
}

TEST_CASE("ready_report is 200 or 503, and names what is wrong in any case") {
  http_world w;
  w.script->ready.checks = {{"serving", ""}, {"registry", ""}};
  CHECK(w.get("/readyz").ends_with("\r\n\r\nok"));
  CHECK(w.get("/readyz?verbose")
          .ends_with("[+]serving ok\n[+]registry ok\nreadyz check passed\n"));
  w.script->ready.checks[1].failure = "hangs";
  const auto got = w.get("/readyz");
  CHECK(got.starts_with("HTTP/1.1 503 "));
  CHECK(got.ends_with("[+]serving ok\n[-]registry failed: hangs\n"
                      "readyz check failed\n"));
}

TEST_CASE("liveness is told while METRICS hangs") {
  http_world w;
  w.script->hangs = true;
  const auto waiting = w.connect();
  w.send(*waiting, "GET /metrics HTTP/1.1\r\n\r\n");
  CHECK(w.get("/livez").ends_with("\r\n\r\nok"));
  CHECK(contains(w.get("/livez?verbose"), "[+]loop ok\n[+]workers ok\n"));
  CHECK(w.taken(*waiting).empty());
}

TEST_CASE("what is not there, or no request, is refused") {
  http_world w;
  CHECK(w.get("/").starts_with("HTTP/1.1 404 "));
  CHECK(w.get("/metrics/").starts_with("HTTP/1.1 404 "));
  const auto stream = w.connect();
  w.send(*stream, "POST /metrics HTTP/1.1\r\n\r\n");
  CHECK(w.taken(*stream).starts_with("HTTP/1.1 405 "));
  CHECK(stream->is_closed());
}

TEST_CASE("who says nothing, or goes on saying little, is disconnected after "
          "5 s") {
  http_world w;
  const auto silent = w.connect();
  const auto slow = w.connect();
  for (int i = 0; i < 49; ++i) {
    w.send(*slow, "x");
    w.actors.advance(100ms);
    w.actors.run();
  }
  CHECK_FALSE(silent->is_closed());
  CHECK_FALSE(slow->is_closed());
  for (int i = 0; i < 2; ++i) {
    w.actors.advance(100ms);
    w.actors.run();
  }
  CHECK(silent->is_closed());
  CHECK(slow->is_closed());
}

TEST_CASE("a thousand silent connections keep nobody from being served") {
  http_world w;
  std::vector<std::shared_ptr<memory_stream>> silent;
  for (int i = 0; i < 1000; ++i)
    silent.push_back(w.connect());
  CHECK(w.get("/livez").ends_with("ok"));
  const auto open
    = std::count_if(silent.begin(), silent.end(), [](const auto& each) {
        return !each->is_closed();
      });
  CHECK(open == static_cast<std::ptrdiff_t>(http_clients::most) - 1);
}

TEST_CASE("who does not take the answer is disconnected after 10 s, who takes "
          "it, then") {
  http_world w;
  const auto stuck = w.connect();
  const auto slow = w.connect();
  for (const auto& each : {stuck, slow}) {
    each->stop_reading();
    w.send(*each, "GET /metrics HTTP/1.1\r\n\r\n");
    CHECK_FALSE(each->is_closed());
  }
  CHECK(contains(w.taken(*slow), "a_metric"));
  w.actors.advance(50ms);
  w.actors.run();
  CHECK(slow->is_closed());
  for (int i = 0; i < 11; ++i) {
    CHECK(stuck->is_closed() == (i > 9));
    w.actors.advance(1s);
    w.actors.run();
  }
  CHECK(stuck->is_closed());
}

TEST_CASE("an answer for who is gone is dropped") {
  http_world w;
  w.script->hangs = true;
  const auto gone = w.connect();
  w.send(*gone, "GET /metrics HTTP/1.1\r\n\r\n");
  gone->end();
  w.actors.run();
  tell(w.metrics, now_serving{});
  w.actors.run();
  CHECK(w.taken(*gone).empty());
}
