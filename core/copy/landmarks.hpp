// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_plan.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// Whether a guest still has a tree that was copied once.
enum class tree_doubt : std::uint8_t {
  none,
  /// The guest was lost since, and nothing showed what it has.
  unknown,
  /// The guest came back without what it was sent.
  gone,
};

/// Something of a copy that is there as long as the copy is, whatever its
/// workload does.
struct landmark {
  enum class kind : std::uint8_t {
    /// A file of a volume's live generation.
    volume_file,
    /// A file of a tree that no workload can remove.
    tree_file,
    /// The root of a tree, a directory.
    tree_root,
  };

  kind what = kind::volume_file;
  /// Guest path of the copy.
  std::string guest_root;
  /// Guest path of the landmark itself.
  std::string path;

  friend bool operator==(const landmark&, const landmark&) = default;
};

/// What looks at landmarks say of a guest that came back.
enum class look_verdict : std::uint8_t {
  /// It has what it had.
  there,
  /// The same, but some of the volumes are damaged.
  damaged,
  /// It has nothing of it.
  empty,
  unknown,
};

/// What a guest was sent whole, and what of it shows whether a guest that comes
/// back still has it. Takes a name or two per copy.
class landmarks {
public:
  /// Names of files that are kept for each volume.
  static constexpr std::size_t files_per_volume = 2;
  /// How many are asked for at most: where the first are gone, but another is
  /// not, the guest is not empty.
  static constexpr std::size_t most_asked = 3;

  /// A volume at `guest_root` is whole, and has these files; none where no file
  /// of it is fit for that.
  void stands(const std::string& guest_root, std::vector<std::string> files);

  /// A tree at `guest_root` is whole.
  /// @param file of it that no workload can remove; the root itself where that
  ///        is a file; empty if there is none.
  void copied(const std::string& guest_root, std::string file = {});

  /// What is at or below a path goes, or may.
  /// @returns how many copies were looked at.
  std::size_t goes(std::string_view path);

  /// The guest was lost.
  void lost();

  /// Returns what to ask for, one after the other, until one is there: of
  /// different copies, if there are several.
  std::vector<landmark> to_ask(const guest_profile& guest) const;

  /// Notes what the looks have shown.
  /// @param gone those that are not there.
  /// @param any_there whether another one is.
  look_verdict judge(const std::vector<landmark>& gone, bool any_there);

  bool has_volumes() const {
    return !volumes_.empty();
  }

  /// Returns the roots of trees that were found to be gone since the last call.
  std::vector<std::string> take_gone();

  /// Returns what is doubted of the trees that a guest path is, or lies in;
  /// nothing where it is in none.
  std::optional<tree_doubt> doubt_of(std::string_view guest_path) const;

private:
  struct tree {
    tree_doubt doubt = tree_doubt::none;
    std::string file;
    /// take_gone() has not told of it.
    bool is_news = false;
  };

  void add_roots(std::vector<landmark>& to, const guest_profile& guest) const;
  bool is_part(const std::string& guest_root) const;
  static void lose(tree& which);

  /// Files by the guest path of their volume.
  std::map<std::string, std::vector<std::string>> volumes_;
  std::map<std::string, tree> trees_;
};

/// Returns guest paths of files of a tree that a landmark can be, the first
/// ones.
/// @param missing entries that the guest has not, or not as they are.
std::vector<std::string> landmark_files(const tree_snapshot& tree,
                                        std::string_view guest_path,
                                        std::size_t most,
                                        const skipped_list& missing = {});

/// Returns a request that tells whether a landmark is there, and changes
/// nothing if it is.
///
/// - A directory below a file is refused by every guest agent. Without the file
///   both are made; what is copied there again takes their place.
/// - Guest agents that cannot put a file in the place of a directory refuse a
///   link over anything but a link that resolves. Without, they make one that
///   does, however often they are asked: to the directory that it lies in, or,
///   directly in the shared directory, to a file that cannot be changed. A file
///   takes its place.
/// - Guest agents of `confined` profiles refuse a path that goes through a
///   directory and back (`..`) if that is missing, and make nothing. So they
///   are asked to remove what nobody has.
/// - Guest agents without `implicit_parents` make nothing on the way: the first
///   changes nothing, and for a directory, any name in it that is too long.
copy_step look_step(const landmark& what, const guest_profile& guest);

/// What the answer to look_step() says.
enum class look_result : std::uint8_t { there, gone, unknown };
look_result look_result_of(const landmark& what, const guest_profile& guest,
                           errc code, std::string_view message);

} // namespace fsshare
