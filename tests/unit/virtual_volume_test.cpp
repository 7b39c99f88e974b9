// SPDX-License-Identifier: Apache-2.0
#include "core/rootfs/virtual_volume.hpp"
#include "tests/support/base64_text.hpp"
#include "json/nydus_json.hpp"
#include "json/virtual_volume_json.hpp"

#include <doctest/doctest.h>

#include <functional>

using namespace fsshare;

namespace {

using test::base64_text;

const std::string digest(64, 'a');

virtual_volume with_verity() {
  virtual_volume volume;
  volume.volume_type = "image_guest_pull";
  volume.dm_verity = dm_verity{"SHA256", digest, 8, 512, 4096, 4096};
  return volume;
}

void check_refused(const virtual_volume& volume, const std::string& named) {
  const auto refused = check_virtual_volume(volume);
  REQUIRE_MESSAGE(!refused, named);
  CHECK(refused.err().code == errc::invalid_argument);
  CHECK_MESSAGE(refused.err().message.find(named) != std::string::npos,
                refused.err().message);
}

// Changes valid dm-verity data and checks what is said about it.
void check_verity(const std::function<void(dm_verity&)>& change,
                  const std::string& named) {
  auto volume = with_verity();
  change(*volume.dm_verity);
  if (named.empty())
    CHECK(check_virtual_volume(volume));
  else
    check_refused(volume, "dm_verity." + named);
}

void check_undecodable(const std::string& option, const std::string& why) {
  const auto refused = decode_virtual_volumes({"ro", option});
  REQUIRE_MESSAGE(!refused, why);
  CHECK(refused.err().code == errc::invalid_argument);
  CHECK_MESSAGE(refused.err().message.find(why) != std::string::npos,
                refused.err().message);
  CHECK(refused.err().message.find("secret") == std::string::npos);
}

std::string volume_option(const std::string& json) {
  return "io.katacontainers.volume=" + base64_text(json);
}

} // namespace

TEST_SUITE_BEGIN("core/rootfs/virtual_volume");

TEST_CASE("every member of a virtual volume is decoded") {
  const auto decoded = decode_virtual_volumes(
    {"ro", volume_option(R"({"volume_type":"direct_block","source":"/s",
      "fs_type":"ext4","options":["a","b"],"direct_volume":{"metadata":{"k":"v"}},
      "image_pull":{"metadata":{}},"nydus_image":{"config":"c","snapshot_dir":"/d"},
      "dm_verity":{"hashtype":"sha1","hash":"h","blocknum":1,"blocksize":2,
      "hashsize":3,"offset":4294967296},"unknown":[1]})"),
     volume_option(R"({"volume_type":"image_guest_pull","source":null})")});
  REQUIRE(decoded);
  REQUIRE(decoded->size() == 2);
  virtual_volume first;
  first.volume_type = "direct_block";
  first.source = "/s";
  first.fs_type = "ext4";
  first.options = {"a", "b"};
  first.direct_volume = string_map{{"k", "v"}};
  first.image_pull = string_map{};
  first.nydus_image = nydus_image{"c", "/d"};
  first.dm_verity = dm_verity{"sha1", "h", 1, 2, 3, 4294967296};
  CHECK(decoded->at(0) == first);
  virtual_volume second;
  second.volume_type = "image_guest_pull";
  CHECK(decoded->at(1) == second);
}

TEST_CASE("options that cannot be decoded are refused without their text") {
  check_undecodable("io.katacontainers.volume=secret!", "base64");
  check_undecodable("io.katacontainers.volume=", "not JSON");
  check_undecodable(volume_option("{secret"), "not JSON");
  check_undecodable(volume_option(R"(["secret"])"), "not a JSON object");
  check_undecodable(volume_option(R"({"volume_type":["secret"]})"),
                    "volume_type is not text");
  check_undecodable(volume_option(R"({"options":"secret"})"),
                    "options is not an array");
  check_undecodable(volume_option(R"({"options":[7]})"), "options is not text");
  check_undecodable(volume_option(R"({"image_pull":{}})"),
                    "image_pull.metadata is not an object");
  check_undecodable(volume_option(R"({"image_pull":{"metadata":null}})"),
                    "image_pull.metadata is not an object");
  check_undecodable(volume_option(R"({"image_pull":{"metadata":{"a":1}}})"),
                    "image_pull.metadata is not text");
  check_undecodable(volume_option(R"({"dm_verity":{"blocknum":-1}})"),
                    "dm_verity.blocknum is not a number");
  check_undecodable(volume_option(R"({"dm_verity":{"offset":1.5}})"),
                    "dm_verity.offset is not a number");
  check_undecodable(volume_option(R"({"source":"a\u0000b"})"),
                    "source is not text without NUL bytes");
  check_undecodable(volume_option("{\"source\":\"\xff\"}"), "not JSON");
  check_undecodable(volume_option(std::string(100000, '[')), "not JSON");
}

TEST_CASE("a guest pull is the only volume that becomes a root filesystem") {
  virtual_volume volume;
  check_refused(volume, "volume_type is empty");
  volume.volume_type = "image_guest_pull";
  CHECK(check_virtual_volume(volume));
  for (const char* type : {"direct_block", "image_raw_block", "layer_raw_block",
                           "image_nydus_block", "layer_nydus_block",
                           "image_nydus_fs", "layer_nydus_fs"}) {
    volume.volume_type = type;
    const auto refused = check_virtual_volume(volume);
    REQUIRE(!refused);
    CHECK(refused.err().code == errc::unimplemented);
    CHECK(refused.err().message.find(type) != std::string::npos);
  }
  volume.volume_type = "image_guest_pul";
  check_refused(volume, "unknown volume_type 'image_guest_pul'");
}

TEST_CASE("a nydus image needs a config or a snapshot directory") {
  virtual_volume volume;
  volume.volume_type = "image_guest_pull";
  volume.nydus_image = nydus_image{};
  check_refused(volume, "nydus_image");
  volume.nydus_image = nydus_image{"c", ""};
  CHECK(check_virtual_volume(volume));
  volume.nydus_image = nydus_image{"", "/d"};
  CHECK(check_virtual_volume(volume));
}

TEST_CASE("dm-verity keeps to its limits") {
  check_verity([](dm_verity&) {}, "");
  check_verity(
    [](dm_verity& v) {
      v.hash_type = "md5";
    },
    "hashtype");
  check_verity(
    [](dm_verity& v) {
      v.hash.pop_back();
    },
    "hash");
  check_verity(
    [](dm_verity& v) {
      v.hash.back() = 'g';
    },
    "hash");
  check_verity(
    [](dm_verity& v) {
      v.hash_type = "sha1";
    },
    "hash");
  check_verity(
    [](dm_verity& v) {
      v.hash_type = "sha1";
      v.hash.resize(40);
    },
    "");
  check_verity(
    [](dm_verity& v) {
      v.block_count = 0;
    },
    "blocknum");
  check_verity(
    [](dm_verity& v) {
      v.block_count = 0x100000000;
    },
    "blocknum");
  check_verity(
    [](dm_verity& v) {
      v.block_count = 0xffffffff;
      v.block_size = v.hash_size = 524288;
      v.offset = v.block_count * v.block_size;
    },
    "");
  check_verity(
    [](dm_verity& v) {
      v.block_size = 511;
    },
    "blocksize");
  check_verity(
    [](dm_verity& v) {
      v.block_size = 524289;
    },
    "blocksize");
  check_verity(
    [](dm_verity& v) {
      v.hash_size = 0;
    },
    "hashsize");
  check_verity(
    [](dm_verity& v) {
      v.hash_size = 524289;
    },
    "hashsize");
  check_verity(
    [](dm_verity& v) {
      v.offset = 4097;
    },
    "offset");
  check_verity(
    [](dm_verity& v) {
      v.offset = 0;
    },
    "offset");
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("json/nydus_json");

TEST_CASE("the last extraoption describes the nydus image") {
  const auto option = [](const std::string& json) {
    return "extraoption=" + base64_text(json);
  };
  const auto first = option(R"({"source":"/x"})");
  const auto decoded = decode_nydus_rootfs(
    {first, "ro",
     option(
       R"({"source":"/b","config":"{}","snapshotdir":"/d","fs_version":"v6"})")});
  REQUIRE(decoded);
  CHECK(*decoded == nydus_rootfs{"/b", "{}", "/d"});
  CHECK(*decode_nydus_rootfs({"ro"}) == std::nullopt);
  for (const char* json :
       {R"({"source":"","config":"c","snapshotdir":"/d"})",
        R"({"source":"/b","snapshotdir":"/d"})",
        R"({"source":"/b","config":"c"})", R"({"source":1})", "[]", "x"}) {
    const auto refused = decode_nydus_rootfs({option(json)});
    REQUIRE_MESSAGE(!refused, json);
    CHECK(refused.err().code == errc::invalid_argument);
  }
  CHECK(!decode_nydus_rootfs({"extraoption=%"}));
}

TEST_CASE("nydusd's bodies are written and read") {
  CHECK(render_rafs_mount({"/m", "/b", "{\"a\":1}"})
        == R"({"config":"{\"a\":1}","fs_type":"rafs","source":"/b"})");
  CHECK(parse_nydusd_failure(R"({"code":"x","message":"no\nsuch"})")
        == "no such");
  CHECK(parse_nydusd_failure(R"({"code":"x"})") == std::nullopt);
  CHECK(parse_nydusd_failure("<html>") == std::nullopt);
  CHECK(
    parse_nydusd_failure(R"({"message":")" + std::string(1000, 'a') + R"("})")
      ->size()
    == 256);
  CHECK(parse_nydusd_state(R"({"id":"d","state":"RUNNING"})") == "RUNNING");
  CHECK(parse_nydusd_state("[]") == std::nullopt);
  CHECK(parse_nydusd_mountpoints(
          R"({"backend_collection":{"/a":{"mountpoint":"/a"},"/b":null}})")
        == std::set<std::string>{"/a", "/b"});
  CHECK(parse_nydusd_mountpoints(R"({"backend_collection":{}})")
        == std::set<std::string>{});
  for (const char* body : {R"({"backend_collection":null})", "{}", "[]", "x"})
    CHECK(parse_nydusd_mountpoints(body) == std::nullopt);
}

TEST_SUITE_END();
