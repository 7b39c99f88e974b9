// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/mount_fixture.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace fsshare::test {

/// Something that happens to a sandbox, decoded from a number so that a
/// property test can shrink it.
struct happening {
  enum class what : std::uint8_t {
    prepare,
    share,
    share_again,
    unshare,
    unshare_failing,
    cleanup,
    hide_source,
    bring_source_back,
    cover,
    dirty,
    link,
    fix,
    last = fix,
  };

  explicit happening(unsigned number);
  std::string text() const;

  what kind = what::prepare;
  /// One of mount_model::slots.
  std::size_t slot = 0;
  /// One of mount_model::sources.
  std::size_t source = 0;
  bool read_only = false;
};

/// What must be mounted, kept in the most naive way beside the real thing.
/// check() throws std::runtime_error where the two differ.
class mount_model {
public:
  /// Shares, and the root filesystems of two containers.
  static constexpr std::size_t shares = 3;
  static constexpr std::size_t slots = shares + 2;
  static constexpr std::array<const char*, 3> sources{"source", "nested",
                                                      "source/key"};

  explicit mount_model(mount_fixture& f);

  /// Lets it happen, to the model and for real.
  void apply(const happening& one);

  /// Compares mounts, access, and the users' data.
  void check() const;

  /// Cleans up; nothing may be left but what is foreign.
  void end();

private:
  enum class phase : std::uint8_t { absent, prepared };
  enum class state : std::uint8_t {
    absent,
    mounted,
    /// Somebody bound something over our mount.
    covered,
    /// Unmounted behind our back, and written to.
    dirty,
    /// Somebody put a symbolic link in our place.
    linked,
  };
  struct slot_state {
    state now = state::absent;
    std::size_t source = 0;
    bool read_only = false;
  };

  std::string path_of(std::size_t slot) const;
  std::string place_of(std::size_t slot) const;
  bool source_is_there(std::size_t source) const;
  bool anything_is(state which) const;
  void expect(bool as_expected, const std::string& sentence) const;
  void share(const happening& one);
  void unshare(std::size_t index, bool failing);
  void cleanup();
  void remove_foreign();
  void fix(std::size_t index);
  std::string expected_mounts() const;
  std::string real_mounts() const;

  mount_fixture& f_;
  std::vector<mounted_entry> before_;
  std::string victim_;
  phase phase_ = phase::absent;
  std::array<slot_state, slots> slots_;
  bool hidden_ = false;
};

} // namespace fsshare::test
