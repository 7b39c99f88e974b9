// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/prepare_place.hpp"

#include "bench/must.hpp"
#include "bench/suite/bare_binds.hpp"
#include "core/paths.hpp"

#include <stdexcept>

namespace fsshare::bench {

prepare_place::prepare_place(int sandboxes) {
  if (!work_.unavailable().empty())
    throw std::runtime_error{"sandboxes: " + work_.unavailable()};
  bare_dir_ = work_.make_dir("bare");
  for (int n = 0; n < sandboxes; ++n)
    ids_.push_back("sb" + std::to_string(n));
  node_.emplace();
  client_.emplace(node_->socket());
}

void prepare_place::prepare_shared() {
  for (const auto& id : ids_)
    must(client_->prepare(id));
}

void prepare_place::prepare_copy() {
  // Prepare calls no guest.
  const auto guest = "unix://" + join(bare_dir_, "nobody");
  for (const auto& id : ids_)
    must(client_->prepare_copy(id, guest));
}

void prepare_place::cleanup() {
  for (const auto& id : ids_)
    must(client_->cleanup(id));
}

void prepare_place::make_bare() {
  for (const auto& id : ids_)
    make_bare_sandbox(join(bare_dir_, id));
}

void prepare_place::remove_bare() {
  for (const auto& id : ids_)
    remove_bare_sandbox(join(bare_dir_, id));
}

} // namespace fsshare::bench
