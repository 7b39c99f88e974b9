// SPDX-License-Identifier: Apache-2.0
#include "main/control_socket.hpp"

#include "core/net/guest_address.hpp"
#include "core/net/socket_access.hpp"
#include "core/paths.hpp"
#include "sys/process/identity.hpp"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace fsshare {

namespace {

status make_socket_dir(const std::string& socket) {
  std::error_code failed;
  const std::string dir{parent_path(socket)};
  std::filesystem::create_directories(dir, failed);
  if (failed)
    return error{errc::failed_precondition,
                 "make directory " + dir + ": " + failed.message()};
  return unit{};
}

} // namespace

control_socket::control_socket(io_loop& loop,
                               std::shared_ptr<descriptor_gauge> gauge,
                               api_server_actor server, bytes farewell,
                               std::shared_ptr<kernel_processes> processes)
  : loop_(loop), gauge_(std::move(gauge)), server_(std::move(server)),
    farewell_(std::move(farewell)), processes_(std::move(processes)) {
}

status control_socket::listen(const node_config::api_section& where,
                              std::optional<unique_fd> lent) {
  if (auto made = make_socket_dir(where.socket); !made)
    return made;
  const guest_address address{address_scheme::unix_socket, where.socket, 0, 0};
  // A socket file that nobody listens on is replaced under the lock only.
  auto locked = instance_lock::on_file("the lock of the control socket",
                                       where.socket + ".lock");
  if (!locked)
    return locked.err();
  lock_ = *std::move(locked);
  const auto access = access_for(where.allowed_uids, effective_uid());
  socket_listener::options with;
  with.gauge = gauge_;
  with.farewell = farewell_;
  with.mode = access.mode;
  with.owner = access.owner;
  const auto accept
    = [this](byte_stream_ptr stream, std::optional<peer_credentials> peer) {
        if (peer)
          tell(server_, api_connected{++connections_, std::move(stream),
                                      peer->uid, caller_of(*peer)});
      };
  auto opened = lent ? socket_listener::borrow(loop_, address, *std::move(lent),
                                               with, accept)
                     : socket_listener::open(loop_, address, with, accept);
  if (!opened)
    return opened.err();
  listener_ = *std::move(opened);
  return unit{};
}

void control_socket::close() {
  if (listener_)
    listener_->close();
}

named_owner control_socket::caller_of(const peer_credentials& peer) const {
  auto found = processes_->identify_peer(peer.pid, peer.pidfd.get());
  if (found)
    return *std::move(found);
  return unknown_owner{found.err().message};
}

} // namespace fsshare
