// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/bind_part.hpp"

#include "core/paths.hpp"
#include "tests/support/private_mounts.hpp"
#include "tests/support/temp_dir.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace fsshare::demo {

namespace {

namespace fs = std::filesystem;

std::string make_source(const demo_host& host, const std::string& name) {
  auto dir = host.path("data/" + name);
  fs::create_directories(dir);
  std::ofstream{join(dir, "greeting")} << "hello from " << name << "\n";
  return dir;
}

/// Where the sandbox's file server shows the share of that destination.
std::string exported_path(const demo_host& host,
                          const std::string& destination) {
  const auto reply = host.ask({"sandbox", "inspect", "web"});
  const std::string dir = reply.at("sandbox").at("shared_dir");
  for (const auto& share : reply.at("shares")) {
    const std::string guest_path = share.at("guest_path");
    if (share.at("mount").at("destination") == destination)
      return join(dir, base_name(guest_path));
  }
  throw std::runtime_error("no share has the destination " + destination);
}

bool shows(const std::string& file, const std::string& text) {
  return test::exists(file) && test::read_file(file) == text;
}

void check_shares(demo_host& host, const std::string& writable,
                  const std::string& fixed) {
  auto& out = host.out();
  const auto shared_rw = exported_path(host, "/var/data");
  const auto shared_ro = exported_path(host, "/etc/web");
  out.check(shows(join(shared_rw, "greeting"), "hello from rw\n"),
            shared_rw + " shows the writable source");
  out.check(shows(join(shared_ro, "greeting"), "hello from ro\n"),
            shared_ro + " shows the read-only source");
  std::ofstream{join(shared_rw, "answer")} << "hello\n";
  out.check(shows(join(writable, "answer"), "hello\n"),
            "a file written through the writable share is on the host");
  out.check(test::write_failure(join(shared_ro, "greeting")) == EROFS
              && test::write_failure(join(fixed, "greeting")) == 0,
            "the read-only share refuses a write, its source does not");
}

} // namespace

void show_binds(demo_host& host) {
  auto& out = host.out();
  out.heading("Bind shares for a sandbox on a shared filesystem");
  const auto writable = make_source(host, "rw");
  const auto fixed = make_source(host, "ro");
  const auto before = host.mounts();
  host.ctl({"sandbox", "prepare", "web", "--mode", "shared-filesystem"});
  host.ctl({"share", "add", "web", "app", writable, "/var/data", "--type",
            "bind", "--option", "rbind"});
  host.ctl({"share", "add", "web", "app", fixed, "/etc/web", "--type", "bind",
            "--option", "rbind", "--read-only"});
  host.ctl({"sandbox", "inspect", "web"});
  check_shares(host, writable, fixed);
  const auto mounted = host.mounts().size() - before.size();
  out.check(mounted >= 4, "fsshared made " + std::to_string(mounted)
                            + " mounts for the sandbox");
  host.ctl({"share", "rm", "web", "app", "--all"});
  host.ctl({"sandbox", "cleanup", "web"});
  out.check(host.mounts() == before, "no mount of the sandbox is left");
  out.check(shows(join(writable, "greeting"), "hello from rw\n")
              && shows(join(writable, "answer"), "hello\n")
              && shows(join(fixed, "greeting"), "hello from ro\n"),
            "the sources are as they were");
}

} // namespace fsshare::demo
