// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/burners.hpp"
#include "bench/suite/guest_kind.hpp"
#include "bench/suite/sample.hpp"
#include "bench/suite/serial_peer.hpp"
#include "tests/support/control_client.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"

#include <functional>
#include <optional>
#include <string>

namespace fsshare::bench {

/// A guest, and what copies to it. Throws what it cannot do.
class copying_side {
public:
  explicit copying_side(const guest_kind& kind);
  virtual ~copying_side() = default;
  copying_side(const copying_side&) = delete;
  copying_side& operator=(const copying_side&) = delete;

  /// Copies a file or directory for a container of that number.
  /// @returns where it lies in the directory that stands for the guest's share.
  virtual std::string share(const std::string& source, int container) = 0;

  /// The same as a function, which must not outlive this.
  auto sharer() {
    return [this](const std::string& source, int container) {
      return share(source, container);
    };
  }

  /// Does some work and measures it. Requests are not among what is measured.
  sample take(const std::function<void()>& work);

  /// Ends the guest.
  /// @returns how many requests it has served.
  double end_guest();

  test::guest_process& guest() {
    return guest_;
  }

protected:
  virtual int pid() = 0;

private:
  test::temp_dir dir_;
  test::guest_process guest_;
};

/// Measures some work of one that copies, and what goes on beside it.
using taking
  = std::function<sample(copying_side& by, const std::function<void()>& work)>;

/// Returns what measures on a machine with such a load.
taking take_under(machine_load load);

/// Whether a sandbox has one guest copy of a volume for all its containers.
enum class copy_sharing { per_container, per_sandbox };

struct fsshare_options {
  copy_sharing sharing = copy_sharing::per_container;
  /// In flight to the guest; 0: as many as fsshared takes by itself.
  unsigned most_requests = 0;
};

/// Our own serial mode.
inline constexpr fsshare_options one_request{copy_sharing::per_container, 1};

/// Whether a row has a side with that, too.
enum class pacing { usual, one_request_too };

/// fsshared, with a sandbox in copy mode.
class fsshare_side final : public copying_side {
public:
  explicit fsshare_side(const guest_kind& kind,
                        const fsshare_options& with = {});
  std::string share(const std::string& source, int container) override;

  int pid() override {
    return node_.program().pid();
  }

private:
  test::node_process node_;
  test::control_client client_;
};

/// bench/peers.
class serial_side final : public copying_side {
public:
  serial_side(const guest_kind& kind, rendering renders);
  std::string share(const std::string& source, int container) override;

private:
  int pid() override {
    return peer_.pid();
  }

  serial_peer peer_;
  int shares_ = 0;
};

} // namespace fsshare::bench
