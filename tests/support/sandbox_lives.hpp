// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/private_mounts.hpp"
#include "tests/support/repeating_client.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

namespace fsshare::test {

/// A shim that makes sandboxes and ends them, one after the other, and looks at
/// what each operation has made.
class sandbox_lives {
public:
  sandbox_lives(const std::string& socket, int number)
    : client_(socket), name_("shim" + std::to_string(number)) {
  }
  virtual ~sandbox_lives() = default;
  sandbox_lives(const sandbox_lives&) = delete;
  sandbox_lives& operator=(const sandbox_lives&) = delete;

  /// Goes on until that is to end, or something fails; no sandbox is left.
  void run(std::atomic<int>& operations, const std::atomic<bool>& ends) {
    operations_ = &operations;
    while (!ends && failures_.empty())
      live("sb-" + name_ + "-" + std::to_string(++sandboxes_));
  }
  const std::vector<std::string>& failures() const {
    return failures_;
  }
  int sandboxes() const {
    return sandboxes_;
  }

protected:
  static constexpr std::size_t shares = 3;

  /// A whole life of a sandbox.
  virtual void live(const std::string& id) = 0;
  /// How many shares are there of it?
  virtual std::size_t shares_of(const std::string& id) const = 0;

  /// Calls until it is answered, and looks how many shares are there then.
  template <class Call>
  void call(const std::string& id, const std::string& what,
            std::size_t shares_then, const Call& request) {
    const auto answer = client_(request);
    ++*operations_;
    if (!answer)
      failures_.push_back(id + ": " + what + ": " + answer.err().message);
    else if (const auto there = shares_of(id); there != shares_then)
      failures_.push_back(id + ": " + what + " left " + std::to_string(there)
                          + " shares, not " + std::to_string(shares_then));
  }

private:
  repeating_client client_;
  std::string name_;
  std::atomic<int>* operations_ = nullptr;
  int sandboxes_ = 0;
  std::vector<std::string> failures_;
};

/// One whose guests share a filesystem with the host. What it shares is
/// `source` and `rootfs`, below the share root `share`.
class mounting_lives final : public sandbox_lives {
public:
  mounting_lives(const private_mounts& work, const std::string& socket,
                 int number)
    : sandbox_lives(socket, number), work_(work) {
  }

private:
  void live(const std::string& id) override {
    call(id, "Prepare", 0, [&](auto& c) {
      return c.prepare(id);
    });
    for (std::size_t n = 1; n <= shares; ++n)
      call(id, "ShareFile", n, [&](auto& c) {
        return c.share(id, "c" + std::to_string(n), work_ / "source", "/etc/x",
                       true);
      });
    call(id, "ShareRootFilesystem", shares + 1, [&](auto& c) {
      return c.share_rootfs(id, "c1", work_ / "rootfs");
    });
    call(id, "UnshareContainer", shares, [&](auto& c) {
      return c.unshare_container(id, "c2");
    });
    call(id, "Cleanup", 0, [&](auto& c) {
      return c.cleanup(id);
    });
  }

  // Each is one mount, and no two of them cover each other.
  std::size_t shares_of(const std::string& id) const override {
    const auto below = work_ / ("share/" + id + "/mounts/");
    const auto table = mount_table();
    return static_cast<std::size_t>(
      std::count_if(table.begin(), table.end(), [&](const auto& entry) {
        return entry.mount_point.starts_with(below);
      }));
  }

  const private_mounts& work_;
};

} // namespace fsshare::test
