// SPDX-License-Identifier: Apache-2.0
#include "core/copy/temp_name.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace fsshare;

TEST_SUITE_BEGIN("core/copy/temp_name");

TEST_CASE("a temporary is named as real guest agents were seen to name it") {
  const std::map<std::string, std::string> seen{
    {"hostname", "hostname.tmp"},
    {"a.b", "a.tmp"},
    {"a.b.c", "a.b.tmp"},
    {".a", ".a.tmp"},
    {".a.b", ".a.tmp"},
    {"..a", "..tmp"},
    {"...a", "...tmp"},
    {"a.", "a.tmp"},
    {"a..", "a..tmp"},
    {"a..b", "a..tmp"},
    {"a.tmp", "a.tmp"},
    {".tmp", ".tmp.tmp"},
    {"tmp", "tmp.tmp"},
    {"..2026_01_01", "..tmp"},
    {"sp ace.x", "sp ace.tmp"},
    {"\xc3\xa4.\xc3\xb6", "\xc3\xa4.tmp"},
    {"tls.crt", "tls.tmp"},
    {"tls.key", "tls.tmp"},
    {".dockerconfigjson", ".dockerconfigjson.tmp"},
  };
  for (const auto& pair : seen)
    CHECK(temp_name(pair.first) == pair.second);
}

TEST_CASE("a name is sendable up to a temp name of 255 bytes") {
  CHECK(has_sendable_temp_name(std::string(251, 'x')));
  CHECK_FALSE(has_sendable_temp_name(std::string(252, 'x')));
  CHECK_FALSE(has_sendable_temp_name(std::string(255, 'x')));
}

TEST_CASE("an extension of four characters or more makes room for tmp") {
  CHECK(has_sendable_temp_name(std::string(250, 'y') + ".conf"));
  CHECK(has_sendable_temp_name(std::string(251, 'y') + ".cnf"));
  CHECK_FALSE(has_sendable_temp_name(std::string(252, 'y') + ".cn"));
}

TEST_SUITE_END();
