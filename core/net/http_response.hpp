// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fsshare {

struct http_answer {
  int status = 0;
  std::string body;
};

/// Reads one answer of an HTTP/1.1 server (RFC 9112) that may be hostile: bytes
/// in any pieces in, the answer out, and never more kept than the limits say.
/// What is ambiguous is refused, not guessed.
class http_response_reader {
public:
  struct limits {
    std::size_t status_line_bytes = std::size_t{4} << 10;
    /// Of the status line with all headers, of the trailers, and of the size
    /// lines of chunks together.
    std::size_t head_bytes = std::size_t{16} << 10;
    std::size_t body_bytes = std::size_t{64} << 10;
    /// Answers of status 1xx before the one that counts.
    unsigned interim_answers = 4;
  };

  http_response_reader();
  explicit http_response_reader(const limits& with);

  /// Takes what arrived. Bytes after the answer are ignored.
  /// @returns the answer once it is complete, else nothing;
  ///          `errc::resource_exhausted` for one beyond the limits,
  ///          `errc::unavailable` for what is no HTTP. After an error and after
  ///          the answer it is of no more use.
  result<std::optional<http_answer>> receive(std::string_view data);

  /// Takes the end of the connection, which ends a body without a length.
  /// @returns `errc::unavailable` in the middle of the answer.
  result<http_answer> end();

private:
  enum class state : std::uint8_t {
    status_line,
    headers,
    body_of_length,
    body_to_the_end,
    chunk_size,
    chunk_data,
    chunk_end,
    trailers,
    complete
  };

  result<std::optional<std::string>> take_line(std::string_view& data);
  status take_lines(std::string_view& data);
  status read_line(const std::string& line);
  status read_status_line(const std::string& line);
  status read_header(const std::string& line);
  status read_length(std::string_view value);
  status read_chunk_size(std::string_view line);
  status end_headers();
  status take_body(std::string_view& data);

  limits limits_;
  state state_ = state::status_line;
  /// A line that has not ended.
  std::string line_;
  /// Bytes of lines so far, towards head_bytes.
  std::size_t head_ = 0;
  unsigned interim_ = 0;
  std::optional<std::size_t> length_;
  bool is_chunked_ = false;
  /// Bytes of the body, or of the chunk, that are still to come.
  std::size_t left_ = 0;
  http_answer answer_;
};

} // namespace fsshare
