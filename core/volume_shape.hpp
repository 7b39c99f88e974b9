#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// The volumes that the kubelet writes with its AtomicWriter.
enum class volume_kind : std::uint8_t {
  configmap,
  secret,
  projected,
  downward_api,
};

/// Returns the word in the name of the kubelet's directory, such as
/// `downward-api`.
const char* to_string(volume_kind kind) noexcept;

/// Returns whether `name` is one that the AtomicWriter gives to a generation:
/// `..YYYY_MM_DD_hh_mm_ss.` and decimal digits.
bool is_generation_name(std::string_view name) noexcept;

/// Tells volumes from other directories, by path alone. Whether a volume has
/// the AtomicWriter's shape (`..data`, which names a generation) is for who
/// reads the directory to see.
class volume_matcher {
public:
  /// Accepts `.../pods/UID/volumes/kubernetes.io~KIND/NAME` wherever the
  /// kubelet's root is: static pods, k0s, symlinked roots.
  static volume_matcher structural();

  /// Accepts the same below one of `roots` only (absolute normal paths), with
  /// the 36 characters of an ordinary pod's UID, as Kata's runtime does.
  static volume_matcher kubelet_root(std::vector<std::string> roots);

  /// Returns the kind of the volume whose root directory `path` is (absolute,
  /// normal); nothing for other paths, those below a volume included.
  std::optional<volume_kind> kind_of(std::string_view path) const;

private:
  volume_matcher(bool strict, std::vector<std::string> roots);

  bool strict_;
  std::vector<std::string> roots_;
};

} // namespace fsshare
