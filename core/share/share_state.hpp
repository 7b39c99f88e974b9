// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/copy/copy_category.hpp"
#include "core/copy/ranked.hpp"
#include "core/result.hpp"
#include "core/share/share_life.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fsshare {

/// Where a sandbox is in its life.
enum class sandbox_phase : std::uint8_t {
  absent,
  preparing,
  prepared,
  cleaning,
  /// Cleanup could not remove everything; only another Cleanup helps.
  leftover,
};

/// How a share reaches its guest.
enum class share_kind : std::uint8_t {
  /// Not known yet: the source is being looked at.
  unknown,
  bind,
  /// A copy that follows its volume.
  volume,
  /// A copy made once.
  tree,
  /// An emptyDir of the guest's own, of which nothing is sent.
  local,
};

/// One share of a sandbox.
struct share {
  std::string share_id;
  share_file_request request;
  share_kind kind = share_kind::unknown;
  share_life life;
  /// Of what is copied, once its source was looked at.
  std::optional<copy_category> category = std::nullopt;
  /// The rule of the category is `audit`.
  bool would_be_denied = false;
  /// Of an emptyDir: which part of it is shared, relative to its root.
  std::string inside = {};
  /// A directory with all symlinks resolved, once it was looked at.
  std::string resolved = {};
  /// What ShareFile answers, once ready.
  share_file_reply reply;
};

/// What one SANDBOX knows about itself: its phase and its shares. Decides which
/// requests are repetitions and which contradict what is there.
class share_state {
public:
  /// Decides about Prepare. What a repeated one tells of the guest, and was not
  /// known, is known then.
  /// @returns `errc::already_exists` for a request that differs from the one
  ///          before, `errc::aborted` while the sandbox is being cleaned up,
  ///          `errc::failed_precondition` after an incomplete Cleanup.
  result<admission> admit(const prepare_request& request);
  void prepared(bool succeeded);

  /// Takes in what is told of the guest.
  /// @returns `errc::already_exists` for what contradicts what is known, and
  ///          nothing is taken in then; as check_prepared().
  status set_guest(const set_guest_request& told);

  /// Returns `errc::failed_precondition` where copies are asked for of a guest
  /// that nobody can reach yet; as check_prepared().
  status check_guest() const;

  /// Decides about Cleanup of a sandbox that is said to be abandoned.
  /// @returns `errc::failed_precondition` unless it is none of this process.
  status check_abandoned(const std::string& sandbox_id) const;

  /// Stands for one that an earlier process left, and that does not go on: only
  /// Cleanup helps.
  void restore_remains(const prepare_request& request);

  /// Goes on as prepared by an earlier process.
  void restore(const prepare_request& request);
  /// Takes in a share that an earlier process made; its key must be free.
  share& restore(share what);

  /// Notes that Cleanup began; the shares are forgotten.
  void cleaning();
  void cleaned(bool whole);

  sandbox_phase phase() const {
    return phase_;
  }
  const prepare_request& request() const {
    return request_;
  }

  /// Returns `errc::not_found` naming the sandbox unless it is prepared.
  status check_prepared() const;

  /// Decides about ShareFile; `begin` has added the share.
  /// @param share_id Its id if it is new; unique.
  /// @returns `errc::already_exists` for another source under the same key, and
  ///          `errc::aborted` while the share is being ended.
  result<admission> admit(const share_file_request& request,
                          const std::string& share_id);

  share* find(std::string_view share_id);
  share* find(const std::string& container_id, const std::string& destination);
  std::vector<std::string> shares_of(const std::string& container_id) const;
  void erase(const std::string& share_id);

  const std::map<std::string, share>& shares() const {
    return shares_;
  }
  /// How many shares come behind an id, in the order of shares().
  std::size_t shares_behind(const std::string& share_id) const;
  /// How many containers have shares, and whether one has.
  std::size_t containers() const;
  bool has_shares(const std::string& container_id) const;

private:
  using key = std::pair<std::string, std::string>;

  sandbox_phase phase_ = sandbox_phase::absent;
  prepare_request request_;
  std::map<std::string, share> shares_;
  ranked_set<std::string> order_;
  /// (container, destination) → share id.
  std::map<key, std::string> ids_;
};

} // namespace fsshare
