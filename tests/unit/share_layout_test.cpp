// SPDX-License-Identifier: Apache-2.0
#include "core/share/share_layout.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

const share_layout layout{"/r", "box", "/g"};

} // namespace

TEST_SUITE_BEGIN("core/share/share_layout");

TEST_CASE("host paths lie below the sandbox's directory") {
  CHECK(layout.sandbox_dir() == "/r/box");
  CHECK(layout.mark_path() == "/r/box/.fsshare");
  CHECK(layout.mounts_dir() == "/r/box/mounts");
  CHECK(layout.shared_dir() == "/r/box/shared");
  CHECK(layout.staging_dir() == "/r/box/private");
  CHECK(layout.host_share("n") == "/r/box/mounts/n");
  CHECK(layout.host_rootfs("c") == "/r/box/mounts/c/rootfs");
  CHECK(layout.host_sandbox_bind("b") == "/r/box/mounts/sandbox-mounts/b");
}

TEST_CASE("guest paths lie below the guest's share directory") {
  CHECK(layout.guest_share("n") == "/g/n");
  CHECK(layout.guest_rootfs("c", "rootfs") == "/g/c/rootfs");
  CHECK(layout.guest_rootfs("c", "") == "/g/c");
  CHECK(layout.guest_sandbox_bind("b") == "/g/sandbox-mounts/b");
}

TEST_CASE("a share name is container, sixteen hex digits and basename") {
  const auto name = make_share_name("c0", 0x1fULL, "/etc/conf");
  REQUIRE(name);
  CHECK(*name == "c0-000000000000001f-conf");
  CHECK(*make_share_name("c", 0xfedcba9876543210ULL, "/k")
        == "c-fedcba9876543210-k");
}

TEST_CASE("a destination that gives no file name is refused") {
  CHECK(!make_share_name("c", 1, "/"));
  const std::string id(128, 'a');
  CHECK(make_share_name(id, 1, "/" + std::string(109, 'b')));
  const auto longer = make_share_name(id, 1, "/" + std::string(110, 'b'));
  REQUIRE(!longer);
  CHECK(longer.err().code == errc::invalid_argument);
  CHECK(longer.err().message.starts_with("destination /bbb"));
  CHECK(longer.err().message.ends_with(
    "would have 256 bytes, and file names have 255 at most; with container '"
    + id + "' its last component may have 109"));
}

TEST_SUITE_END();
