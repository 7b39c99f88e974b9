// SPDX-License-Identifier: Apache-2.0
#include "core/copy/guest_profile.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/copy/guest_profile");

TEST_CASE("versions fall into the ranges in which guest agents behave alike") {
  for (const char* version : {"1.12.0", "2.5.2", "3.0.0", "3.2.0", "3.2.0-rc0"})
    CHECK_MESSAGE(profile_of(version).name == "3.2", version);
  for (const char* version : {"3.3.0", "3.16.0", "3.17.9"})
    CHECK_MESSAGE(profile_of(version).name == "3.3", version);
  for (const char* version : {"3.18.0", "3.30.0", "3.32.0-alpha1"})
    CHECK_MESSAGE(profile_of(version).name == "3.18", version);
  for (const char* version : {"4.0.0", "4.1.0", "4.1"})
    CHECK_MESSAGE(profile_of(version).name == "4.0", version);
}

TEST_CASE("unknown versions get the newest profile, and nothing is taken for "
          "certain of their parents") {
  auto expected = profile_of("4.1.0");
  CHECK(expected.surely_makes_parents);
  expected.surely_makes_parents = false;
  for (const char* version : {"", "main", "v3.16.0", "3", "3.", "3.x", "3.33.0",
                              "4.2.0", "17.0.0", "99999999999.1"})
    CHECK_MESSAGE(profile_of(version) == expected, version);
}

TEST_CASE("guest agents leave parents alone from the release that is told on") {
  const auto name_of = [](const char* version, agent_release from) {
    return profile_of(version, from).name;
  };
  for (const char* version : {"4.2.0", "4.2.0-rc0", "4.10", "5.0.0"})
    CHECK_MESSAGE(name_of(version, {4, 2}) == "4.2", version);
  for (const char* version : {"4.1.9", "3.33.0", "", "main"})
    CHECK_MESSAGE(name_of(version, {4, 2}) == "4.0", version);
  CHECK(name_of("3.32.0", {4, 0}) == "3.18");
  CHECK(name_of("4.2.0", {17, 0}) == "4.0");
  CHECK(profile_of("4.2.0").name == "4.0");
}

TEST_CASE("a release is two numbers and nothing else") {
  CHECK(parse_agent_release("4.2") == agent_release{4, 2});
  CHECK(parse_agent_release("10.33") == agent_release{10, 33});
  for (const char* text : {"", "4", "4.", "4.2.0", "4.2 ", " 4.2", "v4.2",
                           "-4.2", "4.-2", "4.99999999999"})
    CHECK_MESSAGE(!parse_agent_release(text), text);
}

TEST_CASE("each profile knows what its guest agents cannot do") {
  const auto v3_2 = profile_of("3.2.0");
  CHECK_FALSE(v3_2.entries);
  const auto v3_3 = profile_of("3.16.0");
  CHECK(v3_3.entries);
  CHECK_FALSE(v3_3.removal);
  CHECK_FALSE(v3_3.truncates);
  CHECK(v3_3.tmp_names);
  CHECK_FALSE(v3_3.replaces_dangling_links);
  const auto v3_18 = profile_of("3.30.0");
  CHECK(v3_18.removal);
  CHECK(v3_18.truncates);
  CHECK_FALSE(v3_18.tmp_names);
  CHECK_FALSE(v3_18.parent_chown);
  const auto v4_0 = profile_of("4.1.0");
  CHECK(v4_0.removal);
  CHECK(v4_0.tmp_names);
  CHECK(v4_0.parent_chown);
  CHECK(v4_0.confined);
  CHECK(v4_0.implicit_parents);
  const auto v4_2 = profile_of("4.2.0", agent_release{4, 2});
  CHECK(v4_2.removal);
  CHECK(v4_2.confined);
  CHECK_FALSE(v4_2.parent_chown);
  CHECK_FALSE(v4_2.implicit_parents);
  CHECK_FALSE(v4_2.surely_makes_parents);
}

TEST_CASE("a removal is proved by the link that could not be made") {
  const auto v3_18 = profile_of("3.30.0");
  CHECK(
    v3_18.classify_removal(errc::internal, "ENOENT: No such file or directory")
    == removal_result::removed);
  const auto v4_0 = profile_of("4.1.0");
  CHECK(v4_0.classify_removal(errc::internal,
                              "create symlink /a\n\nCaused by:\n    No such "
                              "file or directory (os error 2)")
        == removal_result::removed);
}

TEST_CASE("every other answer leaves a removal undone") {
  const auto v4_0 = profile_of("4.1.0");
  for (const char* message :
       {"", "mkdir_all parent /a: No such file or directory (os error 2)",
        "fchownat /a: ENOENT: No such file or directory",
        "renameat /a: ENOENT: No such file or directory",
        "create symlink /a: File name too long (os error 36)",
        "create symlink /a: Not a directory (os error 20)",
        "No such file or directory (os error 2)"})
    CHECK_MESSAGE(v4_0.classify_removal(errc::internal, message)
                    == removal_result::failed,
                  message);
  for (const auto code : {errc::none, errc::permission_denied, errc::unknown,
                          errc::deadline_exceeded})
    CHECK(v4_0.classify_removal(code, "ENOENT: No such file or directory")
          == removal_result::failed);
}

TEST_CASE("where no parents are made nothing is there, whatever is missing") {
  const auto v4_2 = profile_of("4.2.0", agent_release{4, 2});
  for (const char* message :
       {"create symlink /a: No such file or directory (os error 2)",
        "any other words: No such file or directory (os error 2)",
        "ENOENT: No such file or directory"})
    CHECK_MESSAGE(v4_2.classify_removal(errc::internal, message)
                    == removal_result::removed,
                  message);
  for (const char* message :
       {"", "create symlink /a: File name too long (os error 36)",
        "resolve parent: Not a directory (os error 20)"})
    CHECK_MESSAGE(v4_2.classify_removal(errc::internal, message)
                    == removal_result::failed,
                  message);
  CHECK(
    v4_2.classify_removal(errc::permission_denied, "No such file or directory")
    == removal_result::failed);
}

TEST_CASE("guest agents that remove nothing say the same words") {
  for (const char* version : {"3.2.0", "3.16.0"})
    CHECK(profile_of(version).classify_removal(
            errc::internal, "ENOENT: No such file or directory")
          == removal_result::failed);
}

TEST_SUITE_END();
