// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_losses.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/copy/copy_losses");

TEST_CASE("attributes are told apart, and labels of the node are none") {
  copy_losses of;
  count_attribute(of, "security.selinux");
  CHECK(of == copy_losses{});
  count_attribute(of, "security.capability");
  CHECK(of.capabilities == 1);
  count_attribute(of, "system.posix_acl_default");
  count_attribute(of, "system.posix_acl_access");
  CHECK(of.access_lists == 1);
  CHECK(of.attributes == 0);
  count_attribute(of, "user.x");
  count_attribute(of, "trusted.x");
  CHECK(of.attributes == 1);
}

TEST_CASE("a link leads out if it is absolute or climbs above the root") {
  CHECK(leads_out("a", "/etc"));
  CHECK(leads_out("a", "../x"));
  CHECK(leads_out("d/a", "../../x"));
  CHECK(leads_out("d/a", "x/../../../y"));
  CHECK(leads_out("", ".."));
  CHECK_FALSE(leads_out("a", "b"));
  CHECK_FALSE(leads_out("a", "./b/../c"));
  CHECK_FALSE(leads_out("d/e/a", "../../x"));
  CHECK_FALSE(leads_out("d/a", ".."));
  CHECK_FALSE(leads_out("a", "...//x/.."));
}

TEST_CASE("the notes have numbers, and there are none for what is not lost") {
  CHECK(notes_of({}).empty());
  copy_losses losses;
  losses.times = 12;
  CHECK(notes_of(losses)
        == std::vector<std::string>{"not copied: times of entries: 12"});
  losses.attributes = 1;
  losses.access_lists = 2;
  losses.capabilities = 3;
  losses.hard_links = 1;
  losses.outward_links = 2;
  const auto notes = notes_of(losses);
  REQUIRE(notes.size() == 3);
  CHECK(notes[0]
        == "not copied: times of entries: 12, extended attributes: 1, access "
           "control lists: 2, file capabilities: 3");
  CHECK(notes[1]
        == "1 name of a file with hard links: each is a file of its own in the "
           "guest");
  CHECK(notes[2]
        == "2 links lead out of the copy, to whatever the guest has there, or "
           "to nothing");
}

TEST_SUITE_END();
