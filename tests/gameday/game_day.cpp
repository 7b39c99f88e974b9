// SPDX-License-Identifier: Apache-2.0
#include "tests/gameday/game_day.hpp"

#include "tests/gameday/alert_condition.hpp"
#include "tests/metrics/http_peer.hpp"
#include "tests/support/copied_volume.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/left_mounts.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <sstream>
#include <sys/mount.h>
#include <system_error>
#include <unistd.h>

namespace fsshare::test {

namespace {

// An operator looks no longer.
constexpr std::chrono::seconds in_time{5};

std::string config_of(const private_mounts& work, std::uint16_t port,
                      const std::string& more) {
  return R"("http": {"listen": "127.0.0.1:)" + std::to_string(port)
         + R"("}, "volumes": {"kubelet_roots": [")" + (work / "kubelet")
         + R"("], "sweep_interval": "500ms"})" + (more.empty() ? "" : ", ")
         + more;
}

/// The words of a command as an operator types it.
std::vector<std::string> words_of(const std::string& command) {
  std::istringstream in{command};
  std::vector<std::string> out;
  for (std::string word; in >> word;)
    out.push_back(word);
  return out;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A scrape without what explains it.
std::string values_in(const std::string& scrape) {
  std::istringstream lines{scrape};
  std::string out;
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with('#'))
      out += line + "\n";
  return out;
}

void mount_sized(const std::string& dir, unsigned long flags,
                 std::uint64_t bytes) {
  const auto size = "size=" + std::to_string(bytes);
  if (::mount("room", dir.c_str(), "tmpfs", flags, size.c_str()) != 0)
    throw std::system_error{errno, std::generic_category(), "mount " + dir};
}

} // namespace

std::string missing_for_game_day() {
  return ::geteuid() == 0 ? "" : "needs root";
}

void mount_room(const std::string& dir, std::uint64_t bytes) {
  mount_sized(dir, 0, bytes);
}

void resize_room(const std::string& dir, std::uint64_t bytes) {
  mount_sized(dir, MS_REMOUNT, bytes);
}

game_day::game_day() : game_day(settings{}) {
}

game_day::game_day(const settings& s)
  : port(free_port()), volume(work.make_dir(volume_path)),
    kubelet(volume, kubelet_order::from_1_27),
    node(config_of(work, port, s.config), s.launcher) {
  if (s.guest_bytes > 0) {
    mount_room(guest.root(), s.guest_bytes);
    guest.restart();
  }
  rotate("first");
  run({"sandbox", "prepare", sandbox, "--mode", "copy", "--guest",
       to_string(guest.address())});
  run({"share", "add", sandbox, "c", volume, "/cm"});
  REQUIRE(eventually([this] {
    return value_of(scrape(), R"(kata_fsshare_destinations{state="current"})")
           == 1;
  }));
}

game_day::~game_day() {
  detach_mounts_below(guest.dir().path());
}

std::string game_day::run(const std::vector<std::string>& arguments) const {
  const auto done = run_fssharectl(node.socket(), arguments);
  REQUIRE_MESSAGE(done.exit_code == 0, done.errors);
  return done.output;
}

std::string game_day::scrape() const {
  return get(port, "/metrics");
}

void game_day::rotate(const std::string& value) {
  kubelet.rotate({{"key", {value}}});
}

// Doctor finds things and is told where all is.
std::string game_day::say(const known_trouble& of) const {
  auto words = words_of(of.command);
  words.erase(words.begin());
  if (words.front() == "doctor")
    return run_process(
             {fssharectl_program(), "doctor", "--config", node.config_file()})
      .output;
  for (auto& word : words)
    if (word == "VOLUME")
      word = volume;
    else if (word == "SANDBOX")
      word = sandbox;
  return run(words);
}

void game_day::check(const injected_trouble& injected,
                     const std::function<void()>& inject) {
  const auto& of = injected.get();
  scrape_pair seen{scrape(), {}};
  seen.now = seen.before;
  CHECK_FALSE(has(say(of), of.words));
  CHECK_FALSE(is_raised(of.alert, seen));
  const auto end = std::chrono::steady_clock::now() + in_time;
  inject();
  std::string said;
  bool is_named = false;
  bool is_measured = false;
  bool is_told = false;
  while (std::chrono::steady_clock::now() < end
         && !(is_named && is_measured && is_told)) {
    seen.now = scrape();
    is_measured
      = value_of(seen.now, of.series) > value_of(seen.before, of.series);
    is_told = is_raised(of.alert, seen);
    said = say(of);
    is_named = has(said, of.words);
  }
  CHECK_MESSAGE(is_named, of.command, ": ", said);
  CHECK_MESSAGE(is_measured, of.series, ": ", values_in(seen.now));
  CHECK_MESSAGE(is_told, of.alert, ": ", values_in(seen.now));
}

void game_day::check_cured(const injected_trouble& injected) const {
  const auto& of = injected.get();
  const bool is_counter = has(of.series, "_total");
  std::string now;
  const bool is_well = eventually([&] {
    now = scrape();
    return value_of(now, R"(kata_fsshare_destinations{state="stale"})") == 0
           && value_of(now, R"(kata_fsshare_destinations{state="current"})") > 0
           && (is_counter || !is_raised(of.alert, {now, now}));
  });
  CHECK_MESSAGE(is_well, values_in(now));
  CHECK(is_followed());
}

bool game_day::is_followed() const {
  return eventually([this] {
    // Older generations go after their grace.
    const auto copy = copy_dir();
    return copy_difference(volume, copy, leftovers(volume, copy)).empty();
  });
}

std::string game_day::copy_dir() const {
  for (const auto& name : entries_of(guest.root()))
    if (name.ends_with("-cm"))
      return guest.root() + "/" + name;
  return guest.root();
}

} // namespace fsshare::test
