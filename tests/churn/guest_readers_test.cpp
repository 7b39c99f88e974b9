// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/churn/guest_reader.hpp"
#include "tests/churn/stamped_payload.hpp"
#include "tests/support/control_client.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/rotation_lag.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <utility>

TEST_SUITE_BEGIN("rotations/guest_readers");

using namespace fsshare;
using namespace fsshare::churn;
using namespace std::chrono_literals;

namespace {

constexpr auto grace = 2s;

/// Readers that read as fast as they can, each in a thread of its own.
class reader_threads {
public:
  reader_threads(const std::string& dir, bool goes_back)
    : readers_(4, guest_reader{dir, grace, goes_back}) {
    for (std::size_t i = 0; i < readers_.size(); ++i)
      threads_.emplace_back([this, i] {
        while (!ends_)
          if (i % 2 == 0)
            readers_[i].pass_through_directory();
          else
            readers_[i].pass_by_paths();
      });
  }
  ~reader_threads() {
    stop();
  }
  reader_threads(const reader_threads&) = delete;
  reader_threads& operator=(const reader_threads&) = delete;

  void stop() {
    ends_ = true;
    for (auto& thread : std::exchange(threads_, {}))
      thread.join();
  }
  const std::vector<guest_reader>& readers() const {
    return readers_;
  }

private:
  std::atomic<bool> ends_{false};
  std::vector<guest_reader> readers_;
  std::vector<std::thread> threads_;
};

/// A volume that a sandbox has, with a running node agent and guest.
class shared_volume {
public:
  shared_volume(test::kubelet_order order, std::vector<std::string> options)
    : guest_(std::move(options)), kubelet_(make_dir(), order),
      client_(node_.socket()) {
    kubelet_.rotate(stamped_payload(0));
    REQUIRE(client_.prepare_copy("sb", to_string(guest_.address())));
    const auto shared = client_.share("sb", "app", volume_, "/etc/app", true);
    REQUIRE(shared);
    dir_ = join(guest_.root(), base_name(shared->guest_path()));
  }

  const std::string& dir() const {
    return dir_;
  }

  /// Rotates; most are waited for, some follow at once.
  void rotate(std::uint64_t count) {
    const test::data_observer observer{{dir_}};
    for (std::uint64_t number = 1; number <= count; ++number) {
      kubelet_.rotate(stamped_payload(number));
      const bool is_hurried = number % 10 < 3 && number != count;
      if (!is_hurried)
        REQUIRE(observer.wait_for_all(
          [&](const std::string& shown) {
            return test::names_generation(shown, kubelet_.written());
          },
          60s));
    }
  }

private:
  std::string make_dir() {
    volume_ = files_.make_dir("pods/5f0c6c5e-6f3b-4c0e-9d55-3c2f4f6a7b10/"
                              "volumes/kubernetes.io~secret/keys");
    return volume_;
  }

  test::temp_dir files_;
  std::string volume_;
  test::node_process node_{R"("guest": {"request_timeout": "5s"},
                              "volumes": {"grace": "2s"})"};
  test::guest_process guest_;
  test::rotator kubelet_;
  test::control_client client_;
  std::string dir_;
};

/// Has readers loop during rotations, and checks what they found.
void read_during(std::uint64_t rotations, test::kubelet_order order,
                 std::vector<std::string> options, bool goes_back = false) {
  shared_volume volume{order, std::move(options)};
  reader_threads threads{volume.dir(), goes_back};
  volume.rotate(rotations);
  threads.stop();
  for (const auto& reader : threads.readers()) {
    const auto& found = reader.counts();
    MESSAGE("passes " << found.passes << ", without ..data "
                      << found.without_data << ", across two generations "
                      << found.across_two << ", too slow " << found.too_slow);
    CHECK_MESSAGE(found.wrong.empty(), found.wrong);
    CHECK(found.passes > found.without_data + found.too_slow);
  }
}

/// Writes a generation by hand.
void write_generation(const test::temp_dir& dir, const test::payload& files) {
  for (const auto& [path, file] : files)
    dir.write("..1/" + path, file.content);
  std::filesystem::create_symlink("..1", dir / "..data");
  for (const auto& key : steady_keys()) {
    const std::string name{first_component(key)};
    std::error_code is_there;
    std::filesystem::create_symlink("..data/" + name, dir / name, is_there);
  }
}

} // namespace

TEST_CASE("readers in a guest that confines see whole generations only, in a "
          "thousand rotations") {
  read_during(1000, test::kubelet_order::from_1_27, {"--profile", "4.0"});
}

TEST_CASE("readers in a guest that removes see whole generations only, in a "
          "thousand rotations") {
  read_during(1000, test::kubelet_order::from_1_23, {"--profile", "3.18"});
}

TEST_CASE("readers in a guest that cannot remove see whole generations only, "
          "in a thousand rotations") {
  read_during(1000, test::kubelet_order::to_1_22, {"--profile", "3.3"});
}

TEST_CASE("readers in a guest that fails and drops connections see whole "
          "generations only") {
  read_during(200, test::kubelet_order::from_1_27,
              {"--profile", "4.0", "--workers", "4", "--fail-every", "61",
               "--drop-after", "500", "--late", "100ms"},
              true);
}

TEST_CASE("a reader notices a file of another generation") {
  const test::temp_dir dir;
  auto files = stamped_payload(7);
  files["z"] = stamped_payload(8).at("z");
  write_generation(dir, files);
  guest_reader reader{dir.path(), grace};
  reader.pass_through_directory();
  CHECK(reader.counts().wrong == "pass 1: generations 7 and 8 are mixed");
  guest_reader by_paths{dir.path(), grace};
  by_paths.pass_by_paths();
  CHECK(by_paths.counts().wrong.empty());
  CHECK(by_paths.counts().across_two == 1);
}

TEST_CASE("a reader notices a missing file and one that is cut off") {
  const test::temp_dir dir;
  auto files = stamped_payload(7);
  files.erase("only-2");
  write_generation(dir, files);
  guest_reader reader{dir.path(), grace};
  reader.pass_through_directory();
  CHECK(reader.counts().wrong == "pass 1: 6 files instead of 7");
  dir.write("..1/a", files.at("a").content.substr(0, 20));
  guest_reader by_paths{dir.path(), grace};
  by_paths.pass_by_paths();
  CHECK(by_paths.counts().wrong == "pass 1: a is not whole");
}

TEST_CASE("a reader notices an older generation after a newer one") {
  const test::temp_dir dir;
  write_generation(dir, stamped_payload(7));
  guest_reader reader{dir.path(), grace};
  reader.pass_by_paths();
  CHECK(reader.counts().wrong.empty());
  for (const auto& [path, file] : stamped_payload(6))
    dir.write("..1/" + path, file.content);
  reader.pass_by_paths();
  CHECK(reader.counts().wrong == "pass 2: generation 6 came after 7");
}

TEST_SUITE_END();
