// SPDX-License-Identifier: Apache-2.0
#include "main/http_service.hpp"

#include "core/pacing.hpp"
#include "core/paths.hpp"
#include "sys/net/tcp_listening.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace fsshare {

http_service::http_service(io_loop& loop, http_server_actor server,
                           std::shared_ptr<descriptor_gauge> gauge,
                           bytes farewell)
  : loop_(loop), server_(std::move(server)), gauge_(std::move(gauge)),
    farewell_(std::move(farewell)) {
}

void http_service::begin(const http_address& address) {
  auto opened = open(address);
  if (opened) {
    listener_ = *std::move(opened);
    return;
  }
  trouble_ = opened.err().message;
  loop_.after(pacing::http_listen_again, [this, address] {
    begin(address);
  });
}

result<std::unique_ptr<socket_listener>>
http_service::open(const http_address& address) {
  socket_listener::options with;
  with.gauge = gauge_;
  with.farewell = farewell_;
  const auto accept
    = [this](byte_stream_ptr stream, const std::optional<peer_credentials>&) {
        tell(server_, http_connected{++connections_, std::move(stream)});
      };
  if (address.path.empty()) {
    auto listening = listen_on_tcp(address);
    if (!listening)
      return listening.err();
    return socket_listener::take(loop_, *std::move(listening),
                                 to_string(address), with, accept);
  }
  std::error_code refused;
  const std::string dir{parent_path(address.path)};
  std::filesystem::create_directories(dir, refused);
  if (refused)
    return error{errc::failed_precondition,
                 "make directory " + dir + ": " + refused.message()};
  return socket_listener::open(
    loop_, {address_scheme::unix_socket, address.path, 0, 0}, with, accept);
}

} // namespace fsshare
