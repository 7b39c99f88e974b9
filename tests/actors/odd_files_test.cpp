// SPDX-License-Identifier: Apache-2.0
#include "tests/support/guest_profiles.hpp"
#include "tests/support/node_world.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utility>

#include <doctest/doctest.h>

// Files that are not, when they are sent, what they were when their tree was
// read.

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

share_file_request request_for(const std::string& source,
                               const std::string& destination = "/d") {
  share_file_request request;
  request.sandbox_id = "s1";
  request.container_id = "c1";
  request.mount = {source, destination, "bind", {}, false};
  return request;
}

share_file_reply shared(node_world& w, const std::string& source,
                        const std::string& destination = "/d") {
  auto got
    = w.ask_over_time<share_file_reply>(request_for(source, destination));
  REQUIRE_MESSAGE(got, (got ? "" : got.err().message));
  return *std::move(got);
}

// Where the copy is, which may have another name than its share.
std::string copy_of(node_world& w, const share_file_reply& reply) {
  return w.guest_dir("s1", fs::path{reply.guest_path}.filename().string());
}

std::string reason_of(const share_file_reply& reply, const std::string& path) {
  std::string all;
  for (const auto& entry : reply.skipped)
    if (entry.path == path)
      all += (all.empty() ? "" : "; ") + entry.reason;
  return all;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Calls `change` when the first request below a copy's root arrives: the tree
// was read by then, and no file of it.
void when_sending(sim_guest& guest, const std::function<void()>& change) {
  guest.on_arrival
    = [change, is_done = false](const grpc::CopyFileRequest&) mutable {
        if (!std::exchange(is_done, true))
          change();
      };
}

// A write lease, as Samba and NFS servers take them.
class write_lease {
public:
  explicit write_lease(const std::string& path)
    : fd_(open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    // Who is told to give it up is killed by default.
    before_ = std::signal(SIGIO, SIG_IGN);
    REQUIRE(fcntl(fd_, F_SETLEASE, F_WRLCK) == 0);
  }
  ~write_lease() {
    release();
    std::signal(SIGIO, before_);
  }
  void release() {
    if (fd_ >= 0)
      close(std::exchange(fd_, -1));
  }

private:
  int fd_;
  void (*before_)(int);
};

} // namespace

TEST_SUITE_BEGIN("actors/odd_files");

TEST_CASE("what vanishes or changes its type between the reading of its tree "
          "and its sending is left out with its reason, before its first "
          "request") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    auto& guest = w.add_sandbox("s1");
    for (const char* name : {"t/gone", "t/fifo", "t/dir", "t/link", "t/good"})
      w.dir.write(name, "text");
    when_sending(guest, [&] {
      for (const char* name : {"t/gone", "t/fifo", "t/dir", "t/link"})
        fs::remove(w.dir / name);
      REQUIRE(mkfifo((w.dir / "t/fifo").c_str(), 0600) == 0);
      fs::create_directory(w.dir / "t/dir");
      fs::create_symlink("good", w.dir / "t/link");
    });
    const auto reply = shared(w, w.dir / "t");
    CHECK(reply.skipped.size() == 4);
    CHECK(contains(reason_of(reply, "gone"), "No such file or directory"));
    CHECK(contains(reason_of(reply, "fifo"), "is no regular file any more"));
    CHECK(contains(reason_of(reply, "dir"), "is no regular file any more"));
    CHECK_FALSE(reason_of(reply, "link").empty());
    const auto copy = copy_of(w, reply);
    CHECK(read_file(copy + "/good") == "text");
    for (const auto& path : guest.carried_out)
      for (const char* name : {"/gone", "/fifo", "/dir", "/link"})
        CHECK_FALSE(path.ends_with(name));
  });
}

TEST_CASE("a share that is the file which vanished fails with its reason") {
  chooser choose{1};
  node_world w{choose};
  w.add_sandbox("s1");
  const auto path = w.dir.write("file", std::string(3 * mib, 'x'));
  auto& guest = w.guest("s1");
  guest.before_copy = [&](const grpc::CopyFileRequest& request) {
    if (request.offset() == 0)
      fs::resize_file(path, mib + 10);
  };
  const auto failed = w.ask_over_time<share_file_reply>(request_for(path));
  REQUIRE_FALSE(failed);
  CHECK(contains(failed.err().message, "became shorter while it was copied"));
}

TEST_CASE("a file that becomes shorter while it is sent never arrives cut, and "
          "nothing of it stays") {
  for (const auto which : all_profiles) {
    for_each_seed(10, [which](chooser& choose) {
      node_world w{choose};
      auto& guest = w.add_sandbox("s1", which);
      const auto log = w.dir.write("t/app.log", std::string(4 * mib, 'x'));
      // The same temporary name: what is left would be in its way.
      w.dir.write("t/app.new", std::string(100, 'y'));
      guest.before_copy = [&](const grpc::CopyFileRequest& request) {
        if (request.path().ends_with("/app.log") && request.offset() == 0
            && fs::file_size(log) > 2 * mib)
          fs::resize_file(log, 2 * mib + 5);
      };
      const auto reply = shared(w, w.dir / "t");
      CHECK(contains(reason_of(reply, "app.log"), "became shorter"));
      const auto copy = copy_of(w, reply);
      CHECK(read_file(copy + "/app.new") == std::string(100, 'y'));
      CHECK_FALSE(fs::exists(copy + "/app.tmp"));
      if (which == guest::profile::v3_3)
        CHECK(fs::file_size(copy + "/app.log") == 0);
      else
        CHECK_FALSE(fs::exists(copy + "/app.log"));
    });
  }
}

TEST_CASE("a file of another size than its tree told is read to its end") {
  chooser choose{1};
  node_world w{choose};
  auto& guest = w.add_sandbox("s1");
  for (const char* name : {"t/empty", "t/small", "t/large", "t/less"})
    w.dir.write(name, "1234567890");
  w.dir.write("t/none", "");
  when_sending(guest, [&] {
    w.dir.write("t/empty", "");
    w.dir.write("t/small", std::string(1000, 's'));
    w.dir.write("t/large", std::string(2 * mib + 3, 'l'));
    w.dir.write("t/less", "123");
    w.dir.write("t/none", "some");
  });
  const auto reply = shared(w, w.dir / "t");
  CHECK(reply.skipped.empty());
  const auto copy = copy_of(w, reply);
  CHECK(read_file(copy + "/empty").empty());
  CHECK(read_file(copy + "/small") == std::string(1000, 's'));
  CHECK(read_file(copy + "/large") == std::string(2 * mib + 3, 'l'));
  CHECK(read_file(copy + "/less") == "123");
  CHECK(read_file(copy + "/none") == "some");
}

TEST_CASE("a file that turns out to be larger than a limit fails the copy with "
          "the numbers, and nothing of it stays") {
  for (const bool is_of_all : {true, false}) {
    CAPTURE(is_of_all);
    chooser choose{1};
    node_config config;
    if (is_of_all)
      config.copy.limits.sandbox_bytes = mib;
    else
      config.copy.limits.file_bytes = mib;
    node_world w{choose, config};
    auto& guest = w.add_sandbox("s1");
    w.dir.write("t/a", "x");
    w.dir.write("t/b", "x");
    when_sending(guest, [&] {
      w.dir.write("t/b", std::string(mib + 1, 'x'));
    });
    const auto failed
      = w.ask_over_time<share_file_reply>(request_for(w.dir / "t"));
    REQUIRE_FALSE(failed);
    CHECK(failed.err().code == errc::resource_exhausted);
    w.settle();
    CHECK(fs::is_empty(w.dir / "guest-s1"));
  }
}

TEST_CASE("what is written to while it is copied is reported") {
  chooser choose{1};
  node_world w{choose};
  auto& guest = w.add_sandbox("s1");
  const auto path = w.dir.write("t/db", std::string(2 * mib, 'x'));
  guest.before_copy = [&](const grpc::CopyFileRequest& request) {
    if (request.path().ends_with("/db") && request.offset() == 0)
      w.dir.write("t/db", std::string(2 * mib, 'y'));
  };
  const auto reply = shared(w, w.dir / "t");
  CHECK(reason_of(reply, "db") == "was written to while it was copied");
  CHECK(fs::file_size(copy_of(w, reply) + "/db") == 2 * mib);
}

TEST_CASE("a file on which somebody holds a lease is tried again, and left out "
          "with its reason if that does not end") {
  for (const bool gives_up : {true, false}) {
    CAPTURE(gives_up);
    chooser choose{1};
    node_world w{choose};
    w.add_sandbox("s1");
    const auto path = w.dir.write("t/held", "text");
    w.dir.write("t/other", "x");
    write_lease lease{path};
    const auto got
      = w.actors.call<share_file_reply>(w.node, request_for(w.dir / "t"));
    w.settle();
    w.pass(500ms);
    REQUIRE_FALSE(*got);
    if (gives_up)
      lease.release();
    w.pass(4s);
    REQUIRE(*got);
    REQUIRE_MESSAGE(**got, (**got ? "" : (*got)->err().message));
    const auto& reply = ***got;
    const auto copy = copy_of(w, reply);
    CHECK(read_file(copy + "/other") == "x");
    CHECK(reply.skipped.empty() == gives_up);
    if (gives_up)
      CHECK(read_file(copy + "/held") == "text");
    else
      CHECK(contains(reason_of(reply, "held"), "holds a lease"));
  }
}

TEST_CASE("a file of 41 GiB with a few bytes of data is no more than these, on "
          "every guest agent") {
  for (const auto which : all_profiles) {
    chooser choose{1};
    node_config config;
    config.copy.limits.sandbox_bytes = 4 * mib;
    node_world w{choose, config};
    auto& guest = w.add_sandbox("s1", which);
    std::uint64_t sent = 0;
    guest.on_arrival = [&](const grpc::CopyFileRequest& request) {
      sent += request.data().size();
    };
    w.dir.write("t/a", "x");
    const auto path = w.dir.write("t/lastlog", "");
    constexpr std::uint64_t end = std::uint64_t{41} * 1024 * mib;
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE(pwrite(fd, "middle", 6, 1000 * mib + 7) == 6);
    REQUIRE(pwrite(fd, "end", 3, end - 3) == 3);
    close(fd);
    const auto reply = shared(w, w.dir / "t");
    CHECK(reply.skipped.empty());
    CHECK(sent < mib);
    const auto copy = copy_of(w, reply) + "/lastlog";
    struct stat info {};
    REQUIRE(stat(copy.c_str(), &info) == 0);
    CHECK(info.st_size == static_cast<off_t>(end));
    CHECK(info.st_blocks * 512 < static_cast<blkcnt_t>(mib));
    std::string text(6, ' ');
    const int copied = open(copy.c_str(), O_RDONLY | O_CLOEXEC);
    CHECK(pread(copied, text.data(), 6, 1000 * mib + 7) == 6);
    CHECK(text == "middle");
    CHECK(pread(copied, text.data(), 6, end - 6) == 6);
    CHECK(text == std::string("\0\0\0end", 6));
    close(copied);
  }
}

TEST_CASE("a copy that ends with its connection is gone on with, whatever its "
          "files have become") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    auto& guest = w.add_sandbox("s1", choose.one_in(2) ? guest::profile::v4_0
                                                       : guest::profile::v3_3);
    const auto path = w.dir.write("t/f.a", "");
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE(pwrite(fd, "a", 1, 5 * mib) == 1);
    REQUIRE(pwrite(fd, "b", 1, 10 * mib) == 1);
    close(fd);
    w.dir.write("t/f.b", std::string(3 * mib, 'b'));
    unsigned left = 1 + static_cast<unsigned>(choose.pick(8));
    guest.observer = [&] {
      if (left > 0 && --left == 0)
        guest.drop();
    };
    const auto reply = shared(w, w.dir / "t");
    CHECK(reply.skipped.empty());
    const auto copy = copy_of(w, reply);
    CHECK(read_file(copy + "/f.a") == read_file(path));
    CHECK(read_file(copy + "/f.b") == std::string(3 * mib, 'b'));
    CHECK_FALSE(fs::exists(copy + "/f.tmp"));
  });
}

TEST_CASE("what a copy has not is said once, with numbers") {
  chooser choose{1};
  node_world w{choose};
  w.add_sandbox("s1");
  const auto path = w.dir.write("t/a", "x");
  fs::create_hard_link(path, w.dir / "t/b");
  fs::create_symlink("/etc/passwd", w.dir / "t/out");
  fs::create_symlink("../../x", w.dir / "t/up");
  fs::create_symlink("a", w.dir / "t/in");
  const bool has_attributes
    = setxattr(path.c_str(), "trusted.mark", "1", 1, 0) == 0;
  const auto reply = shared(w, w.dir / "t");
  CHECK(reply.skipped.empty());
  REQUIRE(reply.notes.size() == 3);
  CHECK(contains(reply.notes[0], "not copied: times of entries: 6"));
  CHECK(contains(reply.notes[0], "extended attributes: 2") == has_attributes);
  CHECK(contains(reply.notes[1], "2 names of files with hard links"));
  CHECK(contains(reply.notes[2], "2 links lead out of the copy"));
  const auto shown = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
  REQUIRE(shown);
  CHECK(shown->shares.listed.front().notes == reply.notes);
}

TEST_CASE(
  "what a copy of a volume has not is said, too, to each who shares it") {
  chooser choose{1};
  node_config config;
  config.volumes.guest_copies = copy_scope::per_sandbox;
  node_world w{choose, config};
  w.add_sandbox("s1");
  auto& kubelet = w.add_volume("cm");
  kubelet.rotate({{"a", {"x"}}, {"b", {"y"}}});
  const auto live = w.volume_path("cm") + "/" + kubelet.current();
  fs::create_hard_link(live + "/a", live + "/c");
  w.dir.write(w.volume_path("cm").substr(w.dir.path().size() + 1) + "/beside",
              "z");
  for (const auto* container : {"c1", "c2"}) {
    const auto reply = w.share("s1", container, "cm");
    REQUIRE(reply.notes.size() == 2);
    // The generation's directory, its three files, and the one beside it.
    CHECK(contains(reply.notes[0], "not copied: times of entries: 5"));
    CHECK(contains(reply.notes[1], "2 names of files with hard links"));
  }
  const auto shown = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
  REQUIRE(shown);
  CHECK(shown->shares.listed.back().notes.size() == 2);
}

TEST_CASE("a source that is a symlink is what that leads to, whatever it is, "
          "and one that leads nowhere is refused") {
  chooser choose{1};
  node_world w{choose};
  w.add_volume("cm").rotate({{"key", {"one"}}});
  w.add_sandbox("s1");
  w.dir.write("pki/certs/ca.crt", "bundle");
  w.dir.write("zone/UTC", "TZif");
  fs::create_symlink("pki/certs", w.dir / "certs");
  fs::create_symlink(w.dir / "zone/UTC", w.dir / "localtime");
  fs::create_symlink(w.volume_path("cm"), w.dir / "volume");
  fs::create_symlink("nothing", w.dir / "dangling");
  const auto dir = shared(w, w.dir / "certs", "/a");
  CHECK(read_file(copy_of(w, dir) + "/ca.crt") == "bundle");
  const auto file = shared(w, w.dir / "localtime", "/b");
  CHECK(read_file(copy_of(w, file)) == "TZif");
  const auto volume = shared(w, w.dir / "volume", "/c");
  CHECK_FALSE(volume.generation.empty());
  CHECK(read_file(copy_of(w, volume) + "/key") == "one");
  const auto none
    = w.ask<share_file_reply>(request_for(w.dir / "dangling", "/d"));
  REQUIRE_FALSE(none);
  CHECK(none.err()
        == error{errc::not_found,
                 "open " + w.dir / "dangling" + ": No such file or directory"});
}

TEST_CASE("what is of a volume that is denied is left out wherever a walk "
          "meets it, and refused by a hard link of its own") {
  chooser choose{1};
  node_config config;
  config.copy.categories.configmap = copy_rule::deny;
  node_world w{choose, config};
  w.add_volume("cm").rotate({{"key", {"secret"}}});
  auto& guest = w.add_sandbox("s1");
  const auto volume = w.volume_path("cm");
  w.dir.write("t/good", "x");
  const auto key = fs::canonical(volume + "/key");
  fs::create_hard_link(key, w.dir / "t/alias");
  // That is how it is known where volumes are.
  const auto itself = w.ask<share_file_reply>(request_for(volume, "/v"));
  CHECK_FALSE(itself);
  guest.carried_out.clear();
  const auto pods
    = fs::path{volume}.parent_path().parent_path().parent_path().parent_path();
  const auto parent = shared(w, pods.string(), "/pods");
  CHECK(parent.skipped.size() == 1);
  CHECK(contains(parent.skipped.front().reason,
                 "its category is configmap, and copy.categories.configmap is "
                 "deny"));
  for (const auto& path : guest.carried_out)
    CHECK_FALSE(contains(path, "/cm/"));
  const auto tree = shared(w, w.dir / "t", "/t");
  CHECK(contains(reason_of(tree, "alias"), "its category is configmap"));
  CHECK(read_file(copy_of(w, tree) + "/good") == "x");
  const auto alias
    = w.ask<share_file_reply>(request_for(w.dir / "t/alias", "/alias"));
  REQUIRE_FALSE(alias);
  CHECK(alias.err().code == errc::permission_denied);
}

TEST_CASE(
  "what is of a volume that is audited is copied where a walk meets it, "
  "and listed as what would be denied") {
  chooser choose{1};
  node_config config;
  config.copy.categories.configmap = copy_rule::audit;
  node_world w{choose, config};
  w.add_volume("cm").rotate({{"key", {"text"}}});
  w.add_sandbox("s1");
  const auto plugin = fs::path{w.volume_path("cm")}.parent_path().string();
  const auto reply = shared(w, plugin);
  CHECK(reply.skipped.empty());
  CHECK(read_file(copy_of(w, reply) + "/cm/key") == "text");
  CHECK(contains(reply.notes.back(), "1 of its entries are in volumes that are "
                                     "audited, the first is cm: configmap"));
  const auto shown = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
  REQUIRE(shown);
  CHECK(shown->shares.listed.front().would_be_denied);
}

TEST_SUITE_END();
