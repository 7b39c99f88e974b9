// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_request.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

constexpr std::string_view line_end = "\r\n";

// Of the status page: what stands in it, and what it asks of this server.
constexpr std::string_view page_policy
  = "default-src 'none'; script-src 'unsafe-inline'; style-src "
    "'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'";

http_refusal refused(int status, std::string reason) {
  return {status, std::move(reason)};
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

/// Takes the text up to `end` off, and `end` itself.
std::string_view take_until(std::string_view& text, std::string_view end) {
  const auto at = text.find(end);
  const auto out = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size()
                                                  : at + end.size());
  return out;
}

bool is_plain(char c) {
  return c > ' ' && c <= '~';
}

http_request_reader::outcome read_line(std::string_view line) {
  const auto method = take_until(line, " ");
  auto target = take_until(line, " ");
  const auto& version = line;
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refused(version.starts_with("HTTP/") ? 505 : 400,
                   "this is no HTTP/1 request");
  if (method != "GET" && method != "HEAD")
    return refused(405, "only GET and HEAD are taken");
  if (!target.starts_with('/')
      || !std::all_of(target.begin(), target.end(), is_plain))
    return refused(400, "the target is no path");
  received_request out;
  out.is_head = method == "HEAD";
  out.path = take_until(target, "?");
  out.query = target;
  return out;
}

/// Returns why a header is not taken.
std::optional<http_refusal> take_header(std::string_view line,
                                        received_request& into) {
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  if (colon == std::string_view::npos || name.empty()
      || !std::all_of(name.begin(), name.end(), is_plain))
    return refused(400, "a header is malformed");
  auto value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
    value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t'))
    value.remove_suffix(1);
  if (value.find_first_of(std::string_view{"\r\n\0", 3})
      != std::string_view::npos)
    return refused(400, "a header is malformed");
  const auto known = lower(name);
  if (known == "transfer-encoding"
      || (known == "content-length" && value != "0"))
    return refused(413, "no body is taken");
  if (known == "host" && !std::exchange(into.host, std::string{value}).empty())
    return refused(400, "a request is for one host");
  return std::nullopt;
}

const char* phrase_of(int status) {
  switch (status) {
  case 200: return "OK";
  case 400: return "Bad Request";
  case 403: return "Forbidden";
  case 404: return "Not Found";
  case 405: return "Method Not Allowed";
  case 408: return "Request Timeout";
  case 413: return "Content Too Large";
  case 431: return "Request Header Fields Too Large";
  case 500: return "Internal Server Error";
  case 503: return "Service Unavailable";
  case 505: return "HTTP Version Not Supported";
  default: return "Unknown";
  }
}

} // namespace

std::optional<http_request_reader::outcome>
http_request_reader::receive(std::string_view data) {
  constexpr std::string_view head_end = "\r\n\r\n";
  const auto seen = head_.size();
  head_.append(data.substr(0, most_bytes - seen));
  // It may have begun in what was there.
  const auto from = seen < head_end.size() ? 0 : seen - head_end.size();
  const auto end = head_.find(head_end, from);
  if (end == std::string::npos) {
    if (head_.size() >= most_bytes)
      return refused(431, "a request has " + std::to_string(most_bytes)
                            + " bytes at most");
    return std::nullopt;
  }
  auto head = std::string_view{head_}.substr(0, end);
  auto request = read_line(take_until(head, line_end));
  while (auto* taken = std::get_if<received_request>(&request)) {
    if (head.empty())
      break;
    if (auto why = take_header(take_until(head, line_end), *taken))
      request = *std::move(why);
  }
  return request;
}

bool is_no_site(std::string_view host) {
  if (host.starts_with('['))
    return true;
  const auto name = lower(host.substr(0, host.find(':')));
  return name.empty() || name == "localhost"
         || name.find_first_not_of("0123456789.") == std::string::npos;
}

std::string to_text(const http_response& response, bool is_head) {
  std::string out = "HTTP/1.1 ";
  out.append(std::to_string(response.status))
    .append(" ")
    .append(phrase_of(response.status))
    .append("\r\nContent-Type: ")
    .append(response.type)
    .append("\r\nContent-Length: ")
    .append(std::to_string(response.body.size()))
    .append("\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff"
            "\r\nReferrer-Policy: no-referrer\r\nContent-Security-Policy: ")
    .append(page_policy)
    .append("\r\nConnection: close\r\n");
  if (response.status == 405)
    out.append("Allow: GET, HEAD\r\n");
  out.append("\r\n");
  if (!is_head)
    out.append(response.body);
  return out;
}

} // namespace fsshare
