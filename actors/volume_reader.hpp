#pragma once

#include "core/volume_shape.hpp"
#include "messages/volume_reader.hpp"
#include "sys/dir_walk.hpp"

#include <string>
#include <vector>

namespace fsshare {

struct volume_reader_options {
  /// Follow only volumes below the kubelet roots; otherwise wherever they are.
  bool kubelet_roots_only = false;
  std::vector<std::string> kubelet_roots;
  csi_volumes csi = csi_volumes::leave;
  /// Of what one share may bring.
  read_limits limits;
  /// The same for volumes, which are held in memory.
  read_limits volume_limits = default_volume_limits;
  mount_crossing mounts = mount_crossing::skip;
  /// Called between any two file system operations; for tests.
  checkpoint between;
};

/// What a VOLUME READER owns: nothing but its settings.
class volume_reader_state {
public:
  using handle = volume_reader_actor;
  static constexpr const char* name = "volume-reader";

  volume_reader_state(handle::pointer self, volume_reader_options options);

  handle::behavior_type make_behavior();

private:
  source_class classify(const classify_source& msg) const;
  bool is_volume(const classify_source& msg, const std::string& resolved) const;
  result<volume_look> look(const look_at_volume& msg) const;
  static result<chunk_read> fetch(const read_chunk& msg);

  volume_reader_options options_;
};

} // namespace fsshare
