// SPDX-License-Identifier: Apache-2.0
#include "tests/siege/hung_source.hpp"

#include "core/paths.hpp"
#include "tests/siege/attack_socket.hpp"
#include "tests/support/control_client.hpp"

#include <chrono>
#include <map>
#include <stdexcept>

namespace fsshare::siege {

namespace {

using node_kind = test::fuse_node::kind;

constexpr std::string_view volume_dir
  = "pods/5f0c/volumes/kubernetes.io~configmap/settings";
constexpr const char* generation = "..2026_01_02_03_04_05.111111111";

/// A volume as the kubelet makes it, and what stands above it.
std::map<std::string, test::fuse_node> files() {
  const std::string volume{volume_dir};
  std::map<std::string, test::fuse_node> out;
  for (std::size_t at = 0; at != std::string::npos;) {
    at = volume.find('/', at + 1);
    out[volume.substr(0, at)] = {node_kind::directory, {}};
  }
  out[volume + "/" + generation] = {node_kind::directory, {}};
  out[volume + "/" + generation + "/key"] = {node_kind::file, "value"};
  out[volume + "/..data"] = {node_kind::symlink, generation};
  out[volume + "/key"] = {node_kind::symlink, "..data/key"};
  return out;
}

source_use use_of(std::size_t number) {
  constexpr std::size_t uses = 3;
  return static_cast<source_use>(number % uses);
}

} // namespace

std::string_view to_string(source_use what) {
  switch (what) {
  case source_use::bind: return "hangs as a bind";
  case source_use::tree: return "hangs as a tree";
  case source_use::volume: return "hangs as a volume";
  }
  return "?";
}

hung_source::hung_source(const std::string& socket, const std::string& dir,
                         std::size_t number)
  : how_(use_of(number)), id_("hung-" + std::to_string(number)),
    files_(dir, files()),
    source_(how_ == source_use::volume ? join(dir, volume_dir) : dir) {
  prepare(socket);
  files_.set_silence(test::hanging_fuse::silence::all);
  shim_ = std::thread{[this, socket] {
    run(socket);
  }};
}

hung_source::~hung_source() {
  is_ending_ = true;
  shim_.join();
}

void hung_source::prepare(const std::string& socket) {
  test::control_client client{socket};
  const auto made = how_ == source_use::bind
                      ? client.prepare(id_)
                      : client.prepare_copy(id_, to_string(guest_.address()));
  if (!made)
    throw std::runtime_error{made.err().message};
  if (how_ != source_use::volume)
    return;
  if (const auto first = client.share(id_, "first", source_, "/s", true);
      !first)
    throw std::runtime_error{first.err().message};
}

void hung_source::run(const std::string& socket) {
  lower_priority();
  // Its connection may be ended; then there is another one.
  while (!is_ending_)
    try {
      test::control_client client{socket};
      while (!is_ending_) {
        const auto container = "c" + std::to_string(requests_.fetch_add(1) % 4);
        static_cast<void>(client.share(id_, container, source_, "/s", true));
        pause_for(std::chrono::milliseconds{300}, is_ending_);
        static_cast<void>(client.unshare_container(id_, container));
      }
    } catch (const std::exception&) {
      pause_for(std::chrono::milliseconds{500}, is_ending_);
    }
}

} // namespace fsshare::siege
