// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/volume_tree.hpp"

#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <pthread.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

constexpr int depth = 10'000;

/// A directory in a directory, and so on; paths to the last ones are longer
/// than the kernel takes.
class deep_tree {
public:
  deep_tree() {
    dir_.write("t/zz/ok", "x");
    unique_fd at{open(path().c_str(), O_PATH | O_CLOEXEC)};
    for (int n = 0; n < depth; ++n) {
      REQUIRE(mkdirat(at.get(), "d", 0700) == 0);
      at = unique_fd{openat(at.get(), "d", O_PATH | O_CLOEXEC)};
      REQUIRE(at);
    }
  }
  ~deep_tree() {
    // std::filesystem opens paths as they are.
    CHECK(std::system(("rm -rf '" + path() + "'").c_str()) == 0);
  }
  deep_tree(const deep_tree&) = delete;
  deep_tree& operator=(const deep_tree&) = delete;

  std::string path() const {
    return dir_ / "t";
  }

private:
  temp_dir dir_;
};

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"},
                       std::filesystem::directory_iterator{});
}

// A call for each level would take more than this.
void run_with_small_stack(const std::function<void()>& what) {
  constexpr std::size_t stack_bytes = std::size_t{512} << 10;
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, stack_bytes) == 0);
  pthread_t thread = 0;
  auto copy = what;
  REQUIRE(pthread_create(
            &thread, &attributes,
            [](void* arg) -> void* {
              (*static_cast<std::function<void()>*>(arg))();
              return nullptr;
            },
            &copy)
          == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
}

} // namespace

TEST_SUITE_BEGIN("sys/tree/volume_tree: deep trees");

TEST_CASE("however deep a tree is, it is read with three descriptors and no "
          "more stack, and what no guest can have is skipped with the reason") {
  const deep_tree tree;
  const auto before = open_descriptors();
  std::ptrdiff_t most = before;
  std::optional<result<tree_snapshot_ptr>> read;
  run_with_small_stack([&] {
    read = load_tree(tree.path(), {}, {}, [&] {
      most = std::max(most, open_descriptors());
    });
  });
  REQUIRE(read);
  REQUIRE_MESSAGE(*read, (*read ? "" : read->err().message));
  const auto& found = ***read;
  // Names of one byte, and the slashes between them, up to 4,095 bytes.
  CHECK(found.entries.size() == 1 + 2048 + 2);
  REQUIRE(found.skipped.size() == 1);
  CHECK(found.skipped.front().reason
        == "its path in the guest has more than 4095 bytes");
  CHECK(found.skipped.front().path.size() == 4097);
  // And that of the root.
  CHECK(most - before <= 1 + 3);
  CHECK(open_descriptors() == before);
}

TEST_SUITE_END();
