// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_category.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/copy/copy_category");

TEST_CASE("volumes are of their kind, whatever is mounted where") {
  for (const bool is_directory : {true, false}) {
    CHECK(category_of("configmap", "/x", is_directory)
          == copy_category::configmap);
    CHECK(category_of("secret", "/etc/hosts", is_directory)
          == copy_category::secret);
    CHECK(category_of("projected", "/x", is_directory)
          == copy_category::projected);
    CHECK(category_of("downward-api", "/x", is_directory)
          == copy_category::downward_api);
    CHECK(category_of("image-volumes", "/x", is_directory)
          == copy_category::image_volumes);
  }
}

TEST_CASE("the network's files are told by their destinations, other files and "
          "directories by what they are") {
  for (const auto* name : {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"}) {
    CHECK(category_of("", name, false) == copy_category::network_files);
    CHECK(category_of("", name, true) == copy_category::other_directories);
  }
  CHECK(category_of("", "/etc/hosts.d", false) == copy_category::other_files);
  CHECK(category_of("", "/data", true) == copy_category::other_directories);
  for (const auto* plugin : {"empty-dir", "csi", "host-path"}) {
    CHECK(category_of(plugin, "/x", true) == copy_category::other_directories);
    CHECK(category_of(plugin, "/x", false) == copy_category::other_files);
  }
}

TEST_CASE("each category has a rule of its own") {
  using enum copy_category;
  for (const auto denied :
       {configmap, secret, projected, downward_api, image_volumes,
        network_files, other_files, other_directories}) {
    copy_rules rules;
    const auto deny = copy_rule::deny;
    switch (denied) {
    case configmap: rules.configmap = deny; break;
    case secret: rules.secret = deny; break;
    case projected: rules.projected = deny; break;
    case downward_api: rules.downward_api = deny; break;
    case image_volumes: rules.image_volumes = deny; break;
    case network_files: rules.network_files = deny; break;
    case other_files: rules.other_files = deny; break;
    case other_directories: rules.other_directories = deny; break;
    }
    for (const auto asked :
         {configmap, secret, projected, downward_api, image_volumes,
          network_files, other_files, other_directories}) {
      CAPTURE(to_string(denied));
      CAPTURE(to_string(asked));
      CHECK((rules.rule_for(asked) == deny) == (asked == denied));
    }
  }
}

TEST_CASE("contents pass by the rules that are not strict, and what does not "
          "pass is told with the rule's word") {
  CHECK(lets_pass(copy_rule::allow));
  CHECK(lets_pass(copy_rule::audit));
  for (const auto rule : {copy_rule::empty, copy_rule::deny}) {
    CHECK_FALSE(lets_pass(rule));
    CHECK(denial(copy_category::secret, rule)
          == std::string{"its category is secret, and copy.categories.secret "
                         "is "}
               + to_string(rule));
  }
  CHECK(std::string{to_string(copy_rule::empty)} == "empty");
}

TEST_CASE("volumes are judged only where a rule does not let one pass") {
  copy_rules rules;
  CHECK(rules.allow_volumes());
  rules.other_files = copy_rule::deny;
  rules.network_files = copy_rule::audit;
  CHECK(rules.allow_volumes());
  for (auto* rule : {&rules.configmap, &rules.secret, &rules.projected,
                     &rules.downward_api, &rules.image_volumes})
    for (const auto strict :
         {copy_rule::audit, copy_rule::empty, copy_rule::deny}) {
      *rule = strict;
      CHECK_FALSE(rules.allow_volumes());
      *rule = copy_rule::allow;
    }
  CHECK(volume_category("downward-api") == copy_category::downward_api);
  CHECK(volume_category("image-volumes") == copy_category::image_volumes);
  CHECK_FALSE(volume_category("other-files"));
  CHECK_FALSE(volume_category("csi"));
  CHECK_FALSE(volume_category(""));
}

TEST_SUITE_END();
