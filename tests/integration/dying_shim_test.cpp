// SPDX-License-Identifier: Apache-2.0
#include "proto/fsshare.pb.h"
#include "tests/support/control_client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/socket_peer.hpp"
#include "tests/support/temp_dir.hpp"
#include "ttrpc/client_session.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

/// A call as it is sent: its method, and its encoded request.
using wire_call = std::pair<const char*, std::string>;

v1::Mount mount_of(const std::string& source, const std::string& destination) {
  v1::Mount out;
  out.set_source(source);
  out.set_destination(destination);
  out.set_type("bind");
  return out;
}

template <class Request>
wire_call call_of(const char* method, Request request) {
  request.set_sandbox_id("sb");
  return {method, request.SerializeAsString()};
}

/// What a shim calls over the life of a pod with two containers.
std::vector<wire_call> life_of_pod(const temp_dir& dir,
                                   const guest_process& guest) {
  v1::PrepareRequest prepare;
  prepare.set_mode(v1::SHARING_MODE_COPY);
  (*prepare.mutable_labels())["pod"] = "web-0";
  v1::SetGuestRequest told;
  told.mutable_guest()->set_address(to_string(guest.address()));
  v1::ShareFileRequest file;
  file.set_container_id("c1");
  *file.mutable_mount() = mount_of(dir / "data", "/data");
  v1::ShareFilesRequest files;
  files.set_container_id("c2");
  *files.add_mounts() = mount_of(dir / "data", "/data");
  *files.add_mounts() = mount_of(dir / "more", "/more");
  v1::UnshareContainerRequest end;
  end.set_container_id("c1");
  return {
    call_of("Prepare", prepare),      call_of("SetGuest", told),
    call_of("ShareFile", file),       call_of("ShareFiles", files),
    call_of("UnshareContainer", end), call_of("Cleanup", v1::CleanupRequest{})};
}

/// A shim that sends its calls, and may die at any of them.
class shim {
public:
  explicit shim(const node_process& node) : peer_(address_of(node)) {
  }

  void send(const wire_call& call) {
    REQUIRE(session_.call("fsshare.v1.FilesystemShare", call.first,
                          {as_bytes(call.second)}, std::chrono::nanoseconds{0},
                          {}));
    peer_.send(session_.take_output());
  }
  void await_answer() {
    REQUIRE(peer_.next_frame());
  }

private:
  static guest_address address_of(const node_process& node) {
    guest_address out;
    out.path = node.socket();
    return out;
  }

  socket_peer peer_;
  ttrpc::client_session session_;
};

bool is_empty(const std::string& directory) {
  return fs::directory_iterator{directory} == fs::directory_iterator{};
}

} // namespace

TEST_SUITE_BEGIN("integration/dying_shim");

TEST_CASE("a shim that dies before or after any of its calls leaves what "
          "another one cleans up, and the sandbox can be made anew") {
  const temp_dir dir;
  dir.write("data/file", "text");
  dir.write("more/file", "more");
  node_process node;
  const guest_process guest;
  const auto calls = life_of_pod(dir, guest);
  for (std::size_t last = 0; last < calls.size(); ++last) {
    for (const bool has_answer : {false, true}) {
      CAPTURE(calls[last].first);
      CAPTURE(has_answer);
      {
        shim dying{node};
        for (std::size_t n = 0; n <= last; ++n) {
          dying.send(calls[n]);
          if (n < last || has_answer)
            dying.await_answer();
        }
      }
      // The next one begins where the first may have been, and ends it twice.
      control_client next{node.socket()};
      REQUIRE(next.cleanup("sb"));
      REQUIRE(next.cleanup("sb"));
      // What the dead one has sent may come later than the Cleanup.
      REQUIRE(eventually([&next] {
        const auto ended = next.cleanup("sb");
        const auto left = next.list_sandboxes();
        return ended && left && left->sandboxes().empty();
      }));
    }
  }
  control_client alive{node.socket()};
  REQUIRE(alive.prepare_copy("sb", to_string(guest.address())));
  const auto shared = alive.share("sb", "c1", dir / "data", "/data", true);
  REQUIRE_MESSAGE(shared, (shared ? "" : shared.err().message));
  REQUIRE(alive.cleanup("sb"));
  CHECK(is_empty(node.share_root()));
}

TEST_CASE("calls in the wrong order are told what is missing, and make "
          "nothing") {
  const temp_dir dir;
  dir.write("data/file", "text");
  node_process node;
  const guest_process guest;
  control_client client{node.socket()};
  const auto refusal = [&](errc code) {
    const auto got = client.share("sb", "c1", dir / "data", "/data", true);
    REQUIRE(!got);
    CHECK_MESSAGE(got.err().code == code, got.err().message);
    CHECK_MESSAGE(got.err().message.find("'sb'") != std::string::npos,
                  got.err().message);
  };
  // Before Prepare.
  refusal(errc::not_found);
  v1::SetGuestRequest told;
  told.set_sandbox_id("sb");
  told.mutable_guest()->set_address(to_string(guest.address()));
  const auto early = client.call<v1::SetGuestReply>("SetGuest", told);
  REQUIRE(!early);
  CHECK(early.err().code == errc::not_found);
  CHECK(client.list_sandboxes()->sandboxes().empty());
  // Before the guest's address is told.
  v1::PrepareRequest prepare;
  prepare.set_sandbox_id("sb");
  prepare.set_mode(v1::SHARING_MODE_COPY);
  REQUIRE(client.call<v1::PrepareReply>("Prepare", prepare));
  refusal(errc::failed_precondition);
  // And after Cleanup, which may be called twice.
  REQUIRE(client.call<v1::SetGuestReply>("SetGuest", told));
  REQUIRE(client.share("sb", "c1", dir / "data", "/data", true));
  REQUIRE(client.cleanup("sb"));
  REQUIRE(client.cleanup("sb"));
  refusal(errc::not_found);
  CHECK(is_empty(node.share_root()));
}

TEST_SUITE_END();
