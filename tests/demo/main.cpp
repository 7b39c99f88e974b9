// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "sys/process/identity.hpp"
#include "tests/demo/bind_part.hpp"
#include "tests/demo/demo_host.hpp"
#include "tests/demo/demo_options.hpp"
#include "tests/demo/rootfs_part.hpp"
#include "tests/demo/volume_part.hpp"
#include "tests/support/private_mounts.hpp"
#include "tests/support/program_main.hpp"
#include "tests/support/temp_dir.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

namespace {

using namespace fsshare;
using namespace fsshare::demo;

/// Where the demo works. With the right to mount it is a file system in a mount
/// namespace of the demo's own, which ends with the demo however that ends.
class workplace {
public:
  workplace() {
    if (effective_uid() != 0)
      no_mounts_ = "only root may mount";
    else if (no_mounts_ = mounts_.emplace().unavailable(); no_mounts_.empty())
      return;
    files_.emplace();
  }

  const std::string& path() const {
    return files_ ? files_->path() : mounts_->path();
  }
  /// Returns why nothing can be mounted; empty if it can.
  const std::string& no_mounts() const {
    return no_mounts_;
  }

private:
  std::string no_mounts_;
  std::optional<test::private_mounts> mounts_;
  std::optional<test::temp_dir> files_;
};

/// Checks that nothing of any sandbox is left.
void check_end(demo_host& host, const demo_options& with) {
  auto& out = host.out();
  out.heading("What is left behind");
  if (with.tamper == test::tampering::share)
    std::ofstream{join(host.share_root(), "forgotten")};
  host.ctl({"sandbox", "ls"});
  out.check(host.ask({"sandbox", "ls"}).at("sandboxes").empty(),
            "fsshared knows no sandbox");
  out.check(host.mounts().empty(), "fsshared's mount table has none of ours");
  out.check(std::filesystem::is_empty(host.share_root()),
            "nothing is left below share.root");
  const bool keeps_copies = !with.abilities().removal;
  host.stop([&](const std::string& name) {
    const auto top = name.substr(0, name.find('/'));
    // What the demo has made itself, and the checks above were about.
    return top == "kubelet" || top == "data" || top == "share"
           || name == "config.json" || name == "run" || name == "guest"
           || (top == "guest" && keeps_copies);
  });
}

void show(demo_host& host, const demo_options& with,
          const std::string& no_mounts) {
  if (no_mounts.empty()) {
    show_binds(host);
    show_rootfs_kinds(host);
  } else {
    host.out().skip("bind shares: " + no_mounts);
    host.out().skip("root filesystems: " + no_mounts);
  }
  show_volume(host, with);
  check_end(host, with);
}

int run(const demo_options& with) {
  // Before any thread starts.
  const workplace place;
  test::transcript out{place.path()};
  std::optional<demo_host> host;
  try {
    out.heading("fsshared, and a guest with the guest agent of Kata "
                + with.profile);
    host.emplace(place.path(), with.profile, out);
    show(*host, with, place.no_mounts());
  } catch (const std::exception& failed) {
    out.check(false, std::string{"the demo runs to its end: "} + failed.what());
  }
  if (out.failed() && host)
    host->show_logs();
  host.reset();
  return out.finish();
}

} // namespace

int main(int argc, char** argv) {
  return test::run_program(
    "fsshare-demo",
    [&] {
      return parse_options(argc, argv);
    },
    run);
}
