// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// The volumes that are written with the kubelet's AtomicWriter.
enum class volume_kind : std::uint8_t {
  configmap,
  secret,
  projected,
  downward_api,
  /// By CSI drivers that use it too, such as that of the secrets store.
  csi,
};

/// Returns the word in the name of the kubelet's directory, such as
/// `downward-api`.
const char* to_string(volume_kind kind) noexcept;

/// Returns whether `name` is one that the AtomicWriter gives to a generation:
/// `..YYYY_MM_DD_hh_mm_ss.` and decimal digits.
bool is_generation_name(std::string_view name) noexcept;

/// Returns the plugin of the pod's volume that `path` (absolute, normal) is or
/// lies in, such as `secret`, `empty-dir` or `csi`; empty if it is in none:
/// `.../pods/UID/volumes/kubernetes.io~PLUGIN/NAME...`, wherever that is.
std::string_view plugin_of(std::string_view path) noexcept;

/// Returns the kubelet's root that a path which plugin_of() knows lies below;
/// empty for other paths.
std::string_view kubelet_root_of(std::string_view path) noexcept;

/// The plugin of emptyDir volumes.
inline constexpr std::string_view empty_dir_plugin = "empty-dir";

/// Stands for a plugin where something lies in an image volume, which has none:
/// the word of its category.
inline constexpr std::string_view image_volume_plugin = "image-volumes";

/// Returns whether `path` (absolute, normal) is or lies in the root of an image
/// that was mounted for a volume of a pod (Kubernetes' image volume source):
///
/// - `.../image-volumes/SANDBOX/IMAGE`, below whatever state directory
///   containerd has; both are ids of 64 hex digits, or of more
///   (internal/cri/server/helpers.go and container_image_mount.go of
///   containerd, from 2.1 on);
/// - `.../overlay/LAYER/merged` of containers-storage, which CRI-O names as the
///   lower directory of an overlay mount (MountImage() in its
///   server/container_create_linux.go, from 1.31 on).
///
/// Both hold with a part of the image (`subPath`) behind them.
bool is_in_image_volume(std::string_view path) noexcept;

/// A volume of which a part is mounted at `.../volume-subpaths/NAME/...`.
struct subpath_volume {
  /// Holds the pod's volumes: `.../pods/UID/volumes`.
  std::string volumes_dir;
  std::string name;
};

/// Returns the volume that the source of a subPath mount belongs to:
/// `.../pods/UID/volume-subpaths/NAME/CONTAINER/INDEX`, or a path below it.
std::optional<subpath_volume> subpath_volume_of(std::string_view path);

/// Whether volumes of CSI drivers are followed.
enum class csi_volumes : std::uint8_t { leave, follow };

/// Tells volumes from other directories, by path alone. Whether a volume has
/// the AtomicWriter's shape (`..data`, which names a generation) is for who
/// reads the directory to see.
class volume_matcher {
public:
  /// Accepts `.../pods/UID/volumes/kubernetes.io~KIND/NAME` wherever the
  /// kubelet's root is: static pods, k0s, symlinked roots.
  static volume_matcher structural(csi_volumes csi = csi_volumes::leave);

  /// Accepts the same below one of `roots` only (absolute normal paths), with
  /// the 36 characters of an ordinary pod's UID, as Kata's runtime does.
  static volume_matcher kubelet_root(std::vector<std::string> roots,
                                     csi_volumes csi = csi_volumes::leave);

  /// Returns the kind of the volume whose root directory `path` is (absolute,
  /// normal), for CSI `.../kubernetes.io~csi/NAME/mount`; nothing for other
  /// paths, those below a volume included.
  std::optional<volume_kind> kind_of(std::string_view path) const;

private:
  volume_matcher(bool strict, std::vector<std::string> roots, csi_volumes csi);

  bool strict_;
  std::vector<std::string> roots_;
  csi_volumes csi_;
};

} // namespace fsshare
