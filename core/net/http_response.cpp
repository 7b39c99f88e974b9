// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_response.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace fsshare {

namespace {

constexpr int no_content = 204;
constexpr int not_modified = 304;

error malformed(std::string_view what) {
  return {errc::unavailable, "the answer has " + std::string{what}};
}

error too_long(std::string_view what, std::size_t limit) {
  return {errc::resource_exhausted,
          "the answer is too long: " + std::string{what} + " of more than "
            + std::to_string(limit) + " bytes"};
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) {
                      return lower(a) == lower(b);
                    });
}

/// Removes blanks and tabs at both ends (OWS of RFC 9110).
std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos)
    return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

/// Reads a number that is all of `text`, without a sign.
std::optional<std::size_t> number_in(std::string_view text, int base) {
  std::size_t out = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, out, base);
  if (text.empty() || read.ec != std::errc{} || read.ptr != end)
    return std::nullopt;
  return out;
}

} // namespace

http_response_reader::http_response_reader() : http_response_reader(limits{}) {
}

http_response_reader::http_response_reader(const limits& with) : limits_(with) {
}

result<std::optional<http_answer>>
http_response_reader::receive(std::string_view data) {
  while (!data.empty() && state_ != state::complete) {
    const bool is_body = state_ == state::body_of_length
                         || state_ == state::body_to_the_end
                         || state_ == state::chunk_data;
    if (auto taken = is_body ? take_body(data) : take_lines(data); !taken)
      return taken.err();
  }
  if (state_ != state::complete)
    return std::optional<http_answer>{};
  return std::optional{std::move(answer_)};
}

result<http_answer> http_response_reader::end() {
  if (state_ == state::body_to_the_end)
    return std::move(answer_);
  return malformed("no end: the connection was closed");
}

/// Takes one line, or the beginning of one, off `data`.
result<std::optional<std::string>>
http_response_reader::take_line(std::string_view& data) {
  const auto end = data.find('\n');
  const auto part = data.substr(0, end);
  const bool is_first = state_ == state::status_line;
  if (is_first && line_.size() + part.size() > limits_.status_line_bytes)
    return too_long("a status line", limits_.status_line_bytes);
  head_ += std::min(part.size() + 1, data.size());
  if (head_ > limits_.head_bytes)
    return too_long("headers", limits_.head_bytes);
  line_ += part;
  data.remove_prefix(std::min(part.size() + 1, data.size()));
  if (end == std::string_view::npos)
    return std::optional<std::string>{};
  auto line = std::exchange(line_, {});
  if (line.empty() || line.back() != '\r')
    return malformed("a line that does not end with CR LF");
  line.pop_back();
  return std::optional{std::move(line)};
}

status http_response_reader::take_lines(std::string_view& data) {
  auto line = take_line(data);
  if (!line)
    return line.err();
  return *line ? read_line(**line) : unit{};
}

status http_response_reader::read_line(const std::string& line) {
  switch (state_) {
  case state::status_line: return read_status_line(line);
  case state::headers: return line.empty() ? end_headers() : read_header(line);
  case state::chunk_size: return read_chunk_size(line);
  case state::chunk_end:
    if (!line.empty())
      return malformed("a chunk that is longer than it says");
    state_ = state::chunk_size;
    return unit{};
  case state::trailers:
    if (line.empty())
      state_ = state::complete;
    return unit{};
  default: return malformed("a line in its body");
  }
}

status http_response_reader::read_status_line(const std::string& line) {
  // HTTP/1.1 204 No Content
  constexpr std::string_view version = "HTTP/1.";
  constexpr std::size_t code_at = version.size() + 2;
  const std::string_view text{line};
  if (!text.starts_with(version) || text.size() < code_at + 3
      || text[code_at - 1] != ' '
      || (text.size() > code_at + 3 && text[code_at + 3] != ' '))
    return malformed("no status line");
  const auto code = number_in(text.substr(code_at, 3), 10);
  if (!code || *code < 100 || *code > 599)
    return malformed("no status");
  answer_.status = static_cast<int>(*code);
  state_ = state::headers;
  return unit{};
}

status http_response_reader::read_header(const std::string& line) {
  const auto colon = line.find(':');
  if (colon == std::string::npos || colon == 0
      || line.find_first_of(" \t") < colon)
    return malformed("a line that is no header");
  const auto name = std::string_view{line}.substr(0, colon);
  const auto value = trimmed(std::string_view{line}.substr(colon + 1));
  if (same_word(name, "content-length"))
    return read_length(value);
  if (!same_word(name, "transfer-encoding"))
    return unit{};
  if (!same_word(value, "chunked") || is_chunked_)
    return malformed("an encoding that is not known here");
  is_chunked_ = true;
  return unit{};
}

status http_response_reader::read_length(std::string_view value) {
  const auto read = number_in(value, 10);
  if (!read || (length_ && *length_ != *read))
    return malformed("no length that can be trusted");
  if (*read > limits_.body_bytes)
    return too_long("a body", limits_.body_bytes);
  length_ = read;
  return unit{};
}

status http_response_reader::end_headers() {
  if (is_chunked_ && length_)
    return malformed("two lengths");
  if (answer_.status < 200) {
    if (++interim_ > limits_.interim_answers || is_chunked_ || length_)
      return malformed("no end of answers before it");
    state_ = state::status_line;
    return unit{};
  }
  left_ = length_.value_or(0);
  if (answer_.status == no_content || answer_.status == not_modified)
    state_ = state::complete;
  else if (is_chunked_)
    state_ = state::chunk_size;
  else if (!length_)
    state_ = state::body_to_the_end;
  else
    state_ = left_ == 0 ? state::complete : state::body_of_length;
  return unit{};
}

status http_response_reader::read_chunk_size(std::string_view line) {
  const auto size = number_in(trimmed(line.substr(0, line.find(';'))), 16);
  if (!size)
    return malformed("no size of a chunk");
  if (*size > limits_.body_bytes - answer_.body.size())
    return too_long("a body", limits_.body_bytes);
  left_ = *size;
  state_ = left_ == 0 ? state::trailers : state::chunk_data;
  return unit{};
}

status http_response_reader::take_body(std::string_view& data) {
  const bool is_open = state_ == state::body_to_the_end;
  const auto count = is_open ? data.size() : std::min(left_, data.size());
  if (count > limits_.body_bytes - answer_.body.size())
    return too_long("a body", limits_.body_bytes);
  answer_.body += data.substr(0, count);
  data.remove_prefix(count);
  if (is_open)
    return unit{};
  left_ -= count;
  if (left_ == 0)
    state_ = state_ == state::chunk_data ? state::chunk_end : state::complete;
  return unit{};
}

} // namespace fsshare
