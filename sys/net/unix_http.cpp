// SPDX-License-Identifier: Apache-2.0
#include "sys/net/unix_http.hpp"

#include "sys/net/blocking_socket.hpp"
#include "sys/net/socket_address.hpp"

#include <cerrno>
#include <string_view>

namespace fsshare {

namespace {

/// Tells a socket on which nobody listens from any other failure to connect.
bool is_deserted(const guest_address& address) {
  const auto target = to_socket_address(address);
  if (!target)
    return false;
  const auto probe = open_socket(*target);
  if (!probe)
    return false;
  const auto number = begin_connect(probe->get(), *target);
  return number == ENOENT || number == ECONNREFUSED;
}

std::string render(const http_request& request) {
  auto out = request.method + " " + request.target + " HTTP/1.1\r\n"
             + "Host: unix\r\nAccept: */*\r\nConnection: close\r\n";
  if (!request.body.empty())
    out += "Content-Type: application/json\r\n";
  if (!request.body.empty() || request.method == "POST")
    out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return out + "\r\n" + request.body;
}

result<http_answer> read_answer(blocking_socket& from,
                                blocking_socket::time_point deadline) {
  http_response_reader reader;
  for (;;) {
    const auto arrived = from.receive(deadline);
    if (!arrived && arrived.err().code != errc::unavailable)
      return arrived.err();
    if (!arrived)
      return reader.end();
    auto answer = reader.receive(as_text(*arrived));
    if (!answer)
      return answer.err();
    if (*answer)
      return **std::move(answer);
  }
}

result<http_answer> exchange(const guest_address& address,
                             const http_request& request,
                             blocking_socket::time_point deadline) {
  auto socket = blocking_socket::connect(address);
  if (!socket && is_deserted(address))
    return error{errc::not_found, "nobody listens"};
  if (!socket)
    return socket.err();
  const auto sent = socket->send(as_bytes(render(request)), deadline);
  // A server may answer and close before it has read everything.
  if (!sent && sent.err().code != errc::unavailable)
    return sent.err();
  return read_answer(*socket, deadline);
}

} // namespace

result<http_answer> call_unix_http(const std::string& socket,
                                   const http_request& request,
                                   std::chrono::milliseconds within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  auto answer
    = exchange({address_scheme::unix_socket, socket, 0, 0}, request, deadline);
  if (answer)
    return answer;
  auto why = answer.err();
  if (why.code == errc::deadline_exceeded)
    why.message = "no answer in time";
  return why.within("HTTP over " + socket);
}

} // namespace fsshare
