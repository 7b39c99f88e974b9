// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "guest/share_path.hpp"
#include "tests/support/guest_profiles.hpp"
#include "tests/support/node_world.hpp"
#include "tests/support/tree_text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

std::uintmax_t bytes_below(const fs::path& dir) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(dir))
    if (entry.is_regular_file() && !entry.is_symlink())
      bytes += entry.file_size();
  return bytes;
}

std::uintmax_t bytes_in_guest(const node_world& w) {
  return bytes_below(w.dir / "guest-s1");
}

unshare_container_request end_of(const std::string& container) {
  unshare_container_request request;
  request.sandbox_id = "s1";
  request.container_id = container;
  return request;
}

std::string rest_text(const node_world& w) {
  return describe_tree(w.dir / "guest-s1");
}

// As genpolicy writes it: no link directly in the shared directory, none that
// is absolute.
bool is_denied(const grpc::CopyFileRequest& request) {
  const bool is_link = (request.file_mode() & 0170000U) == 0120000U;
  return is_link
         && (parent_path(request.path()) == guest::share_root
             || request.data().starts_with("/"));
}

// Shares, rotations, ends and faults in any order.
class history {
public:
  explicit history(chooser& choose)
    : choose_(choose), w_(choose), which_(any_profile(choose)),
      has_policy_(choose.one_in(4)) {
    rotate();
    if (choose.one_in(2))
      std::ofstream{w_.volume_path("cm") + "/beside"}
        << std::string(2'500'000, 'b');
    w_.dir.write("src/tree/a.conf", std::string(1'500'000, 'c'));
    w_.dir.write("src/tree/a.tmp", std::string(1'200'000, 't'));
    w_.dir.write("src/tree/d/e", "text");
    w_.dir.write("src/x.tmp", std::string(1'500'000, 's'));
    w_.dir.write("src/plain", "text");
    fs::create_symlink("d/e", w_.dir / "src/tree/l");
    auto& guest = w_.add_sandbox("s1", which_);
    if (has_policy_)
      guest.denies = is_denied;
    if (!choose.one_in(4))
      w_.set_lateness("s1", choose.one_in(2) ? 3500ms : 900ms);
  }

  // Anything that may happen to a sandbox, then some time.
  void act() {
    switch (choose_.pick(8)) {
    case 0: rotate(); break;
    case 1:
    case 2: share(); break;
    case 3: end(1 + choose_.pick(containers_ + 1)); break;
    case 4:
      w_.drop_one_in
        = std::array<std::size_t, 4>{0, 3, 5, 20}.at(choose_.pick(4));
      break;
    case 5:
      w_.fail_one_in
        = std::array<std::size_t, 4>{0, 0, 3, 10}.at(choose_.pick(4));
      break;
    case 6: w_.guest("s1").drop(); break;
    default:
      for (auto steps = choose_.pick(60); steps > 0; --steps)
        w_.step();
      return;
    }
    if (choose_.one_in(2))
      w_.pass(std::chrono::milliseconds{100 * choose_.pick(40)});
  }

  void end_all() {
    for (std::size_t n = 1; n <= containers_; ++n)
      end(n);
    w_.pass(std::chrono::milliseconds{100 * choose_.pick(50)});
    calm_down();
  }

  void calm_down() {
    w_.drop_one_in = 0;
    w_.fail_one_in = 0;
    w_.pass(10s);
    for (int n = 0; n < 700; ++n) {
      w_.jump(1s);
      w_.settle();
    }
  }

  // Of generations that were, and of parts, nothing is left but what need be.
  void check_volumes() {
    if (!w_.is_known("cm"))
      return;
    for (const auto& at : w_.status_of("cm").destinations) {
      CHECK(at.current);
      const fs::path root
        = w_.guest_dir("s1", std::string{base_name(at.guest_path)});
      for (const auto& entry : fs::directory_iterator{root}) {
        const auto name = entry.path().filename().string();
        if (!name.starts_with("..2")
            || name == fs::read_symlink(root / "..data"))
          continue;
        CHECK_MESSAGE(which_ == guest::profile::v3_3, rest_text(w_));
        CHECK_MESSAGE(bytes_below(entry.path()) == 0, rest_text(w_));
      }
    }
  }

  void check_guest() const {
    std::size_t others = 0;
    std::size_t names = 0;
    const fs::path root = w_.dir / "guest-s1";
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      ++names;
      if (!entry.is_regular_file() || entry.is_symlink()
          || entry.path().parent_path() != root)
        ++others;
    }
    CHECK_MESSAGE(bytes_in_guest(w_) == 0, rest_text(w_));
    if (which_ != guest::profile::v3_3)
      CHECK_MESSAGE((has_policy_ ? others : names) == 0, rest_text(w_));
  }

  auto shared() const {
    return std::count_if(shares_.begin(), shares_.end(), [](const auto& got) {
      return *got && **got;
    });
  }

private:
  void rotate() {
    if (!kubelet_)
      kubelet_ = &w_.add_volume("cm");
    const auto n = std::to_string(++rotations_);
    payload files{
      {"a", {n}}, {"d/b", {n}}, {"k" + std::to_string(rotations_ % 3), {n}}};
    if (choose_.one_in(3))
      files["x.tmp"] = {std::string(1'300'000, 'x')};
    kubelet_->rotate(files);
  }
  void share() {
    const auto container = "c" + std::to_string(++containers_);
    auto request = w_.volume_request("s1", container, "cm");
    constexpr std::array sources{"plain", "x.tmp", "tree", "tree"};
    const auto which = choose_.pick(6);
    if (which < sources.size()) {
      request.mount.source = w_.dir / (std::string{"src/"} + sources.at(which));
      request.mount.destination = "/etc/" + std::string{sources.at(which)};
      request.mount.read_only = choose_.one_in(2);
    }
    shares_.push_back(w_.actors.call<share_file_reply>(w_.node, request));
  }
  void end(std::size_t n) {
    w_.actors.call<unshare_container_reply>(w_.node,
                                            end_of("c" + std::to_string(n)));
  }

  chooser& choose_;
  node_world w_;
  guest::profile which_;
  bool has_policy_;
  rotator* kubelet_ = nullptr;
  std::size_t rotations_ = 0;
  std::size_t containers_ = 0;
  std::vector<std::shared_ptr<const std::optional<result<share_file_reply>>>>
    shares_;
};

} // namespace

TEST_SUITE_BEGIN("actors/guest_proxy");

TEST_CASE(
  "where nothing can be removed no byte is in the guest some time after "
  "all shares have ended, however late requests came that were lost") {
  for_each_seed(200, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate({{"small", {"text"}}});
    const auto request = w.volume_request("s1", "c1", "cm");
    std::ofstream{request.mount.source + "/beside"}
      << std::string(2'500'000, 'b');
    w.add_sandbox("s1", guest::profile::v3_3);
    w.set_lateness("s1", 3500ms);
    w.drop_one_in = 5;
    const auto made = w.actors.call<share_file_reply>(w.node, request);
    for (int n = 0; n < 50 && !*made; ++n)
      w.pass(100ms);
    w.drop_one_in = 0;
    for (int n = 0; n < 600 && !*made; ++n)
      w.pass(100ms);
    REQUIRE(*made);
    CHECK(w.ask_over_time<unshare_container_reply>(end_of("c1")));
    w.pass(130s);
    CHECK_MESSAGE(bytes_in_guest(w) == 0, rest_text(w));
  });
}

TEST_CASE(
  "what a removal sends to be rid of a temporary is emptied, too, where "
  "it was lost and comes late, whichever removal it was") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    w.dir.write("large", std::string(2'500'000, 's'));
    auto& guest = w.add_sandbox("s1", guest::profile::v3_3);
    w.set_lateness("s1", 2s);
    auto request = w.volume_request("s1", "c1", "none");
    request.mount.source = w.dir / "large";
    request.mount.destination = "/etc/large";
    std::string path;
    std::size_t spent = 0;
    guest.on_arrival = [&](const grpc::CopyFileRequest& sent) {
      if (path.empty())
        path = sent.path();
      spent += sent.path() == path && sent.data().size() == 1 ? 1 : 0;
    };
    const auto drop_when = [&](const auto& arrived) {
      for (int n = 0; n < 10000 && !arrived(); ++n)
        if (!w.step())
          w.actors.advance(100ms);
      REQUIRE(arrived());
      guest.drop();
    };
    const auto made = w.actors.call<share_file_reply>(w.node, request);
    drop_when([&] {
      return !path.empty();
    });
    // At once, after four seconds, and after a minute.
    drop_when([&] {
      return spent == 3;
    });
    w.pass(100s);
    REQUIRE(*made);
    CHECK(spent > 4);
    CHECK(w.ask_over_time<unshare_container_reply>(end_of("c1")));
    w.pass(2s);
    CHECK_MESSAGE(bytes_in_guest(w) == 0, rest_text(w));
  });
}

TEST_CASE(
  "whatever is shared, rotated, ended, lost, late and refused: when all "
  "is ended the guest has nothing that it need not have") {
  std::ptrdiff_t shared = 0;
  for_each_seed(150, [&shared](chooser& choose) {
    history h{choose};
    for (auto n = 5 + choose.pick(25); n > 0; --n)
      h.act();
    if (choose.one_in(2)) {
      h.calm_down();
      h.check_volumes();
    }
    h.end_all();
    h.check_guest();
    shared += h.shared();
  });
  CHECK(shared > 100);
}

TEST_SUITE_END();
