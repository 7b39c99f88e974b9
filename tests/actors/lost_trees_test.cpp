// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/support/guest_profiles.hpp"
#include "tests/support/node_world.hpp"
#include "tests/support/tree_text.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

unshare_file_request ending(const std::string& share_id) {
  unshare_file_request request;
  request.sandbox_id = "s1";
  request.share_id = share_id;
  return request;
}

/// A sandbox with copies of whatever a test shares.
struct trees_fixture {
  explicit trees_fixture(chooser& choose,
                         guest::profile which = guest::profile::v4_0)
    : w(choose), guest(w.add_sandbox("s1", which)) {
    w.dir.write("hosts", "127.0.0.1 localhost\n");
    w.dir.write("tree/sub/b", "2");
    w.dir.write("tree/a", "1");
    w.dir.make_dir("empty/deep");
  }

  std::string share(const std::string& source, bool read_only) {
    auto request = w.volume_request("s1", "c1", "none");
    request.mount.source = w.dir / source;
    request.mount.destination = "/at/" + std::to_string(++last_);
    request.mount.read_only = read_only;
    const auto reply = w.ask_over_time<share_file_reply>(request);
    REQUIRE(reply);
    return reply->share_id;
  }
  share_status shown(const std::string& share_id) {
    const auto got = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    REQUIRE(got);
    for (const auto& share : got->shares.listed)
      if (share.share_id == share_id)
        return share;
    FAIL("no such share");
    return {};
  }
  bool says(const std::string& share_id, const std::string& words) {
    return shown(share_id).reason.find(words) != std::string::npos;
  }
  std::string in_guest(const std::string& share_id,
                       const std::string& name = {}) const {
    return w.guest_dir("s1", share_id) + name;
  }
  std::string guest_text() const {
    return describe_tree(w.dir / "guest-s1");
  }
  void pass_minutes(int minutes) {
    for (int n = 0; n < minutes * 12; ++n) {
      w.jump(5s);
      w.settle();
    }
  }
  // What stands at the path of a share, which may have got another one.
  std::string text_of(const std::string& share_id) {
    const auto path
      = w.guest_dir("s1", std::string{base_name(shown(share_id).guest_path)});
    return text_at(path);
  }
  static std::string text_at(const std::string& path) {
    return fs::is_directory(path) ? describe_tree(path) : read_file(path);
  }
  // The connection ends after the nth request from now, which is carried out.
  void drop_at(std::size_t n) {
    guest.observer = [this, at = guest.carried_out.size() + n] {
      if (guest.carried_out.size() < at)
        return;
      guest.observer = nullptr;
      guest.drop();
    };
  }
  // The guest's machine is started again.
  void start_empty() {
    guest.refuses = true;
    guest.drop();
    for (const auto& entry : fs::directory_iterator{w.dir / "guest-s1"})
      fs::remove_all(entry.path());
    w.pass(500ms);
    guest.refuses = false;
  }

  node_world w;
  sim_guest& guest;

private:
  int last_ = 0;
};

} // namespace

TEST_SUITE_BEGIN("actors/lost_trees");

TEST_CASE("of a sandbox without volumes it is known again after any lost "
          "connection that the guest has its trees, and asking changes "
          "nothing") {
  struct one_case {
    const char* source;
    bool read_only;
    bool tells_on_3_18;
  };
  for (const auto which : all_profiles)
    for (const auto& [source, read_only, tells_on_3_18] :
         {one_case{"hosts", false, true}, one_case{"hosts", true, true},
          one_case{"tree", true, true}, one_case{"tree", false, false},
          one_case{"empty", true, false}, one_case{"empty", false, false}})
      for (std::uint64_t seed = 1; seed < 4; ++seed) {
        const std::string what = std::string{source}.append(
          read_only ? ", read-only" : ", writable");
        CAPTURE(what);
        chooser choose{seed};
        trees_fixture f{choose, which};
        const auto id = f.share(source, read_only);
        const auto before = f.guest_text();
        f.guest.drop();
        f.w.pass(8s);
        const bool tells = which != guest::profile::v3_18 || tells_on_3_18;
        CHECK(f.shown(id).ready == tells);
        CHECK(f.says(id, "is not known") != tells);
        CHECK(f.guest_text() == before);
      }
}

TEST_CASE("a guest that comes back empty gets single files and read-only trees "
          "again, and the state says of writable ones that they are gone") {
  for (const auto which : all_profiles)
    for_each_seed(4, [which](chooser& choose) {
      trees_fixture f{choose, which};
      const auto file = f.share("hosts", false);
      const auto tree = f.share("tree", true);
      const auto writable = f.share("tree", false);
      const auto before = describe_tree(f.in_guest(tree));
      f.start_empty();
      CHECK_FALSE(f.shown(file).ready);
      f.w.dir.write("hosts", "127.0.0.1 another\n");
      f.w.pass(8s);
      CHECK(f.shown(file).ready);
      CHECK(f.shown(file).reason == "");
      CHECK(read_file(f.in_guest(file)) == "127.0.0.1 another\n");
      CHECK(f.shown(tree).ready);
      CHECK(describe_tree(f.in_guest(tree)) == before);
      CHECK_FALSE(f.shown(writable).ready);
      CHECK(f.says(writable, "came back without it"));
      CHECK(f.says(writable, "may have written"));
      CHECK_FALSE(fs::exists(f.in_guest(writable, "/a")));
      // It goes on as after a first copy.
      f.guest.drop();
      f.w.pass(8s);
      CHECK(f.shown(tree).ready);
      CHECK_FALSE(f.shown(writable).ready);
      f.start_empty();
      f.w.pass(8s);
      CHECK(f.shown(tree).ready);
      CHECK(read_file(f.in_guest(tree, "/a")) == "1");
      CHECK(f.w.ask_over_time<unshare_file_reply>(ending(tree)));
    });
}

TEST_CASE("a tree of which the host has something else, or nothing, is not "
          "copied again to a guest that lost it, with the reason") {
  for_each_seed(4, [](chooser& choose) {
    trees_fixture f{choose};
    const auto file = f.share("hosts", true);
    const auto tree = f.share("tree", true);
    f.start_empty();
    fs::remove(f.w.dir / "hosts");
    fs::remove_all(f.w.dir / "tree");
    f.w.dir.write("tree", "a file by now");
    f.w.pass(8s);
    CHECK_FALSE(f.shown(file).ready);
    CHECK(f.says(file, "came back without it"));
    CHECK(f.says(file, "hosts"));
    CHECK_FALSE(f.shown(tree).ready);
    CHECK(f.says(tree, "something else by now"));
    for (const auto& id : {file, tree})
      REQUIRE(f.w.ask_over_time<unshare_file_reply>(ending(id)));
    f.w.pass(2s);
    CHECK(fs::is_empty(f.w.dir / "guest-s1"));
  });
}

TEST_CASE("a share that ends while it is copied again leaves nothing") {
  for_each_seed(20, [](chooser& choose) {
    trees_fixture f{choose};
    const auto tree = f.share("tree", true);
    f.start_empty();
    const auto steps = choose.pick(60);
    for (std::size_t n = 0; n < 5; ++n)
      f.w.actors.advance(100ms);
    for (std::size_t n = 0; n < steps; ++n)
      f.w.step();
    REQUIRE(f.w.ask_over_time<unshare_file_reply>(ending(tree)));
    f.w.pass(8s);
    CHECK(fs::is_empty(f.w.dir / "guest-s1"));
  });
}

TEST_CASE("what could not be copied again is tried again, ever more rarely, "
          "until the guest has it, with its reason") {
  for (const auto which : all_profiles)
    for_each_seed(3, [which](chooser& choose) {
      trees_fixture f{choose, which};
      const auto file = f.share("hosts", true);
      const auto tree = f.share("tree", true);
      const auto before = describe_tree(f.in_guest(tree));
      f.start_empty();
      fs::rename(f.w.dir / "hosts", f.w.dir / "other hosts");
      fs::rename(f.w.dir / "tree", f.w.dir / "other tree");
      f.w.pass(3s);
      int reads = 0;
      f.w.between_reads = [&reads] {
        ++reads;
      };
      f.pass_minutes(20);
      for (const auto& id : {file, tree}) {
        CHECK_FALSE(f.shown(id).ready);
        CHECK(f.says(id, "No such file or directory"));
        CHECK(f.says(id, "it is tried again"));
      }
      CHECK(reads > 10);
      CHECK(reads < 100);
      fs::rename(f.w.dir / "other hosts", f.w.dir / "hosts");
      fs::rename(f.w.dir / "other tree", f.w.dir / "tree");
      f.pass_minutes(6);
      for (const auto& id : {file, tree}) {
        CHECK(f.shown(id).ready);
        CHECK(f.shown(id).reason == "");
      }
      CHECK(describe_tree(f.in_guest(tree)) == before);
      CHECK(read_file(f.in_guest(file)) == "127.0.0.1 localhost\n");
    });
}

TEST_CASE("whatever the guest answers while it is copied to again, it has "
          "everything in the end, and nothing that was made takes it away") {
  for (const auto which : all_profiles)
    for_each_seed(12, [which](chooser& choose) {
      trees_fixture f{choose, which};
      const auto file = f.share("hosts", true);
      const auto tree = f.share("tree", true);
      const auto before = describe_tree(f.in_guest(tree));
      f.start_empty();
      // Looks are answered: they are not what is tried here.
      f.guest.denies = [&choose](const grpc::CopyFileRequest& request) {
        const bool is_link = (request.file_mode() & 0170000U) == 0120000U;
        return !is_link && !request.path().ends_with("/look")
               && choose.one_in(3);
      };
      f.w.drop_one_in = choose.one_in(2) ? 8 : 0;
      f.w.pass(6s);
      f.guest.denies = nullptr;
      f.w.drop_one_in = 0;
      f.pass_minutes(15);
      for (const auto& id : {file, tree}) {
        CHECK(f.shown(id).ready);
        CHECK(f.shown(id).reason == "");
      }
      CHECK(describe_tree(f.in_guest(tree)) == before);
      CHECK(read_file(f.in_guest(file)) == "127.0.0.1 localhost\n");
    });
}

TEST_CASE("whichever request of a first copy, or of one to a guest that came "
          "back empty, loses its answer: what is ready has its contents") {
  for (const auto which : all_profiles)
    for (std::size_t lost = 1; lost < 15; ++lost)
      for_each_seed(4, [which, lost](chooser& choose) {
        trees_fixture f{choose, which};
        f.drop_at(lost);
        std::map<std::string, std::string> expected;
        for (const char* source : {"tree", "hosts"})
          expected[f.share(source, true)] = f.text_at(f.w.dir / source);
        const auto empty = f.share("empty", true);
        expected[empty] = f.text_at(f.w.dir / "empty");
        const auto writable = f.share("tree", false);
        expected[writable] = f.text_at(f.w.dir / "tree");
        const auto check = [&] {
          for (const auto& [id, text] : expected)
            if (f.shown(id).ready)
              CHECK(f.text_of(id) == text);
        };
        check();
        f.start_empty();
        f.drop_at(lost);
        for (int n = 0; n < 80; ++n) {
          f.w.pass(100ms);
          check();
        }
        f.pass_minutes(6);
        check();
        for (const auto& [id, text] : expected) {
          const bool tells = which != guest::profile::v3_18 || id != empty;
          if (id == writable || tells)
            CHECK(f.shown(id).ready == (id != writable));
        }
      });
}

TEST_CASE("a share that ends while its copying again fails is answered, and is "
          "not owed for ever") {
  for_each_seed(10, [](chooser& choose) {
    trees_fixture f{choose};
    const auto tree = f.share("tree", true);
    bool is_arriving = false;
    f.guest.on_arrival = [&](const grpc::CopyFileRequest& request) {
      if (is_arriving || request.path().find(tree) == std::string::npos
          || request.path().ends_with("look"))
        return;
      is_arriving = true;
      f.w.hang("s1");
    };
    f.start_empty();
    for (int n = 0; n < 100 && !is_arriving; ++n)
      f.w.pass(100ms);
    REQUIRE(is_arriving);
    REQUIRE(f.w.ask_over_time<unshare_file_reply>(ending(tree)));
    f.w.unhang("s1");
    f.pass_minutes(2);
    const auto got = f.w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    REQUIRE(got);
    CHECK(got->shares.listed.empty());
    CHECK(got->sandbox.leftovers.listed.empty());
    CHECK(fs::is_empty(f.w.dir / "guest-s1"));
  });
}

TEST_CASE("a landmark that alone is gone has nothing overwritten that a "
          "workload may have changed") {
  for (const auto which : all_profiles)
    for_each_seed(4, [which](chooser& choose) {
      trees_fixture f{choose, which};
      f.w.add_volume("cm").rotate({{"a", {"1"}}, {"b", {"1"}}});
      const auto volume = f.w.share("s1", "c1", "cm").share_id;
      const auto writable = f.share("tree", false);
      const auto file = f.share("hosts", false);
      f.w.pass(3s);
      std::ofstream{f.in_guest(writable, "/a")} << "by the workload";
      std::ofstream{f.in_guest(file)} << "by the workload";
      const auto before = describe_tree(f.in_guest(writable));
      fs::remove(fs::canonical(f.in_guest(volume, "/a")));
      f.guest.drop();
      f.w.pass(8s);
      CHECK(f.w.status_of("cm").destinations.at(0).current);
      CHECK(read_file(f.in_guest(volume, "/a")) == "1");
      CHECK(f.shown(writable).ready);
      CHECK(f.shown(file).ready);
      CHECK(describe_tree(f.in_guest(writable)) == before);
      CHECK(read_file(f.in_guest(file)) == "by the workload");
    });
}

TEST_SUITE_END();
