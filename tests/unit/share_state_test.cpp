// SPDX-License-Identifier: Apache-2.0
#include "core/share/share_state.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

prepare_request preparation(const std::string& address = "unix:///guest") {
  prepare_request request;
  request.sandbox_id = "s1";
  request.mode = sharing_mode::copy;
  request.guest_address = address;
  return request;
}

share_file_request file(const std::string& container = "c1",
                        const std::string& destination = "/etc/cm") {
  share_file_request request;
  request.sandbox_id = "s1";
  request.container_id = container;
  request.mount = {"/host/cm", destination, "bind", {"rbind"}, false};
  return request;
}

share_state prepared() {
  share_state state;
  REQUIRE(state.admit(preparation()));
  state.prepared(true);
  return state;
}

template <class T>
errc code(const result<T>& got) {
  return got ? errc::none : got.err().code;
}

} // namespace

TEST_SUITE_BEGIN("core/share/share_state");

TEST_CASE("the same Prepare waits for the first and then gets its answer") {
  share_state state;
  CHECK(*state.admit(preparation()) == admission::begin);
  CHECK(state.phase() == sandbox_phase::preparing);
  CHECK(*state.admit(preparation()) == admission::wait);
  state.prepared(true);
  CHECK(*state.admit(preparation()) == admission::answer);
  CHECK(state.phase() == sandbox_phase::prepared);
}

TEST_CASE("Prepare with other settings is refused while the first runs and "
          "afterwards, and changes nothing") {
  share_state state;
  REQUIRE(state.admit(preparation()));
  CHECK(code(state.admit(preparation("unix:///other")))
        == errc::already_exists);
  state.prepared(true);
  const auto refused = state.admit(preparation("unix:///other"));
  CHECK(code(refused) == errc::already_exists);
  CHECK(refused.err().message.find("'s1'") != std::string::npos);
  CHECK(refused.err().message.ends_with("other settings: guest.address"));
  CHECK(state.request() == preparation());
  CHECK(*state.admit(preparation()) == admission::answer);
}

TEST_CASE("a Prepare with other settings is told each of them by its name") {
  share_state state;
  REQUIRE(state.admit(preparation()));
  const auto told = [&state](auto change) {
    auto other = preparation();
    change(other);
    const auto refused = state.admit(other);
    REQUIRE_FALSE(refused);
    const auto& text = refused.err().message;
    return text.substr(text.rfind(": ") + 2);
  };
  using request = prepare_request;
  CHECK(told([](request& r) {
          r.mode = sharing_mode::unspecified;
        })
        == "mode");
  CHECK(told([](request& r) {
          r.guest_share_dir = "/elsewhere";
        })
        == "guest.share_dir");
  CHECK(told([](request& r) {
          r.sandbox_binds.push_back({"/a", true});
        })
        == "sandbox_binds");
  CHECK(told([](request& r) {
          r.kubelet_roots.emplace_back("/k");
        })
        == "kubelet_roots");
  CHECK(told([](request& r) {
          r.no_watcher = !r.no_watcher;
        })
        == "no_watcher");
  CHECK(told([](request& r) {
          r.nydusd_socket = "/n";
        })
        == "nydusd_socket");
  // The path is the same, and leads to another one.
  CHECK(told([](request& r) {
          r.mount_namespace.inode = 1;
        })
        == "mount_namespace");
  CHECK(told([](request& r) {
          r.labels["pod"] = "x";
        })
        == "labels");
  CHECK(told([](request& r) {
          r.no_watchable = !r.no_watchable;
        })
        == "no_watchable");
  CHECK(told([](request& r) {
          r.local_dir = "/l";
        })
        == "local_dir");
  CHECK(told([](request& r) {
          r.guest_memory_bytes = 1;
        })
        == "guest.memory_bytes");
  CHECK(told([](request& r) {
          r.force_guest_pull = !r.force_guest_pull;
          r.guest_address = "unix:///other";
        })
        == "guest.address, force_guest_pull");
}

TEST_CASE("the guest may become known after Prepare, by another one or by "
          "itself, and stays known") {
  const set_guest_request other{"s1", "unix:///other"};
  for (const bool by_prepare : {true, false}) {
    share_state state;
    CHECK(code(state.set_guest({"s1", "unix:///guest"})) == errc::not_found);
    REQUIRE(state.admit(preparation("")));
    state.prepared(true);
    CHECK(code(state.check_guest()) == errc::failed_precondition);
    CHECK(state.check_guest().err().message.find("SetGuest")
          != std::string::npos);
    if (by_prepare)
      CHECK(*state.admit(preparation()) == admission::answer);
    else
      CHECK(state.set_guest({"s1", "unix:///guest"}));
    CHECK(state.check_guest());
    CHECK(state.request() == preparation());
    // Told again, in either way, and by who still does not know it.
    CHECK(*state.admit(preparation()) == admission::answer);
    CHECK(*state.admit(preparation("")) == admission::answer);
    CHECK(state.set_guest({"s1", "unix:///guest"}));
    CHECK(state.set_guest({"s1"}));
    const auto refused = state.set_guest(other);
    CHECK(code(refused) == errc::already_exists);
    CHECK(refused.err().message.find("guest.address") != std::string::npos);
    CHECK(refused.err().message.find("unix:///other") != std::string::npos);
    CHECK(code(state.admit(preparation("unix:///other")))
          == errc::already_exists);
    CHECK(state.request() == preparation());
  }
}

TEST_CASE("a sandbox that shares a filesystem needs no guest to share") {
  share_state state;
  auto request = preparation("");
  request.mode = sharing_mode::shared_filesystem;
  CHECK(code(state.check_guest()) == errc::not_found);
  REQUIRE(state.admit(request));
  state.prepared(true);
  CHECK(state.check_guest());
}

TEST_CASE("a Prepare that failed leaves nothing: another may have other "
          "settings") {
  share_state state;
  REQUIRE(state.admit(preparation()));
  state.prepared(false);
  CHECK(state.phase() == sandbox_phase::absent);
  CHECK(*state.admit(preparation("unix:///other")) == admission::begin);
}

TEST_CASE("while it is cleaned up Prepare is aborted, afterwards it begins "
          "anew") {
  auto state = prepared();
  state.cleaning();
  CHECK(code(state.admit(preparation())) == errc::aborted);
  // The end of a Prepare that Cleanup overtook does not bring it back.
  state.prepared(true);
  CHECK(state.phase() == sandbox_phase::cleaning);
  state.cleaned(true);
  CHECK(state.phase() == sandbox_phase::absent);
  CHECK(*state.admit(preparation("unix:///other")) == admission::begin);
}

TEST_CASE("after a Cleanup that left something only a Cleanup helps") {
  auto state = prepared();
  state.cleaning();
  state.cleaned(false);
  CHECK(state.phase() == sandbox_phase::leftover);
  CHECK(code(state.admit(preparation())) == errc::failed_precondition);
  CHECK(code(state.admit(file(), "id")) == errc::not_found);
  state.cleaning();
  state.cleaned(true);
  CHECK(*state.admit(preparation()) == admission::begin);
}

TEST_CASE("nothing is shared with a sandbox that is not prepared") {
  share_state state;
  CHECK(code(state.check_prepared()) == errc::not_found);
  CHECK(code(state.admit(file(), "id")) == errc::not_found);
  REQUIRE(state.admit(preparation()));
  CHECK(code(state.admit(file(), "id")) == errc::not_found);
  CHECK(state.shares().empty());
  state.prepared(true);
  CHECK(state.check_prepared());
  CHECK(*state.admit(file(), "id") == admission::begin);
  state.cleaning();
  const auto refused = state.check_prepared();
  CHECK(code(refused) == errc::not_found);
  CHECK(refused.err().message == "sandbox 's1' is not prepared");
}

TEST_CASE("the same ShareFile waits for the first, then gets its answer, and "
          "adds nothing") {
  auto state = prepared();
  CHECK(*state.admit(file(), "first") == admission::begin);
  CHECK(*state.admit(file(), "second") == admission::wait);
  state.find("first")->life.made(true);
  CHECK(*state.admit(file(), "third") == admission::answer);
  CHECK(state.shares().size() == 1);
  CHECK(state.find("second") == nullptr);
}

TEST_CASE("another mount under the same key is refused, naming both") {
  auto state = prepared();
  REQUIRE(state.admit(file(), "first"));
  auto other = file();
  SUBCASE("source") {
    other.mount.source = "/host/other";
  }
  SUBCASE("type") {
    other.mount.type = "tmpfs";
  }
  SUBCASE("options") {
    other.mount.options.emplace_back("nodev");
  }
  SUBCASE("read-only") {
    other.mount.read_only = true;
  }
  for (const auto phase :
       {share_phase::admitted, share_phase::ready, share_phase::leaving}) {
    if (phase == share_phase::ready)
      state.find("first")->life.made(true);
    if (phase == share_phase::leaving)
      state.find("first")->life.end();
    REQUIRE(state.find("first")->life.phase() == phase);
    const auto refused = state.admit(other, "second");
    REQUIRE(code(refused) == errc::already_exists);
    const auto& text = refused.err().message;
    const auto known = text.find("/host/cm (type 'bind', options 'rbind')");
    CHECK(known != std::string::npos);
    CHECK(text.find(other.mount.source + " (", known + 1) != std::string::npos);
  }
  CHECK(state.shares().size() == 1);
}

TEST_CASE("a share that is being ended is ABORTED for the same request, until "
          "it is erased") {
  auto state = prepared();
  REQUIRE(state.admit(file(), "first"));
  state.find("first")->life.making();
  state.find("first")->life.end();
  CHECK(code(state.admit(file(), "second")) == errc::aborted);
  state.erase("first");
  CHECK(*state.admit(file(), "second") == admission::begin);
}

TEST_CASE("container and destination together are the key") {
  auto state = prepared();
  CHECK(*state.admit(file("c1", "/a"), "1") == admission::begin);
  CHECK(*state.admit(file("c1", "/b"), "2") == admission::begin);
  CHECK(*state.admit(file("c2", "/a"), "3") == admission::begin);
  CHECK(state.find("c1", "/b")->share_id == "2");
  CHECK(state.find("c2", "/a")->share_id == "3");
  CHECK(state.find("c2", "/b") == nullptr);
  CHECK(state.find("4") == nullptr);
}

TEST_CASE("the shares of a container are its own, those of others with a like "
          "name are not") {
  auto state = prepared();
  REQUIRE(state.admit(file("c", "/a"), "1"));
  REQUIRE(state.admit(file("c", "/b"), "2"));
  REQUIRE(state.admit(file("c1", "/a"), "3"));
  REQUIRE(state.admit(file("b", "/a"), "4"));
  CHECK(state.shares_of("c") == std::vector<std::string>{"1", "2"});
  CHECK(state.shares_of("none").empty());
  state.erase("1");
  state.erase("1");
  CHECK(state.shares_of("c") == std::vector<std::string>{"2"});
  CHECK(state.find("c", "/a") == nullptr);
}

TEST_CASE("Cleanup forgets the shares") {
  auto state = prepared();
  REQUIRE(state.admit(file(), "1"));
  state.cleaning();
  CHECK(state.shares().empty());
  CHECK(state.find("c1", "/etc/cm") == nullptr);
}

TEST_SUITE_END();
