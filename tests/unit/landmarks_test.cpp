// SPDX-License-Identifier: Apache-2.0
#include "core/copy/landmarks.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

using paths = std::vector<std::string>;

const guest_profile newest = profile_of("4.1.0");

paths asked(const landmarks& known, std::string_view version = "4.1.0") {
  paths all;
  for (const auto& one : known.to_ask(profile_of(version)))
    all.push_back(one.path);
  return all;
}

tree_entry entry_of(std::string path, entry_type type) {
  tree_entry entry;
  entry.path = std::move(path);
  entry.type = type;
  return entry;
}

} // namespace

TEST_SUITE_BEGIN("core/copy/landmarks");

TEST_CASE("files of a volume are landmarks until they, their generation or the "
          "volume go") {
  landmarks known;
  CHECK_FALSE(known.has_volumes());
  known.stands("/g/v", {"/g/v/..1/a", "/g/v/..1/b"});
  CHECK(asked(known) == paths{"/g/v/..1/a", "/g/v/..1/b"});
  SUBCASE("another generation goes") {
    known.goes("/g/v/..10");
    CHECK(asked(known).size() == 2);
  }
  SUBCASE("the next one stands") {
    known.stands("/g/v", {"/g/v/..2/b"});
    known.goes("/g/v/..1");
    CHECK(asked(known) == paths{"/g/v/..2/b"});
  }
  SUBCASE("its generation goes") {
    known.goes("/g/v/..1");
    CHECK(asked(known).empty());
    CHECK(known.has_volumes());
  }
  SUBCASE("the volume goes") {
    known.goes("/g/v");
    CHECK_FALSE(known.has_volumes());
  }
  SUBCASE("the guest is empty") {
    CHECK(known.judge(known.to_ask(newest), false) == look_verdict::empty);
    CHECK_FALSE(known.has_volumes());
  }
}

TEST_CASE(
  "of several copies one landmark each is asked for, three at most, and "
  "roots of trees only where that changes nothing") {
  landmarks known;
  known.copied("/g/dir");
  known.copied("/g/dir/part");
  CHECK(asked(known) == paths{"/g/dir"});
  CHECK(asked(known, "3.30.0").empty());
  CHECK(asked(known, "3.16.0") == paths{"/g/dir"});
  known.copied("/g/file", "/g/file");
  CHECK(asked(known) == paths{"/g/file", "/g/dir"});
  CHECK(asked(known, "3.2.0").empty());
  known.stands("/g/v", {"/g/v/..1/a", "/g/v/..1/b"});
  CHECK(asked(known) == paths{"/g/v/..1/a", "/g/file", "/g/dir"});
  known.stands("/g/w", {"/g/w/..1/a"});
  CHECK(asked(known) == paths{"/g/v/..1/a", "/g/w/..1/a", "/g/file"});
}

TEST_CASE("a landmark that alone is gone does not make the guest empty: its "
          "volume is damaged, or its tree is gone") {
  landmarks known;
  known.stands("/g/v", {"/g/v/..1/a"});
  known.copied("/g/file", "/g/file");
  known.copied("/g/dir");
  known.lost();
  const auto looks = known.to_ask(newest);
  REQUIRE(looks.size() == 3);
  SUBCASE("of a volume") {
    CHECK(known.judge({looks[0]}, true) == look_verdict::damaged);
    CHECK(known.doubt_of("/g/file") == tree_doubt::none);
    CHECK(known.take_gone().empty());
  }
  SUBCASE("of a tree") {
    CHECK(known.judge({looks[1]}, true) == look_verdict::there);
    CHECK(known.doubt_of("/g/file") == tree_doubt::gone);
    CHECK(known.doubt_of("/g/dir") == tree_doubt::none);
    CHECK(known.take_gone() == paths{"/g/file"});
    CHECK(known.take_gone().empty());
  }
  SUBCASE("nothing is answered") {
    CHECK(known.judge({}, false) == look_verdict::unknown);
    CHECK(known.doubt_of("/g/file") == tree_doubt::unknown);
  }
}

TEST_CASE("trees are in doubt once the guest was lost, and gone where it came "
          "back empty until they are copied again") {
  landmarks known;
  known.copied("/g/t", "/g/t");
  known.lost();
  CHECK(known.doubt_of("/g/t") == tree_doubt::unknown);
  SUBCASE("it has them") {
    CHECK(known.judge({}, true) == look_verdict::there);
    CHECK(known.doubt_of("/g/t") == tree_doubt::none);
  }
  SUBCASE("it has not") {
    known.judge(known.to_ask(newest), false);
    known.copied("/g/new", "/g/new");
    known.lost();
    CHECK(asked(known) == paths{"/g/new"});
    known.judge({}, true);
    CHECK(known.doubt_of("/g/t") == tree_doubt::gone);
    CHECK(known.doubt_of("/g/new") == tree_doubt::none);
    CHECK(known.take_gone() == paths{"/g/t"});
    known.copied("/g/t", "/g/t");
    CHECK(known.doubt_of("/g/t") == tree_doubt::none);
    known.goes("/g/t");
    CHECK_FALSE(known.doubt_of("/g/t"));
  }
}

TEST_CASE("a file is a landmark that arrived, under a name that leaves room") {
  tree_snapshot tree;
  tree.entries = {entry_of("", entry_type::directory),
                  entry_of("link", entry_type::symlink)};
  for (const auto& name :
       {std::string{"a.tmp"}, std::string(201, 'x'), std::string{"skipped"},
        std::string{"sub/b"}, std::string{"z"}})
    tree.entries.push_back(entry_of(name, entry_type::file));
  const skipped_list missing{{"skipped", "a reason"}};
  CHECK(landmark_files(tree, "/g/t", 1, missing) == paths{"/g/t/sub/b"});
  CHECK(landmark_files(tree, "/g/t", 9, missing)
        == paths{"/g/t/sub/b", "/g/t/z"});
  tree.entries = {entry_of("", entry_type::file)};
  CHECK(landmark_files(tree, "/g/t", 1) == paths{"/g/t"});
}

TEST_CASE("what is asked for changes nothing that is there, and only certain "
          "words say that it is or is not") {
  const landmark file{landmark::kind::tree_file, "/g/t", "/g/t/a"};
  const landmark root{landmark::kind::tree_root, "/g/t", "/g/t"};
  const auto by_dir = look_step(file, newest);
  CHECK(by_dir.type == entry_type::directory);
  CHECK(by_dir.path == "/g/t/a/look");
  // As guest agents of all profiles say it, and the rest may be anything.
  CHECK(look_result_of(file, newest, errc::internal,
                       "mkdir_all parent: Not a directory (os error 20)")
        == look_result::there);
  for (const char* words : {"", "No space left on device (os error 28)"})
    CHECK(look_result_of(file, newest, errc::internal, words)
          == look_result::unknown);
  CHECK(look_result_of(file, newest, errc::none, "") == look_result::gone);
  CHECK(look_result_of(file, newest, errc::permission_denied, "")
        == look_result::unknown);
  const auto by_link = look_step(file, profile_of("3.16.0"));
  CHECK(by_link.type == entry_type::symlink);
  CHECK(by_link.path == "/g/t/a");
  // They resolve, so that another link takes their place: asked again, the
  // guest agent says the same.
  CHECK(by_link.target == ".");
  CHECK(look_step(root, profile_of("3.16.0")).target == "/proc/self/status");
  CHECK(look_result_of(file, profile_of("3.16.0"), errc::internal,
                       "EEXIST: File exists")
        == look_result::there);
  CHECK(look_result_of(file, profile_of("3.16.0"), errc::internal, "busy")
        == look_result::unknown);
  const auto through = look_step(root, newest);
  CHECK(through.type == entry_type::symlink);
  CHECK(through.path == "/g/t/../..fsshare-none");
  CHECK(through.target.empty());
  CHECK(through.uid == 0);
  // As guest agent 4.1.0 says it.
  CHECK(look_result_of(root, newest, errc::internal,
                       "create symlink: No such file or directory (os error 2)")
        == look_result::there);
  CHECK(look_result_of(root, newest, errc::internal,
                       "mkdir_all parent: No such file or directory (os error "
                       "2)")
        == look_result::gone);
  CHECK(look_result_of(root, newest, errc::internal, "mkdir_all: No space")
        == look_result::unknown);
  CHECK(look_result_of(root, newest, errc::none, "") == look_result::unknown);
}

TEST_CASE("guest agents that make no parents are asked without a way through "
          "what may be missing, and tell by errno") {
  const auto guest = profile_of("4.2.0", agent_release{4, 2});
  const landmark file{landmark::kind::volume_file, "/g/v", "/g/v/..1/a"};
  const landmark root{landmark::kind::tree_root, "/g/t", "/g/t"};
  CHECK(look_step(file, guest).path == "/g/v/..1/a/look");
  const auto in_root = look_step(root, guest);
  CHECK(in_root.type == entry_type::symlink);
  CHECK(in_root.path == "/g/t/" + std::string(256, 'x'));
  CHECK(in_root.target.empty());
  const auto result
    = [&guest](const landmark& what, errc code, std::string_view message) {
        return look_result_of(what, guest, code, message);
      };
  constexpr auto* gone = "any words: No such file or directory (os error 2)";
  CHECK(result(file, errc::internal, gone) == look_result::gone);
  CHECK(result(root, errc::internal, gone) == look_result::gone);
  CHECK(result(file, errc::internal, "Not a directory (os error 20)")
        == look_result::there);
  CHECK(result(root, errc::internal, "File name too long (os error 36)")
        == look_result::there);
  CHECK(result(root, errc::internal, "Not a directory (os error 20)")
        == look_result::unknown);
  CHECK(result(file, errc::none, "") == look_result::gone);
  CHECK(result(root, errc::none, "") == look_result::unknown);
  for (const auto& what : {file, root}) {
    CHECK(result(what, errc::internal, "No space left on device (os error 28)")
          == look_result::unknown);
    CHECK(result(what, errc::permission_denied, gone) == look_result::unknown);
  }
}

TEST_SUITE_END();
