// SPDX-License-Identifier: Apache-2.0
#include "core/api/mount_namespace.hpp"
#include "core/api/share_request.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/api/mount_namespace");

TEST_CASE("a mount namespace is called by the number of a process") {
  for (const auto* path :
       {"/proc/1/ns/mnt", "/proc/4194304/ns/mnt", "/proc/12/task/13/ns/mnt"})
    CHECK_MESSAGE(check_mount_namespace(path), path);
  for (const auto* path : {"",
                           "/",
                           "/proc",
                           "/proc/self/ns/mnt",
                           "/proc/thread-self/ns/mnt",
                           "/proc/0/ns/mnt",
                           "/proc/012/ns/mnt",
                           "/proc/-1/ns/mnt",
                           "/proc/12345678/ns/mnt",
                           "/proc/1/ns/net",
                           "/proc/1/ns/mnt/",
                           "/proc/1/ns/mnt/x",
                           "/proc/1//ns/mnt",
                           "/proc/1/../2/ns/mnt",
                           "/proc/1/task/ns/mnt",
                           "/proc/1/task/0/ns/mnt",
                           "/proc/1/root/ns/mnt",
                           "proc/1/ns/mnt",
                           "/run/mnt",
                           " /proc/1/ns/mnt"}) {
    const auto checked = check_mount_namespace(path);
    REQUIRE_MESSAGE(!checked, path);
    CHECK(checked.err().code == errc::invalid_argument);
    CHECK(checked.err().message.starts_with("mount_namespace '"
                                            + std::string{path} + "'"));
  }
  CHECK(check_mount_namespace(std::string(100000, 'x')).err().message.size()
        < 512);
}

TEST_CASE("namespaces are told by what is known of both") {
  const mount_namespace one{"/proc/1/ns/mnt", 4, 5, 6};
  auto other = one;
  other.path = "/proc/2/ns/mnt";
  CHECK(one.is_same(other));
  CHECK(one != other);
  other.id = 0;
  CHECK(one.is_same(other));
  CHECK(other.is_same(one));
  other.id = 7;
  CHECK_FALSE(one.is_same(other));
  other = one;
  other.inode = 6;
  CHECK_FALSE(one.is_same(other));
  other = one;
  other.device = 5;
  CHECK_FALSE(one.is_same(other));
  CHECK(mount_namespace{}.is_own());
  CHECK_FALSE(one.is_own());
}

TEST_CASE("copies are of no mount namespace") {
  prepare_request request;
  request.sandbox_id = "sb";
  request.mode = sharing_mode::shared_filesystem;
  request.mount_namespace.path = "/proc/12/ns/mnt";
  const auto taken = checked(request);
  REQUIRE(taken);
  CHECK(taken->mount_namespace == request.mount_namespace);
  request.mode = sharing_mode::copy;
  request.guest_address = "unix:///guest.sock";
  const auto refused = checked(request);
  REQUIRE(!refused);
  CHECK(refused.err().code == errc::invalid_argument);
  request.mount_namespace = {};
  CHECK(checked(request));
}
