#include "actors/reader_pool.hpp"

#include "tests/support/actor_fixture.hpp"

#include <memory>
#include <set>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

// What the readers of a test have begun, in order, and which paths hang.
struct reader_script {
  std::vector<std::string> begun;
  std::set<std::string> hanging;
};

// The source whose classification lets what hangs go on.
constexpr const char* wake = "/wake";

// Answers at once, or never where the script says so.
class script_reader_state {
public:
  using handle = volume_reader_actor;
  static constexpr const char* name = "script-reader";

  script_reader_state(handle::pointer self,
                      std::shared_ptr<reader_script> script)
    : self_(self), script_(std::move(script)) {
  }

  handle::behavior_type make_behavior() {
    return {
      [this](const classify_source& msg) {
        script_->begun.push_back(msg.path);
        if (msg.path == wake)
          for (auto& promise : std::exchange(looks_, {}))
            promise.deliver(volume_look{"..2", std::nullopt});
        return source_class{};
      },
      [this](const look_at_volume& msg) -> caf::result<volume_look> {
        script_->begun.push_back(msg.volume);
        auto promise = self_->make_response_promise<volume_look>();
        if (script_->hanging.contains(msg.volume))
          looks_.push_back(promise);
        else
          promise.deliver(volume_look{"..1", std::nullopt});
        return promise;
      },
      [](const read_generation&) -> caf::result<generation_read> {
        return to_caf({errc::internal, "not scripted"});
      },
      [this](const read_tree& msg) -> caf::result<tree_read> {
        script_->begun.push_back(msg.path);
        auto promise = self_->make_response_promise<tree_read>();
        if (script_->hanging.contains(msg.path))
          trees_.push_back(promise);
        else
          promise.deliver(
            to_caf({errc::not_found, "open " + msg.path + ": gone"}));
        return promise;
      },
      [](const read_chunk&) -> caf::result<chunk_read> {
        return to_caf({errc::internal, "not scripted"});
      },
      [](const look_for_erofs&) {
        return erofs_looked_for{};
      },
    };
  }

private:
  handle::pointer self_;
  std::shared_ptr<reader_script> script_;
  std::vector<caf::typed_response_promise<tree_read>> trees_;
  std::vector<caf::typed_response_promise<volume_look>> looks_;
};

// Reader actors that a script answers for, which takes one read at a time as
// far as the pool knows.
struct pool_fixture : actor_fixture {
  pool_fixture() {
    for (int n = 0; n < 4; ++n)
      readers.push_back(spawn<state_actor<script_reader_state>>(script));
    aut = spawn<reader_pool>(readers);
  }
  ~pool_fixture() {
    stop(aut);
    run();
  }

  std::shared_ptr<reader_script> script = std::make_shared<reader_script>();
  std::vector<volume_reader_actor> readers;
  volume_reader_actor aut;
};

using names = std::vector<std::string>;

} // namespace

TEST_SUITE_BEGIN("actors/reader_pool");

TEST_CASE("answers and errors are those of the readers") {
  pool_fixture f;
  const auto seen = f.ask<volume_look>(f.aut, look_at_volume{"/v", false});
  REQUIRE(seen);
  CHECK(seen->name == "..1");
  const auto failed = f.ask<tree_read>(f.aut, read_tree{"/t"});
  REQUIRE_FALSE(failed);
  CHECK(failed.err() == error{errc::not_found, "open /t: gone"});
}

TEST_CASE("trees that never end hold up neither volumes nor sources") {
  pool_fixture f;
  for (const auto* slow : {"/slow1", "/slow2", "/slow3"}) {
    f.script->hanging.insert(slow);
    (void)f.request(f.aut, read_tree{slow});
  }
  f.run();
  CHECK(f.script->begun == names{"/slow1", "/slow2"});
  CHECK(f.ask<volume_look>(f.aut, look_at_volume{"/v", false}));
  CHECK(f.ask<source_class>(f.aut, classify_source{"/s", {}}));
}

TEST_CASE("reads of one volume do not overtake each other, other volumes do") {
  for_each_seed(100, [](chooser& choose) {
    pool_fixture f;
    f.script->hanging.insert("/slow");
    (void)f.request(f.aut, look_at_volume{"/slow", false});
    (void)f.request(f.aut, look_at_volume{"/slow", true});
    auto other = f.request(f.aut, look_at_volume{"/v", false});
    f.run(choose);
    CHECK(f.answer<volume_look>(other));
    CHECK(std::count(f.script->begun.begin(), f.script->begun.end(), "/slow")
          == 1);
    for (const auto& reader : f.readers)
      (void)f.request(reader, classify_source{wake, {}});
    f.run(choose);
    CHECK(std::count(f.script->begun.begin(), f.script->begun.end(), "/slow")
          == 2);
  });
}

TEST_CASE("readers that die are done without, the last one's end fails what "
          "waits") {
  for_each_seed(100, [](chooser& choose) {
    pool_fixture f;
    for (int n = 0; n < 3; ++n)
      stop(f.readers[static_cast<std::size_t>(n)]);
    f.run(choose);
    for (int n = 0; n < 5; ++n)
      CHECK(f.ask<volume_look>(f.aut, look_at_volume{"/v", false}));
    f.script->hanging.insert("/slow");
    auto slow = f.request(f.aut, read_tree{"/slow"});
    auto waits = f.request(f.aut, read_tree{"/next"});
    f.run(choose);
    stop(f.readers.back());
    f.run(choose);
    const auto first = f.answer<tree_read>(slow);
    REQUIRE(first);
    CHECK_FALSE(*first);
    const auto second = f.answer<tree_read>(waits);
    REQUIRE(second);
    REQUIRE_FALSE(*second);
    CHECK(second->err().code == errc::unavailable);
    const auto later = f.ask<volume_look>(f.aut, look_at_volume{"/v", false});
    REQUIRE_FALSE(later);
    CHECK(later.err().code == errc::unavailable);
  });
}

TEST_CASE("a pool that ends answers what it owes") {
  pool_fixture f;
  f.script->hanging.insert("/slow");
  auto slow = f.request(f.aut, read_tree{"/slow"});
  f.run();
  stop(f.aut);
  f.run();
  const auto got = f.answer<tree_read>(slow);
  REQUIRE(got);
  REQUIRE_FALSE(*got);
  CHECK(got->err().code == errc::aborted);
}

TEST_SUITE_END();
