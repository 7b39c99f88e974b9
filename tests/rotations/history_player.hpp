// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/rotations/random_history.hpp"
#include "tests/support/node_world.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace fsshare::test {

/// Plays a history on a node with two sandboxes and two volumes, and says what
/// is wrong while it runs and after everything has come to rest.
class history_player {
public:
  history_player(chooser& choose, guest::profile which);

  /// Plays one event after the other.
  void play(const history& events);

  /// Ends all faults, lets every kubelet finish, lets 331 s pass, which is ten
  /// sweeps and all retries, and compares.
  void settle();

  /// What was wrong; empty if nothing.
  const std::vector<std::string>& complaints() const {
    return complaints_;
  }

private:
  struct host_side {
    std::string name;
    rotator* kubelet = nullptr;
    payload files;
    /// Content of each generation that was flipped to.
    std::map<std::string, std::string> contents;
    /// Steps of the kubelet that may have changed the generation.
    std::uint64_t changes = 0;
    /// Most requests that one of its generations takes.
    std::uint64_t entries = 0;
  };
  struct guest_side {
    std::string id;
    sim_guest* guest = nullptr;
    /// Requests that arrived, by share.
    std::map<std::string, std::uint64_t> requests;
    /// Those of them apart that only empty a file.
    std::map<std::string, std::uint64_t> emptyings;
    /// Flips that were carried out, by share.
    std::map<std::string, std::uint64_t> flips;
    /// Shares whose removal was answered; whether it left anything.
    std::map<std::string, bool> dead;
    /// The flip that is being carried out: share and generation.
    std::string flip_share;
    std::string flip_target;
  };
  struct copy {
    std::size_t sandbox = 0;
    std::size_t volume = 0;
    std::string container;
    std::uint64_t changes_before = 0;
    std::shared_ptr<const std::optional<result<share_file_reply>>> shared;
    std::shared_ptr<const std::optional<result<unshare_file_reply>>> ended;
  };

  void play(const history_event& event);
  void play_kubelet(const history_event& event);
  void play_guest(const history_event& event);
  void add_copy(const history_event& event);
  void remove_copy(const history_event& event);
  void note_ended();
  void step_kubelet(host_side& v);
  payload draw_files(std::uint32_t seed) const;
  void begin(host_side& v, payload files);

  void arrived(guest_side& g, const grpc::CopyFileRequest& request);
  void about_to_copy(guest_side& g, const grpc::CopyFileRequest& request);
  bool is_ending(const guest_side& g, const std::string& share) const;
  void has_copied(guest_side& g);
  bool is_below_file(const guest_side& g, const std::string& path) const;
  std::string live_of(const guest_side& g, const std::string& share) const;

  void check_guest(const guest_side& g);
  void check_copy(const copy& c);
  void check_links(const copy& c, const std::string& share,
                   const std::set<std::string>& left);
  void complain(const std::string& what);

  chooser& choose_;
  guest::profile which_;
  node_world w_;
  std::vector<host_side> volumes_;
  std::vector<std::unique_ptr<guest_side>> sandboxes_;
  std::vector<copy> copies_;
  std::vector<std::string> complaints_;
  std::uint64_t containers_ = 0;
};

} // namespace fsshare::test
