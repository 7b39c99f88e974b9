// SPDX-License-Identifier: Apache-2.0
#include "tests/support/canary.hpp"
#include "tests/support/control_client.hpp"
#include "tests/support/copied_volume.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/hanging_fuse.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/private_mounts.hpp"
#include "tests/support/rotator.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

using silence = hanging_fuse::silence;
using clock_type = std::chrono::steady_clock;

// Far below `sources.timeout` of these tests, far above what honest requests
// take on a busy machine.
constexpr auto at_once = 5s;
const std::string slow_config = R"("sources": {"timeout": "30s"})";
const std::string quick_config = R"("sources": {"timeout": "1s"},
       "volumes": {"sweep_interval": "500ms", "poll_interval": "200ms"})";

const std::string generation = "..2026_01_02_03_04_05.111111111";
const std::string volume_path = "pods/u1/volumes/kubernetes.io~secret/s";

// A Secret as the kubelet writes it.
std::map<std::string, fuse_node> volume_tree() {
  using enum fuse_node::kind;
  std::map<std::string, fuse_node> tree;
  for (std::size_t at = 0; at != std::string::npos;) {
    at = volume_path.find('/', at + 1);
    tree[volume_path.substr(0, at)] = {directory};
  }
  tree[volume_path + "/" + generation] = {directory};
  tree[volume_path + "/" + generation + "/k"] = {file, "hello"};
  tree[volume_path + "/..data"] = {symlink, generation};
  tree[volume_path + "/k"] = {symlink, "..data/k"};
  return tree;
}

template <class Reply>
std::string words(const result<Reply>& got) {
  return got
           ? ""
           : std::string{to_string(got.err().code)} + ": " + got.err().message;
}

// A node agent, a guest for sandboxes in copy mode, and what one may share.
struct fixture {
  explicit fixture(const std::string& config) : node(config) {
    work.write("plain/key", "value");
    kubelet.rotate({{"a", {"1"}}});
  }
  ~fixture() {
    // Whoever waits for what hangs is answered before the node agent is killed.
    for (auto& one : hung)
      one->set_silence(silence::none);
  }

  // Calls of one client; each may wait, so that each has its own.
  template <class Call>
  auto timed(Call call) {
    control_client client{node.socket()};
    const auto begun = clock_type::now();
    auto got = call(client);
    took = clock_type::now() - begun;
    return got;
  }
  // The same beside the test.
  template <class Call>
  auto beside(Call call) {
    return std::async(std::launch::async, [this, call] {
      control_client client{node.socket()};
      return call(client);
    });
  }
  void prepare_copy(const std::string& sandbox) {
    REQUIRE(timed([&](control_client& c) {
      return c.prepare_copy(sandbox, to_string(guest.address()));
    }));
  }
  void prepare(const std::string& sandbox) {
    REQUIRE(timed([&](control_client& c) {
      return c.prepare(sandbox);
    }));
  }
  hanging_fuse& add_fuse(const std::map<std::string, fuse_node>& tree = {}) {
    const auto path = work.make_dir("fuse" + std::to_string(hung.size()));
    hung.push_back(std::make_unique<hanging_fuse>(path, tree));
    return *hung.back();
  }
  // What the guest has of the honest volume.
  std::string copied(const std::string& share_id) const {
    return read_file(guest.root() + "/" + share_id + "/a");
  }
  void check_honest_rotation(const std::string& share_id,
                             const std::string& text) {
    kubelet.rotate({{"a", {text}}});
    CHECK(eventually([&] {
      return copied(share_id) == text;
    }));
  }
  // Checks that it ends, and is gone for its parent, whatever hangs.
  void check_ends() {
    const auto begun = clock_type::now();
    CHECK(node.program().terminate() == 0);
    CHECK(clock_type::now() - begun < 10s);
    CHECK(node.program().errors().find("event=read-not-ended")
          != std::string::npos);
  }

  static constexpr const char* honest_volume
    = "kubelet/pods/u2/volumes/kubernetes.io~configmap/cm";
  private_mounts work;
  guest_process guest;
  node_process node;
  rotator kubelet{work.make_dir(honest_volume), kubelet_order::from_1_27};
  std::vector<std::unique_ptr<hanging_fuse>> hung;
  clock_type::duration took{};
};

template <class Scenario>
void with_node(const std::string& config, Scenario scenario) {
  if (::geteuid() != 0) {
    MESSAGE("skipped: FUSE is mounted as root only");
    return;
  }
  fixture f{config};
  scenario(f);
}

} // namespace

TEST_SUITE_BEGIN("attacks: sources that do not answer");

TEST_CASE("a bind whose source hangs holds up no mount of others, and its "
          "sandbox ends at once") {
  for (const auto* api : {"new", "classic"})
    with_node(slow_config + R"(, "mounts": {"api": ")" + api + R"("})",
              [](fixture& f) {
                f.prepare("bad");
                f.prepare("good");
                auto& fuse = f.add_fuse();
                fuse.set_silence(silence::all);
                auto share = f.beside([&](control_client& c) {
                  return c.share("bad", "c", fuse.path(), "/data", false);
                });
                auto root = f.beside([&](control_client& c) {
                  return c.share_rootfs("bad", "c", fuse.path() + "/rootfs");
                });
                REQUIRE(eventually([&] {
                  return fuse.waiting() >= 2;
                }));
                const auto plain = f.work / "plain";
                const auto check = [&](const auto& got) {
                  CHECK_MESSAGE(got, words(got));
                  CHECK(f.took < at_once);
                };
                check(f.timed([&](control_client& c) {
                  return c.share("good", "c", plain, "/p", true);
                }));
                check(f.timed([&](control_client& c) {
                  return c.prepare("new");
                }));
                check(f.timed([&](control_client& c) {
                  return c.cleanup("new");
                }));
                check(f.timed([&](control_client& c) {
                  return c.unshare_container("bad", "c");
                }));
                for (const auto& why : {words(share.get()), words(root.get())})
                  CHECK_MESSAGE(why.starts_with("ABORTED"), why);
                check(f.timed([&](control_client& c) {
                  return c.cleanup("bad");
                }));
                check(f.timed([&](control_client& c) {
                  return c.cleanup("good");
                }));
                f.check_ends();
              });
}

TEST_CASE("what hangs is DEADLINE_EXCEEDED with its path, and is mounted when "
          "it answers and is asked for again") {
  with_node(quick_config, [](fixture& f) {
    f.prepare("bad");
    auto& fuse = f.add_fuse({{"dir", {}}});
    fuse.set_silence(silence::all);
    const auto path = fuse.path() + "/dir";
    const auto share = [&](control_client& c) {
      return c.share("bad", "c", path, "/data", true);
    };
    const auto why = words(f.timed(share));
    CHECK(why
          == "DEADLINE_EXCEEDED: ShareFile: open " + path
               + ": no answer within 1s (sources.timeout)");
    const auto hung = [&](const std::string& sandbox) {
      const auto shown = f.timed([&](control_client& c) {
        v1::GetSandboxRequest request;
        request.set_sandbox_id(sandbox);
        return c.call<v1::GetSandboxReply>("GetSandbox", request);
      });
      REQUIRE_MESSAGE(shown, words(shown));
      return shown->sandbox().hung_reads();
    };
    f.prepare("good");
    CHECK(hung("good").empty());
    REQUIRE(hung("bad").size() == 1);
    CHECK(hung("bad")[0].path() == "open " + path);
    CHECK(hung("bad")[0].reason().starts_with("no answer for "));
    fuse.set_silence(silence::none);
    CHECK(eventually([&] {
      return hung("bad").empty();
    }));
    CHECK(eventually([&] {
      return f.node.program().errors().find("event=source-answers")
             != std::string::npos;
    }));
    // What came late was not mounted.
    CHECK_FALSE(f.timed([&](control_client& c) {
                   return c.list_sandboxes();
                 })
                  ->sandboxes(0)
                  .shares());
    const auto again = f.timed(share);
    CHECK_MESSAGE(again, words(again));
    CHECK(f.node.program().terminate() == 0);
  });
}

TEST_CASE("copies whose sources hang hold up no copy and no rotation of "
          "others, and their sandbox ends at once") {
  with_node(slow_config, [](fixture& f) {
    for (const auto* sandbox : {"good", "bad"})
      f.prepare_copy(sandbox);
    const auto cm = f.work / fixture::honest_volume;
    const auto followed = f.timed([&](control_client& c) {
      return c.share("good", "c", cm, "/cm", true);
    });
    REQUIRE(followed);
    std::vector<std::future<result<v1::ShareFileReply>>> waiting;
    for (int n = 0; n < 5; ++n) {
      auto& fuse = f.add_fuse();
      fuse.set_silence(silence::all);
      waiting.push_back(f.beside([&f, n](control_client& c) {
        return c.share("bad", "c" + std::to_string(n),
                       f.hung[static_cast<std::size_t>(n)]->path(), "/data",
                       true);
      }));
    }
    REQUIRE(eventually([&] {
      std::size_t all = 0;
      for (auto& one : f.hung)
        all += one->waiting();
      return all >= 3;
    }));
    for (const auto& [source, target] :
         {std::pair{f.work / "plain", "/p"}, std::pair{cm, "/cm2"}}) {
      const auto got
        = f.timed([&, from = source, to = target](control_client& c) {
            return c.share("good", "c", from, to, true);
          });
      CHECK_MESSAGE(got, words(got));
      CHECK(f.took < at_once);
    }
    f.check_honest_rotation(followed->share_id(), "2");
    CHECK(f.timed([&](control_client& c) {
      return c.unshare_container("bad", "c0");
    }));
    CHECK(f.took < at_once);
    CHECK(f.timed([&](control_client& c) {
      return c.cleanup("bad");
    }));
    CHECK(f.took < at_once);
    for (auto& one : waiting)
      CHECK(words(one.get()).starts_with("ABORTED"));
    // Another sandbox of that name is as good as any.
    f.prepare_copy("bad");
    const auto again = f.timed([&](control_client& c) {
      return c.share("bad", "c", cm, "/cm", true);
    });
    CHECK_MESSAGE(again, words(again));
    CHECK(f.took < at_once);
    f.check_ends();
  });
}

TEST_CASE("copies whose files hang hold up no others, and end at once") {
  with_node(slow_config, [](fixture& f) {
    for (const auto* sandbox : {"good", "bad"})
      f.prepare_copy(sandbox);
    std::vector<std::future<result<v1::ShareFileReply>>> waiting;
    for (int n = 0; n < 3; ++n) {
      auto& fuse = f.add_fuse({{"f", {fuse_node::kind::file, "hello"}}});
      fuse.set_silence(silence::reads);
      waiting.push_back(f.beside([&f, n](control_client& c) {
        return c.share("bad", "c" + std::to_string(n),
                       f.hung[static_cast<std::size_t>(n)]->path(), "/data",
                       true);
      }));
    }
    REQUIRE(eventually([&] {
      return f.hung[0]->waiting() + f.hung[1]->waiting() + f.hung[2]->waiting()
             >= 2;
    }));
    const auto plain = f.timed([&](control_client& c) {
      return c.share("good", "c", f.work / "plain", "/p", true);
    });
    CHECK_MESSAGE(plain, words(plain));
    CHECK(f.took < at_once);
    CHECK(f.timed([&](control_client& c) {
      return c.unshare_container("bad", "c0");
    }));
    CHECK(f.took < at_once);
    CHECK(f.timed([&](control_client& c) {
      return c.cleanup("bad");
    }));
    CHECK(f.took < at_once);
    for (auto& one : waiting)
      CHECK(words(one.get()).starts_with("ABORTED"));
    f.check_ends();
  });
}

TEST_CASE("a volume whose filesystem hangs is never shown as current, holds up "
          "no other, and is followed again when it answers") {
  with_node(quick_config, [](fixture& f) {
    for (const auto* sandbox : {"good", "bad"})
      f.prepare_copy(sandbox);
    const auto followed = f.timed([&](control_client& c) {
      return c.share("good", "c", f.work / fixture::honest_volume, "/cm", true);
    });
    REQUIRE(followed);
    auto& fuse = f.add_fuse(volume_tree());
    const auto shared = f.timed([&](control_client& c) {
      return c.share("bad", "c", fuse.path() + "/" + volume_path, "/s", true);
    });
    REQUIRE_MESSAGE(shared, words(shared));
    CHECK(shared->generation() == generation);
    // Returns what is shown of it: whether it is current, and why not.
    const auto state = [&]() -> std::pair<bool, std::string> {
      const auto all = f.timed([](control_client& c) {
        return c.list_volumes();
      });
      REQUIRE(all);
      for (const auto& volume : all->volumes())
        if (volume.path().starts_with(fuse.path()))
          return {volume.destinations(0).current(),
                  volume.destinations(0).reason()};
      return {true, "is not shown"};
    };
    CHECK(eventually([&] {
      return state().first;
    }));
    fuse.set_silence(silence::all);
    CHECK(eventually([&] {
      const auto [current, why] = state();
      return !current && why.find("no answer") != std::string::npos;
    }));
    // The end of a file that was closed before may wait, too, with nobody.
    const auto hanging = fuse.waiting();
    CHECK(hanging >= 1);
    CHECK(hanging <= 2);
    for (int n = 0; n < 20; ++n) {
      CHECK_FALSE(state().first);
      f.check_honest_rotation(followed->share_id(), std::to_string(n + 2));
    }
    // Tried again and again, by one reader.
    CHECK(fuse.waiting() == hanging);
    fuse.set_silence(silence::none);
    CHECK(eventually([&] {
      return state().first;
    }));
    fuse.set_silence(silence::all);
    CHECK(eventually([&] {
      return fuse.waiting() >= 1;
    }));
    CHECK(f.timed([&](control_client& c) {
      return c.cleanup("bad");
    }));
    CHECK(f.took < at_once);
    CHECK(f.node.program().terminate() == 0);
  });
}

TEST_CASE("a filesystem that is gone under many sandboxes stops no source "
          "elsewhere") {
  with_node(quick_config, [](fixture& f) {
    constexpr int sandboxes = 17;
    constexpr int shares = 3;
    auto& fuse = f.add_fuse({{"dir", {fuse_node::kind::directory}}});
    f.prepare("good");
    for (int n = 0; n < sandboxes; ++n)
      f.prepare("bad" + std::to_string(n));
    fuse.set_silence(silence::all);
    std::vector<std::future<errc>> asked;
    asked.reserve(std::size_t{sandboxes} * shares);
    for (int n = 0; n < sandboxes * shares; ++n)
      asked.push_back(f.beside([&fuse, n](control_client& c) {
        const auto got
          = c.share("bad" + std::to_string(n % sandboxes), "c",
                    fuse.path() + "/dir", "/d" + std::to_string(n), true);
        return got ? errc::none : got.err().code;
      }));
    for (auto& each : asked) {
      const auto code = each.get();
      CHECK(
        (code == errc::deadline_exceeded || code == errc::resource_exhausted));
    }
    const auto refused = f.timed([&](control_client& c) {
      return c.share("good", "c", fuse.path() + "/dir", "/d", true);
    });
    REQUIRE_FALSE(refused);
    CHECK(refused.err().message.find("on the same device")
          != std::string::npos);
    CHECK(f.took < at_once);
    const auto honest = f.timed([&](control_client& c) {
      return c.share("good", "c", f.work / "plain", "/p", true);
    });
    REQUIRE_MESSAGE(honest, words(honest));
    fuse.set_silence(silence::none);
    CHECK(eventually([&] {
      return f
        .timed([&](control_client& c) {
          return c.share("good", "c", fuse.path() + "/dir", "/d", true);
        })
        .
        operator bool();
    }));
    CHECK(f.node.program().terminate() == 0);
  });
}

TEST_CASE("the end waits for no file whose filesystem hangs, however many are "
          "open") {
  with_node(slow_config, [](fixture& f) {
    f.prepare_copy("box");
    REQUIRE(f.timed([&](control_client& c) {
      return c.share("box", "c", f.work / "plain", "/p", true);
    }));
    // The guest takes no more: what is open stays open.
    f.guest.process().stop();
    constexpr std::size_t copies = 8;
    const std::string large(std::size_t{3} << 20, 'x');
    std::vector<std::future<result<v1::ShareFileReply>>> waiting;
    for (std::size_t n = 0; n < copies; ++n) {
      f.add_fuse({{"f", {fuse_node::kind::file, large}}});
      waiting.push_back(f.beside([&f, n](control_client& c) {
        return c.share("box", "c" + std::to_string(n), f.hung[n]->path() + "/f",
                       "/data", true);
      }));
    }
    const auto descriptors
      = "/proc/" + std::to_string(f.node.program().pid()) + "/fd";
    CHECK(eventually([&] {
      std::size_t open = 0;
      std::error_code gone;
      for (const auto& one :
           std::filesystem::directory_iterator{descriptors, gone})
        open += std::filesystem::read_symlink(one.path(), gone)
                    .string()
                    .ends_with("/f")
                  ? 1
                  : 0;
      return open >= copies;
    }));
    for (auto& one : f.hung)
      one->set_silence(silence::all);
    const auto begun = clock_type::now();
    CHECK(f.node.program().terminate() == 0);
    CHECK(clock_type::now() - begun < 10s);
    for (auto& one : waiting)
      CHECK_FALSE(one.get());
    f.guest.process().signal(SIGCONT);
  });
}

TEST_SUITE_END();
