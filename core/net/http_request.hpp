// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace fsshare {

/// What a client asks for: GET and HEAD are all that there is.
struct received_request {
  bool is_head = false;
  /// Begins with a slash; nothing in it is decoded.
  std::string path;
  /// Behind the question mark.
  std::string query;
  /// Whom the client believes to talk to, with the port; empty if it does not
  /// say.
  std::string host = {};
};

/// Whether a host names a machine by its address in numbers, or as `localhost`.
/// A page of another site whose name leads to this machine, which a browser
/// would let read what is served here, names that.
bool is_no_site(std::string_view host);

/// Why a request is not carried out, as HTTP says it (RFC 9110).
struct http_refusal {
  int status = 400;
  std::string reason;
};

/// Reads one request of an HTTP/1 client (RFC 9112) that may be hostile: bytes
/// in any pieces in, the request out, and never more kept than `most_bytes`.
/// Bodies are refused, and what is ambiguous is, too.
class http_request_reader {
public:
  /// Of the request line and all headers.
  static constexpr std::size_t most_bytes = std::size_t{8} << 10;

  using outcome = std::variant<received_request, http_refusal>;

  /// Takes what arrived. Bytes after the request are ignored.
  /// @returns the request, or why there is none, once that is known. After that
  ///          it is of no more use.
  std::optional<outcome> receive(std::string_view data);

private:
  std::string head_;
};

struct http_response {
  int status = 200;
  /// Of the body.
  std::string type = "text/plain; charset=utf-8";
  std::string body;
};

/// Returns the bytes of an answer after which the connection ends.
/// @param is_head Whether the body is left out.
std::string to_text(const http_response& response, bool is_head);

} // namespace fsshare
