// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/bind_place.hpp"

#include "bench/must.hpp"
#include "bench/suite/bare_binds.hpp"
#include "sys/mount/mount_namespace.hpp"

#include <algorithm>
#include <stdexcept>

namespace fsshare::bench {

namespace {

constexpr const char* sandbox = "bench";
constexpr const char* container = "c";

std::string destination_of(std::size_t number) {
  return "/shared/" + std::to_string(number);
}

} // namespace

bind_place::bind_place(std::size_t files, bind_namespace where) {
  if (!work_.unavailable().empty())
    throw std::runtime_error{"binds: " + work_.unavailable()};
  bare_dir_ = work_.make_dir("bare");
  for (std::size_t n = 0; n < files; ++n)
    files_.push_back(work_.write("files/" + std::to_string(n), "content"));
  if (where == bind_namespace::shim)
    shim_.emplace();
  node_.emplace();
  client_.emplace(node_->socket());
}

void bind_place::prepare() {
  v1::PrepareRequest request;
  request.set_sandbox_id(sandbox);
  request.set_mode(v1::SHARING_MODE_SHARED_FILESYSTEM);
  if (shim_)
    request.set_mount_namespace(shim_->path());
  must(client_->call<v1::PrepareReply>("Prepare", request));
}

void bind_place::share_one_by_one() {
  for (std::size_t n = 0; n < files_.size(); ++n)
    must(
      client_->share(sandbox, container, files_[n], destination_of(n), true));
}

void bind_place::share_together() {
  constexpr std::size_t most_at_once = 256;
  for (std::size_t from = 0; from < files_.size(); from += most_at_once) {
    v1::ShareFilesRequest request;
    request.set_sandbox_id(sandbox);
    request.set_container_id(container);
    request.set_all_or_nothing(true);
    const auto end = std::min(from + most_at_once, files_.size());
    for (auto n = from; n < end; ++n) {
      auto& mount = *request.add_mounts();
      mount.set_source(files_[n]);
      mount.set_destination(destination_of(n));
      mount.set_type("bind");
      mount.set_read_only(true);
    }
    must(client_->call<v1::ShareFilesReply>("ShareFiles", request));
  }
}

void bind_place::unshare_one_by_one() {
  for (std::size_t n = 0; n < files_.size(); ++n) {
    v1::UnshareFileRequest request;
    request.set_sandbox_id(sandbox);
    request.set_container_id(container);
    request.set_destination(destination_of(n));
    must(client_->call<v1::UnshareFileReply>("UnshareFile", request));
  }
}

void bind_place::unshare_container() {
  must(client_->unshare_container(sandbox, container));
}

void bind_place::cleanup() {
  must(client_->cleanup(sandbox));
}

void bind_place::in_place(const std::function<void()>& what) const {
  if (!shim_)
    return what();
  const auto opened = must(open_namespace(shim_->path()));
  const auto inside = must(entered_namespace::enter(*opened));
  what();
}

void bind_place::bind() {
  in_place([this] {
    bind_bare(files_, bare_dir_);
  });
}

void bind_place::unbind() {
  in_place([this] {
    unbind_bare(files_, bare_dir_);
  });
}

} // namespace fsshare::bench
