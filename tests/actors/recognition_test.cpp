// SPDX-License-Identifier: Apache-2.0
#include "actors/reader_pool.hpp"
#include "messages/state_actor.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/in_place_runner.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"

#include <filesystem>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

const std::string ordinary_uid = "0f5c7e1a-3b6d-4a8e-9c21-d4e5f6a7b8c9";
const std::string static_uid = "d41d8cd98f00b204e9800998ecf8427e";

// Kubelet roots with volumes in a directory of the test's own, and a READER
// POOL to tell what is what.
struct node_files : actor_fixture {
  ~node_files() {
    if (reader)
      stop(reader);
    run();
  }

  std::string volume(const std::string& root, const std::string& uid,
                     const std::string& rest) {
    const auto path = root + "/pods/" + uid + "/volumes/" + rest;
    dir.make_dir(path);
    rotator{dir / path, kubelet_order::from_1_27}.rotate({{"a", {"text"}}});
    return dir / path;
  }

  source_class classify(const std::string& path,
                        const std::vector<std::string>& roots = {}) {
    if (!reader)
      reader = spawn<reader_pool>(options, std::make_shared<in_place_runner>(),
                                  read_queue::settings{});
    const auto found = ask<source_class>(reader, classify_source{path, roots});
    REQUIRE(found);
    return *found;
  }
  bool follows(const std::string& path,
               const std::vector<std::string>& roots = {}) {
    return classify(path, roots).kind == source_kind::volume;
  }

  temp_dir dir;
  reader_pool_options options;
  reader_pool_actor reader;
};

// The same volume by its path, and by that with all symlinks resolved.
std::vector<std::string> spellings(const std::string& path) {
  return {path, fs::canonical(path).string()};
}

} // namespace

TEST_SUITE_BEGIN("actors/recognition");

TEST_CASE("by structure volumes are followed below any kubelet's root, of "
          "static pods too") {
  node_files f;
  for (const auto* root :
       {"var/lib/kubelet", "var/lib/k0s/kubelet", "var/lib/k0s.kubelet",
        "var/snap/microk8s/common/var/lib/kubelet", "lib/kube(let[1]+*"})
    for (const auto& uid : {ordinary_uid, static_uid})
      for (const auto* plugin :
           {"configmap", "secret", "projected", "downward-api"}) {
        const auto path
          = f.volume(root, uid, std::string{"kubernetes.io~"} + plugin + "/n");
        CAPTURE(path);
        const auto found = f.classify(path);
        CHECK(found.kind == source_kind::volume);
        CHECK(found.plugin == plugin);
        CHECK(found.is_directory);
      }
}

TEST_CASE("what lacks the AtomicWriter's shape is no volume wherever it lies") {
  node_files f;
  const auto path = f.dir.make_dir("k/pods/" + ordinary_uid
                                   + "/volumes/kubernetes.io~secret/n");
  CHECK_FALSE(f.follows(path));
  f.dir.write("k/pods/" + ordinary_uid + "/volumes/kubernetes.io~secret/n/key",
              "x");
  fs::create_symlink("key", path + "/..data");
  CHECK_FALSE(f.follows(path));
}

namespace {

// A kubelet's root behind symlinks: the last component, one above it, a chain
// of both.
struct linked_root {
  std::string root;
  std::string link;
  std::vector<std::pair<std::string, std::string>> links;
};

const std::vector<linked_root> linked_roots{
  {"data/kubelet", "var/lib/kubelet", {{"data/kubelet", "var/lib/kubelet"}}},
  {"data/lib/kubelet", "var/lib/kubelet", {{"data/lib", "var/lib"}}},
  {"disk/k/kubelet",
   "var/lib/kubelet",
   {{"disk/k", "data/lib"},
    {"data/lib/kubelet", "mnt/kubelet"},
    {"mnt/kubelet", "var/lib/kubelet"}}},
};

void make_links(const temp_dir& dir, const linked_root& linked) {
  for (const auto& [target, at] : linked.links) {
    fs::create_directories((fs::path{dir / at}).parent_path());
    fs::create_symlink(dir / target, dir / at);
  }
}

} // namespace

TEST_CASE("by structure a symlinked root makes no difference") {
  for (const auto& linked : linked_roots) {
    node_files f;
    f.volume(linked.root, ordinary_uid, "kubernetes.io~projected/n");
    make_links(f.dir, linked);
    const auto path = f.dir
                      / (linked.link + "/pods/" + ordinary_uid
                         + "/volumes/kubernetes.io~projected/n");
    for (const auto& source : spellings(path)) {
      CAPTURE(source);
      CHECK(f.follows(source));
    }
  }
}

TEST_CASE("in the strict mode root and source may each be given resolved or "
          "not") {
  const auto volume
    = "/pods/" + ordinary_uid + "/volumes/kubernetes.io~projected/n";
  for (const auto& linked : linked_roots)
    for (const bool by_request : {true, false}) {
      node_files f;
      f.volume(linked.root, ordinary_uid, "kubernetes.io~projected/n");
      make_links(f.dir, linked);
      const auto link = f.dir / linked.link;
      for (const auto& root : spellings(link)) {
        node_files strict;
        strict.options.kubelet_roots_only = true;
        if (!by_request)
          strict.options.kubelet_roots = {root};
        const auto roots
          = by_request ? std::vector{root} : std::vector<std::string>{};
        for (const auto& source : spellings(link + volume)) {
          CAPTURE(root);
          CAPTURE(source);
          CHECK(strict.follows(source, roots));
          CHECK(strict.follows(source, {"/var/lib/other"}) == !by_request);
        }
      }
    }
}

TEST_CASE("in the strict mode roots are no patterns, and static pods are left "
          "out as in Kata's runtime") {
  node_files f;
  f.options.kubelet_roots_only = true;
  f.options.kubelet_roots = {f.dir / "k0s.kubelet", f.dir / "kube(let[1]+*"};
  const std::string rest = "kubernetes.io~secret/n";
  CHECK(f.follows(f.volume("k0s.kubelet", ordinary_uid, rest)));
  CHECK(f.follows(f.volume("kube(let[1]+*", ordinary_uid, rest)));
  CHECK_FALSE(f.follows(f.volume("k0sXkubelet", ordinary_uid, rest)));
  CHECK_FALSE(f.follows(f.volume("k0s.kubelet", static_uid, rest)));
  CHECK_FALSE(f.follows(f.volume("other", ordinary_uid, rest)));
}

TEST_CASE("CSI volumes of the AtomicWriter's shape are followed where asked "
          "for") {
  for (const bool wanted : {true, false})
    for (const bool strict : {true, false}) {
      node_files f;
      f.options.csi = wanted ? csi_volumes::follow : csi_volumes::leave;
      f.options.kubelet_roots_only = strict;
      f.options.kubelet_roots = {f.dir / "k"};
      const auto path
        = f.volume("k", ordinary_uid, "kubernetes.io~csi/store/mount");
      CHECK(f.follows(path) == wanted);
      CHECK(f.classify(path).plugin == "csi");
      // The directory above it is the driver's own.
      CHECK_FALSE(f.follows(
        f.volume("k", ordinary_uid, "kubernetes.io~csi/store2/other")));
      const auto plain = f.dir.make_dir("k/pods/" + ordinary_uid
                                        + "/volumes/kubernetes.io~csi/d/mount");
      CHECK_FALSE(f.follows(plain));
    }
}

TEST_CASE("a part of a volume is of its plugin, and not followed") {
  node_files f;
  const auto secret = f.volume("k", ordinary_uid, "kubernetes.io~secret/certs");
  f.dir.make_dir("k/pods/" + ordinary_uid
                 + "/volumes/kubernetes.io~empty-dir/scratch/deep");
  const auto subpaths = "k/pods/" + ordinary_uid + "/volume-subpaths/";
  const auto file = f.dir.write(subpaths + "certs/web/0", "text");
  const auto dir = f.dir.make_dir(subpaths + "scratch/web/1");
  const auto unknown = f.dir.write(subpaths + "gone/web/2", "text");
  CHECK(f.classify(file).plugin == "secret");
  CHECK_FALSE(f.classify(file).is_directory);
  CHECK_FALSE(f.follows(file));
  CHECK(f.classify(dir).plugin == "empty-dir");
  CHECK(f.classify(dir).is_directory);
  CHECK(f.classify(unknown).plugin.empty());
  CHECK(f.classify(secret + "/a").plugin == "secret");
  CHECK_FALSE(f.follows(secret + "/a"));
}

TEST_CASE("a link to a volume elsewhere hides nothing") {
  node_files f;
  const auto secret = f.volume("k", ordinary_uid, "kubernetes.io~secret/certs");
  fs::create_symlink(fs::path{secret}.parent_path(), f.dir / "short");
  CHECK(f.classify(f.dir / "short/certs").plugin == "secret");
  CHECK(f.follows(f.dir / "short/certs"));
  CHECK(f.classify(f.dir.write("plain", "x")).plugin.empty());
}

TEST_SUITE_END();
