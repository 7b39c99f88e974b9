// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/restart_part.hpp"

#include "tests/demo/volume_script.hpp"
#include "tests/support/data_observer.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/rotation_lag.hpp"

#include <algorithm>
#include <string>

namespace fsshare::demo {

void show_restart(demo_host& host, test::rotator& kubelet,
                  const std::vector<guest_copy>& copies) {
  auto& out = host.out();
  out.heading("A node agent that is killed, and a rotation while none runs");
  std::vector<std::string> dirs;
  dirs.reserve(copies.size());
  for (const auto& copy : copies)
    dirs.push_back(copy.dir);
  const test::data_observer observer{dirs};
  host.kill_node();
  auto files = first_files();
  files["made-while-nobody-ran"] = {"1"};
  const auto made = test::make_rotation(kubelet, files, "a key more");
  host.start_node_again();
  const bool has_arrived = observer.wait_for_all(
    [&made](const std::string& shown) {
      return test::names_generation(shown, made.generation);
    },
    deadline);
  out.check(has_arrived,
            "the rotation reached every guest directory after the restart");
  for (std::size_t dir = 0; dir < dirs.size(); ++dir)
    out.check(observer.seen(dir).size() == 2,
              copies[dir].container + "'s guest directory saw it once");
  const auto is_current = [&host] {
    const auto reply = host.ask({"sandbox", "inspect", "settings"});
    const auto& volumes = reply.at("volumes");
    return std::all_of(volumes.begin(), volumes.end(), [](const auto& volume) {
      const auto& all = volume.at("destinations");
      return std::all_of(all.begin(), all.end(), [](const auto& one) {
        return one.value("current", false);
      });
    });
  };
  out.check(test::eventually(is_current, deadline),
            "fsshared knows that all of them are current");
  host.ctl({"volume", "ls"});
}

} // namespace fsshare::demo
