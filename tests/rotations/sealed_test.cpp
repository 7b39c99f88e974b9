// SPDX-License-Identifier: Apache-2.0
#include "tests/rotations/situations.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

payload sealed(int n) {
  const auto text = std::to_string(n);
  return {{"plain", {text}}, {"token", {"sealed.fakejws." + text}}};
}

// What a confidential guest's agent does when it creates a container.
void unseal(const std::string& share) {
  for (const auto& entry : fs::directory_iterator{share}) {
    const auto target = fs::weakly_canonical(entry.path());
    if (!fs::is_regular_file(target)
        || !read_file(target.string()).starts_with("sealed."))
      continue;
    const auto text = target.string() + ".unsealed";
    std::ofstream{text} << "plaintext of " << read_file(target.string());
    fs::remove(entry.path());
    fs::create_symlink(text, entry.path());
  }
}

} // namespace

TEST_SUITE_BEGIN("rotations/sealed");

TEST_CASE("what the guest agent has unsealed stays readable through rotations, "
          "lost connections and sweeps, and goes with its share") {
  for_each_seed(100, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, sealed(0)};
    const auto share = w.guest_dir("s1", v.share_id);
    const auto first = v.kubelet.current();
    unseal(share);
    const auto token = [&] {
      return read_file(share + "/token");
    };
    for (int n = 1; n <= 3; ++n) {
      w.pass(61s);
      v.kubelet.rotate(sealed(n));
      if (choose.one_in(2))
        v.guest.drop();
      w.pass(4s);
      CHECK(read_file(share + "/plain") == std::to_string(n));
      CHECK(token() == "plaintext of sealed.fakejws.0");
      CHECK(v.generations() == std::set{first, v.kubelet.current()});
      const auto at = w.status_of("cm").destinations.at(0);
      CHECK(at.current);
      CHECK(at.kept_generations == std::vector{first});
    }
    unshare_file_request end;
    end.sandbox_id = "s1";
    end.share_id = v.share_id;
    REQUIRE(w.ask_over_time<unshare_file_reply>(end));
    CHECK_FALSE(fs::exists(share));
  });
}

TEST_CASE("a container that joins a copy keeps what it found there, too") {
  for_each_seed(50, [](chooser& choose) {
    node_config config;
    config.volumes.guest_copies = copy_scope::per_sandbox;
    node_world w{choose, config};
    followed_volume v{w, {{"plain", {"0"}}}};
    const auto share = w.guest_dir("s1", v.share_id);
    unseal(share);
    w.pass(61s);
    v.kubelet.rotate(sealed(1));
    w.pass(4s);
    w.share("s1", "c2", "cm");
    unseal(share);
    const auto joined = v.kubelet.current();
    w.pass(61s);
    v.kubelet.rotate(sealed(2));
    w.pass(4s);
    CHECK(read_file(share + "/token") == "plaintext of sealed.fakejws.1");
    CHECK(v.generations() == std::set{joined, v.kubelet.current()});
  });
}

TEST_CASE("what the guest agent has unsealed is emptied with its share where "
          "nothing can be removed") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, sealed(0), guest::profile::v3_3};
    const auto share = w.guest_dir("s1", v.share_id);
    unseal(share);
    const auto token = [&] {
      return read_file(share + "/token");
    };
    w.pass(61s);
    v.kubelet.rotate(sealed(1));
    w.pass(4s);
    CHECK(token() == "plaintext of sealed.fakejws.0");
    unshare_file_request end;
    end.sandbox_id = "s1";
    end.share_id = v.share_id;
    REQUIRE(w.ask_over_time<unshare_file_reply>(end));
    w.pass(4s);
    CHECK(bytes_below(share) == 0);
  });
}

TEST_SUITE_END();
