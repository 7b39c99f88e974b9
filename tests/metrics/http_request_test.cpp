// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_request.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fsshare;

TEST_SUITE_BEGIN("core/net/http_request");

namespace {

/// What comes of a text that arrives so many bytes at a time.
std::optional<http_request_reader::outcome> read(const std::string& text,
                                                 std::size_t piece = 1) {
  http_request_reader reader;
  for (std::size_t at = 0; at < text.size(); at += piece)
    if (auto got = reader.receive(std::string_view{text}.substr(at, piece)))
      return got;
  return std::nullopt;
}

int status_of(const std::string& text) {
  const auto got = read(text, text.size());
  if (!got)
    return 0;
  const auto* refusal = std::get_if<http_refusal>(&*got);
  return refusal == nullptr ? 200 : refusal->status;
}

} // namespace

TEST_CASE("a request is read in pieces of any size") {
  const std::string text = "GET /readyz?verbose=1&x HTTP/1.1\r\nHost: a\r\n"
                           "Accept: */*\r\n\r\nrest";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const auto got = read(text, piece);
    REQUIRE(got);
    const auto* request = std::get_if<received_request>(&*got);
    REQUIRE(request);
    CHECK(request->path == "/readyz");
    CHECK(request->query == "verbose=1&x");
    CHECK(request->host == "a");
    CHECK_FALSE(request->is_head);
  }
  CHECK(std::get<received_request>(*read("HEAD / HTTP/1.0\r\n\r\n")).is_head);
}

TEST_CASE("what is not whole waits for more") {
  CHECK_FALSE(read("GET / HTTP/1.1\r\nHost: a\r\n"));
  CHECK_FALSE(read(std::string(http_request_reader::most_bytes - 1, 'x')));
}

TEST_CASE("a request that is too long is refused, however it ends") {
  CHECK(status_of(std::string(http_request_reader::most_bytes, 'x')) == 431);
  std::string many = "GET / HTTP/1.1\r\n";
  while (many.size() <= http_request_reader::most_bytes)
    many += "A: b\r\n";
  CHECK(status_of(many + "\r\n") == 431);
}

TEST_CASE("what is ambiguous or not understood is refused") {
  const auto with = [](const std::string& header) {
    return status_of("GET / HTTP/1.1\r\n" + header + "\r\n\r\n");
  };
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 200);
  CHECK(with("Content-Length: 0") == 200);
  CHECK(with("content-LENGTH: 1") == 413);
  CHECK(with("Content-Length:  00") == 413);
  CHECK(with("Transfer-Encoding: chunked") == 413);
  CHECK(with("no colon") == 400);
  CHECK(with(": no name") == 400);
  CHECK(with("Content-Length : 5") == 400);
  CHECK(with(" folded: line") == 400);
  CHECK(with("A: b\nContent-Length: 5") == 400);
  CHECK(with(std::string{"A: b\0c", 6}) == 400);
  CHECK(status_of("POST / HTTP/1.1\r\n\r\n") == 405);
  CHECK(status_of("get / HTTP/1.1\r\n\r\n") == 405);
  CHECK(status_of("GET / HTTP/2.0\r\n\r\n") == 505);
  CHECK(status_of("GET /\r\n\r\n") == 400);
  CHECK(status_of("GET  / HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of("GET http://a/ HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of("GET /\x7f HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of("\r\n\r\n") == 400);
}

TEST_CASE("an answer has its length, and no body for HEAD") {
  http_response response;
  response.body = "hello";
  const auto full = to_text(response, false);
  CHECK(full.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(full.find("\r\nContent-Length: 5\r\n") != std::string::npos);
  CHECK(full.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(full.ends_with("\r\n\r\nhello"));
  CHECK(to_text(response, true) + "hello" == full);
  response.status = 405;
  CHECK(to_text(response, false).find("\r\nAllow: GET, HEAD\r\n")
        != std::string::npos);
}

TEST_CASE("a request is for one host, which names a site or does not") {
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == 400);
  for (const char* host : {"", "127.0.0.1", "127.0.0.1:10260", "localhost",
                           "LOCALHOST:1", "[::1]", "[::1]:10260"})
    CHECK_MESSAGE(is_no_site(host), host);
  for (const char* host :
       {"example.com", "example.com:10260", "localhost.a", "127.0.0.1.a", "a"})
    CHECK_MESSAGE(!is_no_site(host), host);
}
