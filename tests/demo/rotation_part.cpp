#include "tests/demo/rotation_part.hpp"

#include "tests/demo/rotation_report.hpp"
#include "tests/demo/volume_script.hpp"

#include <set>
#include <utility>

namespace fsshare::demo {

namespace {

/// Does what the kubelet does, and takes the time right after the rename.
made_rotation rotate(test::rotator& kubelet, const scripted_rotation& script) {
  kubelet.begin(script.files);
  kubelet.run_until(test::rotation_step::flip);
  const auto called = data_observer::clock::now();
  kubelet.step();
  const auto flipped = data_observer::clock::now();
  kubelet.finish();
  return {script.what, kubelet.written(), called, flipped};
}

} // namespace

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
  const data_observer observer{dirs};
  std::vector<made_rotation> made;
  std::set<std::string> generations{kubelet.current()};
  const auto scripts = ten_rotations();
  for (const auto& script : scripts) {
    if (with.tamper == tampering::watcher && &script == &scripts.back())
      host.ctl({"watcher", "stop", "settings"});
    made.push_back(rotate(kubelet, script));
    generations.insert(made.back().generation);
    // Whether it was in time is for the report to say.
    if (!script.hurried)
      observer.wait_for_all(
        [&](const std::string& shown) {
          return names_generation(shown, made.back().generation);
        },
        deadline);
  }
  report_rotations(made, containers, observer, out);
  out.check(generations.size() == scripts.size() + 1,
            "each rotation made a generation of its own");
  host.ctl({"volume", "ls"});
}

} // namespace fsshare::demo
