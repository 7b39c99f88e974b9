// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace fsshare {

/// Bytes of a budget that somebody may hold, given back when the last one who
/// shares it lets go: whoever dies, and wherever a message is lost, none leak.
class byte_lease {
public:
  /// Called with how much is still held, 0 at the end; from any thread.
  using changed = std::function<void(std::uint64_t bytes)>;

  byte_lease(std::uint64_t bytes, changed on_change);
  ~byte_lease();
  byte_lease(const byte_lease&) = delete;
  byte_lease& operator=(const byte_lease&) = delete;

  /// What was granted.
  std::uint64_t bytes() const {
    return bytes_;
  }

  /// Gives a part back: what is held after this call is `bytes` at most.
  void shrink(std::uint64_t bytes) const;

private:
  std::uint64_t bytes_;
  changed on_change_;
};

using byte_lease_ptr = std::shared_ptr<const byte_lease>;

/// Returns `object`, which then holds the lease as long as it lives.
template <class T>
std::shared_ptr<const T> with_lease(std::shared_ptr<const T> object,
                                    byte_lease_ptr lease) {
  // The object goes before its lease does.
  struct leased {
    byte_lease_ptr lease;
    std::shared_ptr<const T> object;
  };
  const auto* shown = object.get();
  auto both = std::make_shared<const leased>(
    leased{std::move(lease), std::move(object)});
  return {std::move(both), shown};
}

} // namespace fsshare
