// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

namespace fsshare::test {

/// Which kubelet's order of steps (pkg/volume/util/atomic_writer.go).
enum class kubelet_order : std::uint8_t {
  /// Visible links before the flip; owner and mode of the whole volume last.
  to_1_22,
  /// Visible links after the flip; owner and mode of the whole volume last.
  from_1_23,
  /// Owner and mode of the whole volume before the flip.
  from_1_27,
};

/// One file of a volume.
struct payload_file {
  std::string content;
  mode_t mode = 0644;
  /// Who owns it; the kubelet sets this for tokens of non-root pods.
  std::optional<uid_t> user = std::nullopt;
};

/// What a volume is to hold: relative path, nested if it has slashes -> file.
using payload = std::map<std::string, payload_file>;

/// The steps of the kubelet's AtomicWriter, by their numbers there.
enum class rotation_step : std::uint8_t {
  validate = 1,
  read_current = 2,
  find_removed = 3,
  compare = 4,
  make_generation = 5,
  write_files = 6,
  own_generation = 7,
  link_data_tmp = 8,
  flip = 9,
  add_links = 10,
  remove_links = 11,
  remove_old = 12,
  /// Kubelets up to 1.26, at every sync: owner and mode of the whole volume.
  own_volume = 13,
};

/// Rotates a volume as the kubelet does, step by step, so that a test can stop
/// between any two. Throws what it cannot do.
///
///     rotator kubelet{dir, kubelet_order::from_1_27};
///     kubelet.begin({{"key", {"value"}}});
///     while (kubelet.step()) {
///     }
class rotator {
public:
  /// @param volume_dir An existing directory, empty before the first write.
  /// @param fs_group The pod's fsGroup: owner of every entry; files get mode
  ///                 |= 0440, directories |= 02550. Needs root unless it is a
  ///                 group of the caller.
  rotator(std::string volume_dir, kubelet_order order,
          std::optional<gid_t> fs_group = std::nullopt);

  /// Begins to write `files`; what an earlier begin() has not yet done is never
  /// done, as if the kubelet had died there.
  void begin(payload files);

  /// Carries out the next step.
  /// @returns false if none was left.
  bool step();

  /// Returns the step that step() would carry out.
  std::optional<rotation_step> next() const;

  /// Carries out all steps before `stop`; `stop` is next then, unless the
  /// rotation does not have it.
  void run_until(rotation_step stop);

  /// Carries out all steps that are left.
  void finish();

  /// Writes `files` from the first step to the last.
  void rotate(payload files);

  /// Returns what `..data` names now; empty before the first write.
  std::string current() const;

  /// Returns the name of the generation being written, or written last; empty
  /// if the last sync had nothing to write.
  const std::string& written() const {
    return written_;
  }

private:
  void run(rotation_step what);
  void validate() const;
  void find_removed();
  void compare();
  void make_generation();
  void write_files();
  void own_volume() const;
  void link_data_tmp() const;
  void add_links() const;
  void remove_links() const;
  void remove_old() const;
  std::string in_volume(const std::string& name) const;

  std::string dir_;
  kubelet_order order_;
  std::optional<gid_t> fs_group_;
  std::uint64_t counter_ = 0;
  payload files_;
  std::vector<rotation_step> steps_;
  std::size_t done_ = 0;
  std::string old_;
  std::string written_;
  std::set<std::string> removed_;
};

} // namespace fsshare::test
