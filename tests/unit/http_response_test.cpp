// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_response.hpp"

#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace fsshare;

namespace {

using outcome = result<std::optional<http_answer>>;

outcome read_all(std::string_view text) {
  http_response_reader reader;
  return reader.receive(text);
}

/// Returns what is said of `text`, which must be said the same way however it
/// is cut.
errc failure_of(const std::string& text) {
  const auto whole = read_all(text);
  REQUIRE_MESSAGE(!whole, text.substr(0, 100));
  http_response_reader reader;
  outcome got = std::optional<http_answer>{};
  for (std::size_t i = 0; i < text.size() && got && !*got; ++i)
    got = reader.receive({text.data() + i, 1});
  REQUIRE(!got);
  CHECK(got.err().message == whole.err().message);
  return whole.err().code;
}

http_answer answer_of(const std::string& text) {
  auto whole = read_all(text);
  REQUIRE_MESSAGE(whole, text.substr(0, 100));
  REQUIRE(*whole);
  http_response_reader reader;
  for (const char c : text) {
    auto got = reader.receive({&c, 1});
    REQUIRE(got);
    if (!*got)
      continue;
    CHECK((*got)->status == (*whole)->status);
    CHECK((*got)->body == (*whole)->body);
    return **whole;
  }
  FAIL("not complete when it came byte by byte");
  return {};
}

const std::string ok = "HTTP/1.1 200 OK\r\n";

} // namespace

TEST_SUITE_BEGIN("core/net/http_response");

TEST_CASE("answers with a length, in chunks and without a body are read") {
  auto got = answer_of(ok + "content-LENGTH: 5\r\nX: y\r\n\r\nhello");
  CHECK(got.status == 200);
  CHECK(got.body == "hello");
  got = answer_of(ok
                  + "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n"
                    "A;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n");
  CHECK(got.body == "hello0123456789");
  CHECK(answer_of("HTTP/1.1 204 No Content\r\n\r\n").status == 204);
  CHECK(answer_of("HTTP/1.1 204\r\n\r\n").status == 204);
  CHECK(answer_of("HTTP/1.0 500 \r\nContent-Length:0\r\n\r\n").status == 500);
  // What a 204 says of its length is no body.
  CHECK(answer_of("HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\n").body.empty());
  got = answer_of("HTTP/1.1 100 Continue\r\n\r\n" + ok
                  + "Content-Length: 1\r\n\r\nx");
  CHECK(got.status == 200);
  CHECK(got.body == "x");
}

TEST_CASE("a body without a length ends with the connection") {
  http_response_reader reader;
  const auto got = reader.receive(ok + "\r\nabc");
  REQUIRE(got);
  CHECK_FALSE(*got);
  const auto end = reader.end();
  REQUIRE(end);
  CHECK(end->body == "abc");
}

TEST_CASE("a connection that ends in the middle is UNAVAILABLE") {
  for (const std::string text :
       {"", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nX: y\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"}) {
    http_response_reader reader;
    const auto got = reader.receive(text);
    REQUIRE(got);
    CHECK_FALSE(*got);
    const auto end = reader.end();
    REQUIRE(!end);
    CHECK(end.err().code == errc::unavailable);
  }
}

TEST_CASE("what is no HTTP, or says two things, is UNAVAILABLE") {
  for (const std::string text : {
         "garbage\r\n",
         "HTTP/2 200 OK\r\n",
         "HTTP/1.1 20 OK\r\n",
         "HTTP/1.1 2000 OK\r\n",
         "HTTP/1.1 099 OK\r\n",
         "HTTP/1.1 +20 OK\r\n",
         "HTTP/1.1 200 OK\n",
         "HTTP/1.1 200 OK\r\nno header\r\n",
         "HTTP/1.1 200 OK\r\n: nameless\r\n",
         "HTTP/1.1 200 OK\r\nX: y\r\n folded\r\n",
         "HTTP/1.1 200 OK\r\nX : y\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length:\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
       })
    CHECK_MESSAGE(failure_of(text) == errc::unavailable, text);
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n";
  CHECK(failure_of(chunked + "Transfer-Encoding: chunked\r\n")
        == errc::unavailable);
  CHECK(failure_of(chunked + "Content-Length: 1\r\n\r\n") == errc::unavailable);
}

TEST_CASE("whatever is too long is refused before it is kept") {
  const std::string much(100'000, 'A');
  const std::vector<std::string> too_long{
    "HTTP/1.1 200 " + much,
    much,
    ok + "X: " + much,
    ok + "Content-Length: 65537\r\n",
    ok + "\r\n" + much,
    ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    ok + "Transfer-Encoding: chunked\r\n\r\n10001\r\n",
    ok + "Transfer-Encoding: chunked\r\n\r\nffff\r\n" + much.substr(0, 65535)
      + "\r\n2\r\n",
    ok + "Transfer-Encoding: chunked\r\n\r\n1;" + much,
    ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + much,
  };
  for (const auto& text : too_long)
    CHECK_MESSAGE(failure_of(text) == errc::resource_exhausted,
                  text.substr(0, 80));
  std::string tiny = ok;
  for (int i = 0; i < 5000; ++i)
    tiny += "a: b\r\n";
  CHECK(failure_of(tiny) == errc::resource_exhausted);
}

TEST_CASE("a status line has a limit of its own") {
  const auto refused = read_all("HTTP/1.1 200 " + std::string(5000, 'A'));
  REQUIRE(!refused);
  CHECK(refused.err().code == errc::resource_exhausted);
  CHECK(refused.err().message
        == "the answer is too long: a status line of more than 4096 bytes");
}

TEST_CASE("endless answers before the answer end") {
  std::string text;
  for (int i = 0; i < 10; ++i)
    text += "HTTP/1.1 100 Continue\r\n\r\n";
  CHECK(failure_of(text) == errc::unavailable);
}

TEST_CASE("limits are met exactly") {
  http_response_reader::limits small;
  small.status_line_bytes = 16;
  small.head_bytes = 38;
  small.body_bytes = 4;
  const std::string fits = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
  http_response_reader reader{small};
  const auto got = reader.receive(fits);
  REQUIRE(got);
  REQUIRE(*got);
  CHECK((*got)->body == "body");
  for (auto* limit :
       {&small.status_line_bytes, &small.head_bytes, &small.body_bytes}) {
    --*limit;
    http_response_reader stricter{small};
    const auto refused = stricter.receive(fits);
    REQUIRE(!refused);
    CHECK(refused.err().code == errc::resource_exhausted);
    ++*limit;
  }
}

TEST_SUITE_END();
