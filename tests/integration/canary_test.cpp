// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/integration/troubled_api.hpp"
#include "tests/support/canary.hpp"
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/rotator.hpp"
#include "tests/support/socket_peer.hpp"
#include "tests/support/ttrpc_server.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <thread>
#include <utility>

TEST_SUITE_BEGIN("integration/canary");

using namespace fsshare;
using namespace std::chrono_literals;
using test::canary;

namespace {

namespace fs = std::filesystem;

const std::vector<canary>& canaries() {
  static const std::vector<canary> all{
    canary{"Qx7VbN2mKzR9tWpL4cYhJ8sD"}, canary{"Zf3GuT6oXa1EiPq5wHrBvM0n"},
    canary{"kYj8SdC4nQeL2xVgWb7ZrT9u"}, canary{"H5pMwKfU1aNzO6tXcJ3iRsEq"}};
  return all;
}

/// Text with canaries at its beginning, in its middle and at its end.
std::string secret_text(std::uint64_t number) {
  const auto& one = canaries().at(number % canaries().size()).text();
  const auto filler = std::string(300, '.');
  return one + filler + one + std::to_string(number) + filler + one;
}

test::payload secrets(std::uint64_t number, std::size_t keys = 8) {
  test::payload files;
  for (std::size_t key = 0; key < keys; ++key)
    files["key-" + std::to_string(key)] = {secret_text(number + key)};
  files["tls.crt"] = {secret_text(number)};
  files["tls.key"] = {secret_text(number + 1)};
  return files;
}

/// A Secret on the host.
class secret_volume {
public:
  secret_volume(const test::temp_dir& in, const std::string& name)
    : dir_(in.make_dir("pods/5f0c6c5e-6f3b-4c0e-9d55-3c2f4f6a7b10/volumes/"
                       "kubernetes.io~secret/"
                       + name)),
      kubelet_(dir_, test::kubelet_order::from_1_27) {
    rotate();
  }
  void rotate() {
    kubelet_.rotate(secrets(++number_));
  }
  const std::string& dir() const {
    return dir_;
  }
  std::string current() const {
    return kubelet_.current();
  }

private:
  std::string dir_;
  std::uint64_t number_ = 0;
  test::rotator kubelet_;
};

/// Everything that anybody could read of what is done to secrets.
class audience {
public:
  explicit audience(const std::string& log_format)
    : node_(R"("log": {"level": "debug", "format": ")" + log_format + R"("},
               "copy": {"limits": {"entries": 60, "file_bytes": 20000,
                                   "volume_bytes": 40000}},
               "guest": {"dial_timeout": "1s", "request_timeout": "500ms",
                         "quiet_time": "100ms"},
               "volumes": {"grace": "100ms", "sweep_interval": "1s"})") {
  }

  /// Runs fssharectl; what it prints is heard.
  test::finished_process ctl(std::vector<std::string> args) {
    auto done = test::run_fssharectl(node_.socket(), std::move(args));
    heard_ += done.output + done.errors;
    return done;
  }

  void prepare(const std::string& sandbox, const std::string& guest) {
    REQUIRE(
      ctl({"sandbox", "prepare", sandbox, "--mode", "copy", "--guest", guest})
        .exit_code
      == 0);
    sandboxes_.push_back(sandbox);
  }

  int share(const std::string& sandbox, const std::string& source,
            const std::string& destination = "/etc/secret") {
    return ctl({"share", "add", sandbox, "app", source, destination}).exit_code;
  }

  /// Asks for all that can be asked for.
  void look_around() {
    for (const auto* format : {"table", "wide", "json"}) {
      ctl({"sandbox", "ls", "-o", format});
      ctl({"volume", "ls", "-o", format});
      for (const auto& sandbox : sandboxes_) {
        ctl({"sandbox", "inspect", sandbox, "-o", format});
        ctl({"share", "ls", sandbox, "-o", format});
      }
    }
  }

  bool has_logged(const std::string& text) {
    return node_.program().errors().find(text) != std::string::npos;
  }
  /// Waits for a line in the log.
  bool will_have_logged(const std::string& text) {
    const auto limit
      = std::chrono::steady_clock::now() + test::child_process::patience;
    while (!has_logged(text) && std::chrono::steady_clock::now() < limit)
      std::this_thread::sleep_for(5ms);
    return has_logged(text);
  }
  test::node_process& node() {
    return node_;
  }

  void hear(const std::string& text) {
    heard_ += text;
  }
  /// Ends the node agent and returns all that was heard.
  std::string all() {
    CHECK_MESSAGE(node_.program().terminate() == 0, node_.program().errors());
    return heard_ + node_.program().errors() + node_.program().read_rest();
  }

private:
  test::node_process node_;
  std::vector<std::string> sandboxes_;
  std::string heard_;
};

/// Rotates, and looks around while the guest copes with it.
void rotate_and_look(secret_volume& volume, audience& who) {
  for (int i = 0; i < 6; ++i) {
    volume.rotate();
    if (i % 3 == 0)
      who.look_around();
  }
}

/// One of fsshare-guest, with faults, and a volume that it has a copy of.
void serve_with_faults(audience& who, const test::temp_dir& files,
                       const std::string& name,
                       std::vector<std::string> options) {
  test::guest_process guest{std::move(options)};
  secret_volume volume{files, name};
  who.prepare(name, to_string(guest.address()));
  who.share(name, volume.dir());
  rotate_and_look(volume, who);
  who.ctl({"share", "rm", name, "app", "--all"});
  who.hear(guest.process().errors());
}

/// One that answers wrongly.
void serve_wrongly(audience& who, const test::temp_dir& files,
                   const std::string& name,
                   test::troubled_api::trouble trouble) {
  const test::temp_dir dir;
  test::troubled_api api{dir.make_dir("share"), trouble};
  const guest_address address{address_scheme::unix_socket, dir / "s", 0, 0};
  const test::ttrpc_server server{
    address, ttrpc::server_rules::guest,
    [&api](const ttrpc::server_session& session, const ttrpc::request& call) {
      return api.answer(session, call);
    }};
  secret_volume volume{files, name};
  who.prepare(name, to_string(address));
  who.share(name, volume.dir());
  rotate_and_look(volume, who);
  who.ctl({"share", "rm", name, "app", "--all"});
}

/// Sources that cannot be copied, or not whole.
void share_what_cannot_be(audience& who, const test::temp_dir& files) {
  const test::guest_process guest;
  who.prepare("limits", to_string(guest.address()));
  // More entries, a larger file and a larger volume than the limits allow.
  for (int i = 0; i < 70; ++i)
    files.write("many/" + std::to_string(i), secret_text(1));
  CHECK(who.share("limits", files / "many", "/many") == 1);
  std::string large;
  while (large.size() < 20000)
    large += secret_text(2);
  CHECK(who.share("limits", files.write("large", large), "/large") == 1);
  const secret_volume volume{files, "large"};
  files.write(volume.dir().substr(files.path().size() + 1) + "/"
                + volume.current() + "/large",
              large + large + large);
  CHECK(who.share("limits", volume.dir(), "/large-volume") == 1);
  // A volume that is not whole; things that are no file.
  const secret_volume broken{files, "broken"};
  fs::remove_all(join(broken.dir(), broken.current()));
  constexpr int deadline = 75;
  CHECK(who
          .ctl({"share", "add", "limits", "app", broken.dir(), "/broken",
                "--timeout", "300ms"})
          .exit_code
        == deadline);
  CHECK(who.share("limits", files / "missing", "/missing") == 1);
  // Good ones, and another under the key of one of them.
  const auto good = files.write("good/file", secret_text(3));
  CHECK(who.share("limits", files / "good", "/good") == 0);
  CHECK(who.share("limits", good, "/file") == 0);
  CHECK(who.share("limits", files / "many", "/file") == 1);
  who.look_around();
  // Proof that there was something to be heard.
  const auto& wanted = canaries().at(3);
  CHECK(wanted.text() == secret_text(3).substr(0, wanted.text().size()));
  bool has_arrived = false;
  for (const auto& entry : fs::recursive_directory_iterator{guest.root()})
    has_arrived |= entry.is_regular_file()
                   && test::read_file(entry.path().string()) == secret_text(3);
  CHECK(has_arrived);
}

/// Requests that nobody should make, with secrets in their rubbish.
void talk_rubbish(audience& who) {
  CHECK(who.ctl({"share", "add", "limits", "app", "relative", "/x"}).exit_code
        != 0);
  CHECK(who.ctl({"sandbox", "inspect", "nobody"}).exit_code == 1);
  const test::socket_peer peer{
    {address_scheme::unix_socket, who.node().socket(), 0, 0}};
  const auto text = secret_text(0);
  bytes frame{0, 0, 0, 0, 0, 0, 0, 1, 1, 0};
  frame[2] = static_cast<std::uint8_t>(text.size() >> 8);
  frame[3] = static_cast<std::uint8_t>(text.size());
  peer.send(frame);
  peer.send(as_bytes(text));
  peer.send(as_bytes(text));
  peer.finish_sending();
}

void check_secrecy(const std::string& log_format) {
  const test::temp_dir files;
  audience who{log_format};
  serve_with_faults(who, files, "good", {});
  serve_with_faults(who, files, "fails", {"--fail-every", "9"});
  serve_with_faults(who, files, "drops",
                    {"--drop-after", "20", "--delay", "1ms", "--late", "20ms"});
  serve_with_faults(who, files, "hangs", {"--hang-after", "30"});
  serve_with_faults(who, files, "slow", {"--delay", "30ms"});
  serve_with_faults(who, files, "old",
                    {"--profile", "3.3", "--fail-every", "17"});
  using enum test::troubled_api::trouble;
  serve_wrongly(who, files, "denies", denies);
  serve_wrongly(who, files, "sends-back", sends_back);
  serve_wrongly(who, files, "babbles", babbles);
  share_what_cannot_be(who, files);
  talk_rubbish(who);
  who.look_around();
  for (const std::string event :
       {"generation-live", "push-failed", "guest-lost", "api-call-failed",
        "api-call", "blocked by policy", "RESOURCE_EXHAUSTED"})
    CHECK_MESSAGE(who.will_have_logged(event), event);
  const auto heard = who.all();
  for (const auto& each : canaries())
    CHECK_MESSAGE(each.found_in(heard).empty(),
                  each.text() << " as " << each.found_in(heard));
}

} // namespace

TEST_CASE("no content of a file is in any log line, error or status") {
  check_secrecy("logfmt");
}

TEST_CASE("no content of a file is in any log line of JSON") {
  check_secrecy("json");
}

TEST_CASE("a canary is found in whole and in part, in every form") {
  const canary bird{"Qx7VbN2mKzR9tWpL4cYhJ8sD"};
  CHECK(bird.found_in("nothing of it").empty());
  CHECK(bird.found_in("Qx7VbN2").empty());
  CHECK(bird.found_in("a=\"m: KzR9tWpL\"") == "plain");
  // printf 'Qx7VbN2mKzR9tWpL4cYhJ8sD' | base64, and behind one and two bytes.
  CHECK(bird.found_in("x UXg3VmJOMm1LelI5dFdwTDRjWWhKOHNE") == "base64");
  CHECK(bird.found_in("LlF4N1ZiTjJtS3pSOXRXcEw0Y1loSjhzRA==") == "base64");
  CHECK(bird.found_in("Li5ReDdWYk4ybUt6Ujl0V3BMNGNZaEo4c0Q=") == "base64");
  CHECK(bird.found_in("0x517837 56624e326d4b7a52397457") == "hexadecimal");
  CHECK(bird.found_in("56624E326D4B7A52397457") == "hexadecimal");
  CHECK(bird.found_in("\\121\\170\\067\\126\\142\\116\\062\\155")
        == "octal escapes");
  CHECK(bird.found_in("\\x51\\x78\\x37\\x56\\x62\\x4e\\x32\\x6d")
        == "hexadecimal escapes");
}

TEST_SUITE_END();
