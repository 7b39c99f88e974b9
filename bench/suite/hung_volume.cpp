// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/hung_volume.hpp"

#include "bench/suite/volume_maker.hpp"
#include "core/paths.hpp"

#include <chrono>
#include <map>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace fsshare::bench {

namespace {

using clock = std::chrono::steady_clock;
using silence = test::hanging_fuse::silence;
using node_kind = test::fuse_node::kind;

constexpr const char* container = "hung";

std::map<std::string, test::fuse_node> volume() {
  constexpr int keys = 10;
  const std::string generation = "..2026_01_02_03_04_05.111111111";
  std::map<std::string, test::fuse_node> out;
  out[generation] = {node_kind::directory};
  out["..data"] = {node_kind::symlink, generation};
  for (const auto& [key, file] : payload_of(keys, 0)) {
    out[join(generation, key)] = {node_kind::file, file.content};
    out[key] = {node_kind::symlink, join("..data", key)};
  }
  return out;
}

} // namespace

hung_volume::hung_volume() {
  if (!work_.unavailable().empty())
    throw std::runtime_error{"a volume that hangs: " + work_.unavailable()};
  files_.emplace(work_.make_dir(volume_dir(0)), volume());
}

bool hung_volume::is_possible() {
  return ::geteuid() == 0 && ::access("/dev/fuse", R_OK | W_OK) == 0;
}

void hung_volume::await_hang() {
  constexpr std::chrono::seconds patience{10};
  const auto limit = clock::now() + patience;
  while (files_->waiting() == 0) {
    if (clock::now() > limit)
      throw std::runtime_error{"nothing waits for the volume that hangs"};
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

hung_volume::use::use(hung_volume& of, const std::string& socket,
                      std::string sandbox, source_state does)
  : of_(of), sandbox_(std::move(sandbox)), client_(socket) {
  if (does == source_state::hangs)
    of_.files_->set_silence(silence::all);
  // What becomes of it is not what is measured.
  shares_ = std::jthread{[this] {
    static_cast<void>(client_.share(sandbox_, container, of_.files_->path(),
                                    "/shared/hung", true));
  }};
  if (does == source_state::hangs)
    of_.await_hang();
}

hung_volume::use::~use() {
  of_.files_->set_silence(silence::none);
  shares_.join();
  static_cast<void>(client_.unshare_container(sandbox_, container));
}

} // namespace fsshare::bench
