// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/support/node_world.hpp"
#include "tests/support/tree_text.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

// Files that are read together.

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

void write_files(const node_world& w, const std::string& dir, int count,
                 std::size_t size) {
  for (int n = 0; n < count; ++n)
    w.dir.write(dir + "/d" + std::to_string(n % 3) + "/f" + std::to_string(n),
                std::string(size, static_cast<char>('a' + n % 26)));
}

share_file_request request_for(const node_world& w, const std::string& sandbox,
                               const std::string& source) {
  share_file_request request;
  request.sandbox_id = sandbox;
  request.container_id = "c1";
  request.mount = {w.dir / source, "/d", "bind", {}, false};
  return request;
}

void check_copy(const node_world& w, const std::string& sandbox,
                const std::string& source, const std::string& guest_path) {
  const std::string last{base_name(guest_path)};
  CHECK(describe_tree(w.guest_dir(sandbox, last))
        == describe_tree(w.dir / source));
}

} // namespace

TEST_SUITE_BEGIN("actors/small_files");

TEST_CASE("small files of a tree are read several at a time") {
  for_each_seed(10, [](chooser& choose) {
    node_world w{choose};
    w.add_sandbox("s1");
    write_files(w, "t", 200, 100);
    const auto before = w.readers->runs;
    const auto reply
      = w.ask_over_time<share_file_reply>(request_for(w, "s1", "t"));
    REQUIRE_MESSAGE(reply, (reply ? "" : reply.err().message));
    // At the end of a directory fewer are left for one read.
    CHECK(w.readers->runs - before < 200 / 4);
    check_copy(w, "s1", "t", reply->guest_path);
  });
}

TEST_CASE("what is read ahead is two reads at most") {
  chooser choose{1};
  node_world w{choose};
  auto& guest = w.add_sandbox("s1");
  for (int n = 0; n < 200; ++n)
    w.dir.write("t/f" + std::to_string(n), "text");
  const auto before = w.readers->runs;
  const auto got
    = w.actors.call<share_file_reply>(w.node, request_for(w, "s1", "t"));
  w.run_until([&] {
    return !guest.carried_out.empty();
  });
  w.hang("s1");
  w.settle();
  // It is told what it is, and its tree is read. A window begins with less
  // than one read brings.
  CHECK(w.readers->runs - before == 4);
  w.unhang("s1");
  w.pass(1s);
  REQUIRE(*got);
  CHECK(**got);
}

TEST_CASE(
  "a file that is read to its end is closed by the reader that read it") {
  chooser choose{1};
  node_world w{choose};
  w.add_sandbox("s1");
  w.dir.write("file", std::string(100'000, 'x'));
  const auto before = w.readers->runs;
  REQUIRE(w.ask_over_time<share_file_reply>(request_for(w, "s1", "file")));
  // It is told what it is, its tree is read, and its contents.
  CHECK(w.readers->runs - before == 3);
}

TEST_CASE("what was read ahead before a connection ended is sent as no other "
          "file after it") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    w.add_sandbox("s1");
    // By which a guest is known that still has what it had.
    w.add_volume("cm").rotate({{"key", {"text"}}});
    w.share("s1", "c0", "cm");
    w.drop_one_in = 25;
    write_files(w, "t", 80, 100);
    const auto reply
      = w.ask_over_time<share_file_reply>(request_for(w, "s1", "t"));
    REQUIRE_MESSAGE(reply, (reply ? "" : reply.err().message));
    w.drop_one_in = 0;
    w.pass(3s);
    check_copy(w, "s1", "t", reply->guest_path);
  });
}

TEST_CASE("copies of small files that take all memory together all end") {
  for_each_seed(2, [](chooser& choose) {
    node_config config;
    config.copy.node_bytes = 16U << 20;
    node_world w{choose, config};
    write_files(w, "t", 60, 60'000);
    std::vector<std::shared_ptr<const std::optional<result<share_file_reply>>>>
      got;
    constexpr int sandboxes = 20;
    got.reserve(sandboxes);
    for (int n = 0; n < sandboxes; ++n)
      w.add_sandbox("s" + std::to_string(n));
    for (int n = 0; n < sandboxes; ++n)
      got.push_back(w.actors.call<share_file_reply>(
        w.node, request_for(w, "s" + std::to_string(n), "t")));
    for (int n = 0; n < 100; ++n)
      w.pass(100ms);
    for (int n = 0; n < sandboxes; ++n) {
      REQUIRE(*got[n]);
      REQUIRE(**got[n]);
      check_copy(w, "s" + std::to_string(n), "t", (**got[n])->guest_path);
    }
  });
}

TEST_CASE("a reader that does not answer fails the copy, and says which files "
          "it was about") {
  chooser choose{1};
  node_world w{choose};
  w.add_sandbox("s1");
  write_files(w, "t", 30, 100);
  w.between_reads = [&] {
    w.readers->hold = w.guest("s1").carried_out.size() > 1;
  };
  const auto reply
    = w.ask_over_time<share_file_reply>(request_for(w, "s1", "t"));
  REQUIRE_FALSE(reply);
  CHECK(reply.err().code == errc::deadline_exceeded);
  CHECK_MESSAGE(reply.err().message.find("/t/d") != std::string::npos,
                reply.err().message);
  CHECK_MESSAGE(reply.err().message.find("other files") != std::string::npos,
                reply.err().message);
  w.readers->hold = false;
  while (!w.readers->held.empty())
    w.readers->release();
  w.settle();
}

TEST_SUITE_END();
