// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/mounting_shims.hpp"

#include "core/paths.hpp"
#include "sys/process/identity.hpp"

#include <utility>

namespace fsshare::churn {

namespace {

constexpr int shim_count = 2;

} // namespace

// In a user namespace of its own the program could not give files away, which
// kubelets do.
mounting_shims::mounting_shims(const std::string& dir)
  : unavailable_("only root can mount"), share_root_(join(dir, "share")) {
  if (effective_uid() != 0)
    return;
  work_.emplace();
  unavailable_ = work_->unavailable();
  if (!unavailable_.empty())
    return;
  share_root_ = work_->make_dir("share");
  work_->write("source/key", "value");
  work_->make_dir("rootfs/bin");
}

mounting_shims::~mounting_shims() {
  rest();
}

void mounting_shims::work(const std::string& socket) {
  if (!unavailable_.empty())
    return;
  ends_ = false;
  for (int n = 0; n < shim_count; ++n) {
    auto* one = shims_
                  .emplace_back(
                    std::make_unique<test::mounting_lives>(*work_, socket, n))
                  .get();
    threads_.emplace_back([this, one] {
      one->run(operations_, ends_);
    });
  }
}

void mounting_shims::rest() {
  ends_ = true;
  for (auto& thread : std::exchange(threads_, {}))
    thread.join();
  for (const auto& one : std::exchange(shims_, {})) {
    sandboxes_ += one->sandboxes();
    for (const auto& failure : one->failures())
      failures_ += failure + "\n";
  }
}

std::string mounting_shims::mounts() const {
  std::string out;
  if (unavailable_.empty())
    for (const auto& entry : test::mount_table())
      if (is_below(entry.mount_point, share_root_))
        out += entry.mount_point + "\n";
  return out;
}

} // namespace fsshare::churn
