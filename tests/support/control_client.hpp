// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "proto/fsshare.pb.h"
#include "ttrpc/blocking_client.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace fsshare::test {

/// One client of the control API, as a shim is. Not thread-safe.
class control_client {
public:
  /// Connects; throws if nobody listens.
  explicit control_client(const std::string& socket)
    : client_(connect(socket)) {
  }

  /// Calls a method of `fsshare.v1.FilesystemShare`.
  template <class Reply, class Request>
  result<Reply> call(const char* method, const Request& request) {
    const auto encoded = request.SerializeAsString();
    const auto answer
      = client_.call("fsshare.v1.FilesystemShare", method, as_bytes(encoded),
                     std::chrono::seconds{60});
    if (!answer)
      return answer.err().within(method);
    Reply reply;
    if (!reply.ParseFromString(std::string{as_text(*answer)}))
      return error{errc::data_loss, std::string{method} + ": no such reply"};
    return reply;
  }

  /// @param nydusd API socket of the sandbox's nydusd, if it has one.
  result<v1::PrepareReply> prepare(const std::string& sandbox,
                                   const std::string& nydusd = {}) {
    v1::PrepareRequest request;
    request.set_sandbox_id(sandbox);
    request.set_mode(v1::SHARING_MODE_SHARED_FILESYSTEM);
    request.set_nydusd_socket(nydusd);
    return call<v1::PrepareReply>("Prepare", request);
  }

  /// @param guest Address of the guest agent.
  result<v1::PrepareReply> prepare_copy(const std::string& sandbox,
                                        const std::string& guest,
                                        const std::string& local_dir = {}) {
    v1::PrepareRequest request;
    request.set_sandbox_id(sandbox);
    request.set_mode(v1::SHARING_MODE_COPY);
    request.mutable_guest()->set_address(guest);
    request.set_local_dir(local_dir);
    return call<v1::PrepareReply>("Prepare", request);
  }

  /// Starts or stops the file event watcher of a sandbox.
  status run_watcher(const std::string& sandbox, bool runs) {
    // Request and reply are the same for both but for their names.
    v1::StartFileEventWatcherRequest request;
    request.set_sandbox_id(sandbox);
    const auto done = call<v1::StartFileEventWatcherReply>(
      runs ? "StartFileEventWatcher" : "StopFileEventWatcher", request);
    return done ? status{unit{}} : done.err();
  }

  result<v1::ListSandboxesReply> list_sandboxes() {
    return call<v1::ListSandboxesReply>("ListSandboxes",
                                        v1::ListSandboxesRequest{});
  }

  /// Returns all leftovers of a sandbox, page by page.
  result<std::vector<v1::PathReason>> leftovers(const std::string& sandbox) {
    std::vector<v1::PathReason> all;
    v1::GetSandboxRequest request;
    request.set_sandbox_id(sandbox);
    for (;;) {
      const auto page = call<v1::GetSandboxReply>("GetSandbox", request);
      if (!page)
        return page.err();
      const auto& listed = page->sandbox().pending();
      all.insert(all.end(), listed.begin(), listed.end());
      if (listed.empty() || page->sandbox().pending_more() == 0)
        return all;
      request.set_pending_after(all.back().path());
    }
  }

  result<v1::ListVolumesReply> list_volumes() {
    return call<v1::ListVolumesReply>("ListVolumes", v1::ListVolumesRequest{});
  }

  result<v1::ShareFileReply> share(const std::string& sandbox,
                                   const std::string& container,
                                   const std::string& source,
                                   const std::string& destination,
                                   bool read_only) {
    v1::ShareFileRequest request;
    request.set_sandbox_id(sandbox);
    request.set_container_id(container);
    auto& mount = *request.mutable_mount();
    mount.set_source(source);
    mount.set_destination(destination);
    mount.set_type("bind");
    mount.set_read_only(read_only);
    return call<v1::ShareFileReply>("ShareFile", request);
  }

  result<v1::UnshareContainerReply>
  unshare_container(const std::string& sandbox, const std::string& container) {
    v1::UnshareContainerRequest request;
    request.set_sandbox_id(sandbox);
    request.set_container_id(container);
    return call<v1::UnshareContainerReply>("UnshareContainer", request);
  }

  result<v1::ShareRootFilesystemReply>
  share_rootfs(const std::string& sandbox, const std::string& container,
               const std::string& source) {
    v1::ShareRootFilesystemRequest request;
    request.set_sandbox_id(sandbox);
    request.set_container_id(container);
    request.mutable_rootfs()->set_target(source);
    request.mutable_rootfs()->set_suffix("rootfs");
    return share_rootfs(request);
  }

  result<v1::ShareRootFilesystemReply>
  share_rootfs(const v1::ShareRootFilesystemRequest& request) {
    return call<v1::ShareRootFilesystemReply>("ShareRootFilesystem", request);
  }

  result<v1::UnshareRootFilesystemReply>
  unshare_rootfs(const std::string& sandbox, const std::string& container) {
    v1::UnshareRootFilesystemRequest request;
    request.set_sandbox_id(sandbox);
    request.set_container_id(container);
    return call<v1::UnshareRootFilesystemReply>("UnshareRootFilesystem",
                                                request);
  }

  result<v1::CleanupReply> cleanup(const std::string& sandbox) {
    v1::CleanupRequest request;
    request.set_sandbox_id(sandbox);
    return call<v1::CleanupReply>("Cleanup", request);
  }

  /// Returns whether the connection has ended.
  bool is_lost() const {
    return client_.is_lost();
  }

private:
  static ttrpc::blocking_client connect(const std::string& socket) {
    guest_address address;
    address.path = socket;
    auto client = ttrpc::blocking_client::connect(address);
    if (!client)
      throw std::runtime_error{client.err().message};
    return *std::move(client);
  }

  ttrpc::blocking_client client_;
};

} // namespace fsshare::test
