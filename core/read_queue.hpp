#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fsshare {

/// What a read touches, from what ends soon to what may take any time.
enum class read_class : std::uint8_t {
  /// A volume of the kubelet, on the node's own disk or memory.
  volume,
  /// One entry of a user's, wherever that lies.
  entry,
  /// A whole tree of a user's, or contents of it.
  tree,
};

/// Which of a pool of readers does which read, and when.
///
/// First come first served, but reads of trees never take the last two readers
/// and those of entries never the last one, where there are as many: whatever
/// hangs or takes long, volumes are read. Reads of one key are done one after
/// the other, in order.
class read_queue {
public:
  struct assignment {
    std::uint64_t read = 0;
    /// Index of the reader.
    std::size_t reader = 0;
  };

  /// @param readers at least 1; all idle.
  explicit read_queue(std::size_t readers);

  /// Adds a read.
  /// @param read unique and larger than those before.
  /// @param key empty for a read that need not wait for any other.
  void add(std::uint64_t read, read_class what, const std::string& key);

  /// Returns what can begin now; that reader is busy then.
  std::optional<assignment> next();

  /// Notes that a reader has ended its read. Unknown and idle ones are ignored.
  void done(std::size_t reader);

  /// Notes that a reader is gone for good; its read has ended, too.
  void lost(std::size_t reader);

  /// Whether there is a reader at all.
  bool has_readers() const {
    return readers_ > 0;
  }

private:
  static constexpr std::size_t classes = 3;

  struct waiting_read {
    std::uint64_t read = 0;
    read_class what = read_class::volume;
    std::string key;
  };

  std::size_t busy_beyond(std::size_t what) const;
  bool may_begin(std::size_t what) const;
  void make_ready(waiting_read next);

  std::size_t readers_;
  std::vector<std::size_t> idle_;
  /// What each busy reader does.
  std::map<std::size_t, waiting_read> running_;
  std::array<std::size_t, classes> busy_{};
  /// By class: what need not wait for its key.
  std::array<std::deque<waiting_read>, classes> ready_;
  /// By key that is ready or running: what comes after.
  std::map<std::string, std::deque<waiting_read>> behind_;
};

} // namespace fsshare
