// SPDX-License-Identifier: Apache-2.0
#include "actors/events.hpp"
#include "actors/http_server.hpp"
#include "actors/metrics.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/memory_stream.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

namespace {

/// What REGISTRY has in a test, one volume on each page, and what it was asked.
struct volumes_script {
  std::vector<volume_status> volumes;
  std::vector<describe_volumes> asked;
};

class fake_volumes_state {
public:
  using handle = volume_source;
  static constexpr const char* name = "fake-volumes";

  fake_volumes_state(handle::pointer /*self*/,
                     std::shared_ptr<volumes_script> script)
    : script_(std::move(script)) {
  }
  handle::behavior_type make_behavior() {
    return {
      [this](const describe_volumes& msg) {
        script_->asked.push_back(msg);
        volume_page out;
        for (const auto& each : script_->volumes)
          if (each.path <= msg.after.path)
            continue;
          else if (out.listed.empty())
            out.listed.push_back(each);
          else
            ++out.more;
        return out;
      },
    };
  }

private:
  std::shared_ptr<volumes_script> script_;
};

struct status_world {
  status_world() {
    const metrics_actor counter = actors.spawn<metrics>(metrics_options{});
    server = actors.spawn<http_server>(
      counter,
      status_sources{actors.spawn<fake_node>(node),
                     actors.spawn<state_actor<fake_volumes_state>>(volumes),
                     {},
                     kept});
    nothing = actors.spawn<http_server>(counter);
  }

  void add(const std::string& path, const std::string& sandbox,
           bool is_current) {
    volume_status one;
    one.path = path;
    one.destinations.emplace_back();
    one.destinations.back().order = 1;
    one.destinations.back().sandbox_id = sandbox;
    one.destinations.back().current = is_current;
    volumes->volumes.push_back(std::move(one));
  }

  std::string get(const http_server_actor& from, const std::string& target,
                  const std::string& host = "127.0.0.1:10260") {
    const auto stream = std::make_shared<memory_stream>();
    tell(from, http_connected{++connections, stream});
    actors.run();
    const auto text
      = "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    const auto view = as_bytes(text);
    stream->deliver({view.begin(), view.end()});
    actors.run();
    const auto got = stream->take_sent();
    return std::string{as_text(got)};
  }
  std::string get(const std::string& target) {
    return get(server, target);
  }

  actor_fixture actors;
  std::shared_ptr<fake_node_script> node = std::make_shared<fake_node_script>();
  std::shared_ptr<volumes_script> volumes = std::make_shared<volumes_script>();
  events_actor kept = actors.spawn<event_keeper>(events_options{});
  http_server_actor server;
  http_server_actor nothing;
  std::uint64_t connections = 0;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_SUITE_BEGIN("actors/http_status");

TEST_CASE("the page is served with what keeps others from using it") {
  status_world w;
  const auto got = w.get("/");
  CHECK(got.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(contains(got, "Content-Type: text/html; charset=utf-8\r\n"));
  CHECK(contains(got, "Content-Security-Policy: default-src 'none'; "));
  CHECK(contains(got, "<title>fsshare</title>"));
  CHECK(got.ends_with("</html>\n"));
}

TEST_CASE("volumes are searched over the pages of REGISTRY") {
  status_world w;
  w.add("/pods/1", "box1", true);
  w.add("/pods/2", "box2", false);
  w.add("/pods/3", "box1", false);
  auto got = w.get("/status/volumes");
  CHECK(got.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(contains(got, "Content-Type: application/json\r\n"));
  for (const char* path : {"/pods/1", "/pods/2", "/pods/3"})
    CHECK(contains(got, path));
  CHECK(contains(got, R"("next":"")"));
  CHECK(w.volumes->asked.size() == 3);
  CHECK(w.volumes->asked.at(1).after == volume_cursor{"/pods/1", 1});
  for (const auto& each : w.volumes->asked)
    CHECK(each.room <= (std::size_t{128} << 10));
  got = w.get("/status/volumes?search=box1&stale=1");
  CHECK_FALSE(contains(got, "/pods/1"));
  CHECK_FALSE(contains(got, "/pods/2"));
  CHECK(contains(got, "/pods/3"));
  const auto after = to_string(volume_cursor{"/pods/2", 1});
  got = w.get("/status/volumes?after=" + after.substr(0, 1) + "%20"
              + after.substr(2));
  CHECK_FALSE(contains(got, "/pods/2"));
  CHECK(contains(got, "/pods/3"));
}

TEST_CASE("sandboxes are NODE's") {
  status_world w;
  w.node->sandboxes = {"box1"};
  const auto got = w.get("/status/sandboxes?after=a%2Fb");
  CHECK(contains(got, R"("sandbox":"box1")"));
  CHECK(w.node->asked<list_sandboxes_request>().sandboxes_after == "a/b");
  w.node->failure = {errc::internal, "no memory"};
  CHECK(w.get("/status/sandboxes").starts_with("HTTP/1.1 500 "));
}

TEST_CASE("what is wrong is refused with a reason") {
  status_world w;
  CHECK(w.get("/status/volumes?after=x").starts_with("HTTP/1.1 400 "));
  CHECK(w.get("/status/volumes?search=%zz").starts_with("HTTP/1.1 400 "));
  CHECK(w.get("/status/nothing").starts_with("HTTP/1.1 404 "));
  CHECK(w.volumes->asked.empty());
}

TEST_CASE("a page of another site whose name leads here reads nothing") {
  status_world w;
  w.add("/pods/1", "box1", true);
  for (const char* target :
       {"/", "/status/volumes", "/status/sandboxes", "/status/events"}) {
    const auto got = w.get(w.server, target, "rebound.example:10260");
    CHECK(got.starts_with("HTTP/1.1 403 "));
    CHECK_FALSE(contains(got, "/pods/1"));
  }
  CHECK(w.volumes->asked.empty());
  CHECK(w.node->calls.empty());
}

TEST_CASE("where it is not asked for there is none, and the key is named") {
  status_world w;
  for (const char* target :
       {"/", "/status/volumes", "/status/sandboxes", "/status/events"}) {
    const auto got = w.get(w.nothing, target);
    CHECK(got.starts_with("HTTP/1.1 404 "));
    CHECK(contains(got, "http.status_page"));
  }
}
TEST_CASE("the latest events are told, of a sandbox and a volume too") {
  status_world w;
  for (int n = 0; n < 150; ++n)
    note(w.kept, {event_id::file_shared,
                  n % 2 == 0 ? "a" : "b",
                  {},
                  {},
                  n % 4 == 0 ? "/v" : "/w"});
  w.actors.run();
  const auto told = [&w](const std::string& query) {
    const auto got = w.get("/status/events" + query);
    CHECK(got.starts_with("HTTP/1.1 200 OK\r\n"));
    std::size_t n = 0;
    for (auto at = got.find("\"number\""); at != std::string::npos;
         at = got.find("\"number\"", at + 1))
      ++n;
    return n;
  };
  CHECK(told("") == 100);
  CHECK(told("?sandbox=a") == 75);
  CHECK(told("?sandbox=a&volume=%2Fv") == 38);
  CHECK(told("?volume=%2Fnone") == 0);
  CHECK(contains(w.get("/status/events"), "\"number\":150"));
  CHECK(w.get(w.nothing, "/status/events").starts_with("HTTP/1.1 404 "));
}
