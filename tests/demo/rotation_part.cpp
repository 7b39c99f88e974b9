// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/rotation_part.hpp"

#include "tests/demo/rotation_report.hpp"
#include "tests/demo/volume_script.hpp"

#include <set>

namespace fsshare::demo {

void show_rotations(demo_host& host, test::rotator& kubelet,
                    const std::vector<guest_copy>& copies,
                    const demo_options& with) {
  auto& out = host.out();
  out.heading("Ten rotations, step by step as the kubelet makes them");
  std::vector<std::string> dirs;
  std::vector<std::string> containers;
  for (const auto& copy : copies) {
    dirs.push_back(copy.dir);
    containers.push_back(copy.container);
  }
  const test::data_observer observer{dirs};
  std::vector<test::made_rotation> made;
  std::set<std::string> generations{kubelet.current()};
  const auto scripts = ten_rotations();
  for (const auto& script : scripts) {
    if (with.tamper == test::tampering::watcher && &script == &scripts.back())
      host.ctl({"watcher", "stop", "settings"});
    made.push_back(test::make_rotation(kubelet, script.files, script.what));
    generations.insert(made.back().generation);
    // Whether it was in time is for the report to say.
    if (!script.hurried)
      observer.wait_for_all(
        [&](const std::string& shown) {
          return test::names_generation(shown, made.back().generation);
        },
        deadline);
  }
  report_rotations(made, containers, observer, out);
  out.check(generations.size() == scripts.size() + 1,
            "each rotation made a generation of its own");
  host.ctl({"volume", "ls"});
}

} // namespace fsshare::demo
