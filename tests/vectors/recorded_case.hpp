// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fsshare::test {

/// One entry of a share, either to be made or as it was found.
struct share_entry {
  /// Relative to the share.
  std::string path;
  /// st_mode.
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  /// Bytes of a regular file.
  std::string data;
  /// SHA-256 in hex of a file that is too long to be listed.
  std::string sha256;
  /// What a symlink holds.
  std::string target;
};

/// One CopyFileRequest of copyfile.json.
struct recorded_request {
  std::string path;
  std::int64_t file_size = 0;
  std::uint32_t file_mode = 0;
  std::uint32_t dir_mode = 0;
  std::int32_t uid = 0;
  std::int32_t gid = 0;
  std::int64_t offset = 0;
  std::string data;
};

/// What one guest agent did with a case.
struct recorded_outcome {
  /// Codes of the replies, one per request.
  std::vector<int> codes;
  /// What stood below the share, sorted by path.
  std::vector<share_entry> after;
  /// The share itself.
  share_entry root;
  /// Whether something was written out of the share.
  bool wrote_outside = false;
};

/// One history of copyfile.json; its README says what the fields mean.
struct recorded_case {
  std::string name;
  std::vector<share_entry> before;
  std::vector<recorded_request> requests;
  /// By version of the guest agent.
  std::map<std::string, recorded_outcome> expect;

  /// Whether a link of it names the share by its absolute path.
  bool has_absolute_link_into_share() const;

  /// Whether a request of it names the share itself, and that guest agent then
  /// deleted all contents of it.
  bool empties_share(const std::string& version) const;
};

/// Reads the cases of copyfile.json; throws if it is not as its README says.
std::vector<recorded_case> read_recorded_cases(const std::string& file);

} // namespace fsshare::test
