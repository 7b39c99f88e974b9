// SPDX-License-Identifier: Apache-2.0
#include "tests/metrics/shown_node.hpp"
#include "tests/operators/browser.hpp"
#include "tests/support/eventually.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <string>

using namespace fsshare;
using namespace fsshare::test;

namespace {

/// The status page of a node in a browser.
class shown_page {
public:
  explicit shown_page(const shown_node& node) {
    window_.look_as({});
    window_.open(node.url());
    REQUIRE(shows("Pod shop/web-0"));
  }
  browser& window() {
    return window_;
  }
  /// Whether it comes to show a text.
  bool shows(const std::string& text) {
    return holds("(document.body?.innerText ?? \"\").includes("
                 + nlohmann::json(text).dump() + ")");
  }
  /// Whether an expression comes to hold.
  bool holds(const std::string& expression,
             std::chrono::seconds limit = std::chrono::seconds{30}) {
    return eventually(
      [&] {
        return window_.evaluate(expression) == true;
      },
      limit);
  }
  std::string complaints() const {
    std::string all;
    for (const auto& each : window_.complaints())
      all += each + "\n";
    return all;
  }

private:
  browser window_;
};

/// A node with more to show: two pods, and a copy that is stale.
struct busy_node : shown_node {
  busy_node() {
    const auto address = to_string(other_guest.address());
    run({"sandbox", "prepare", "pod-sandbox", "--mode", "copy", "--guest",
         address, "--label", "io.kubernetes.pod.name=web-0", "--label",
         "io.kubernetes.pod.namespace=shop"});
    run({"share", "add", "pod-sandbox", "app", volume, "/etc/config"});
    secret_kubelet.rotate({{"token", {"one"}}});
    run({"share", "add", "pod-sandbox", "app", secret, "/etc/secret"});
  }
  /// Rotates a volume, and waits until all guests have it.
  void rotate(rotator& of, const std::string& key, const std::string& value) {
    of.rotate({{key, {value}}});
    REQUIRE(eventually([&] {
      return volumes("?stale=1").empty();
    }));
  }

  guest_process other_guest;
  std::string secret
    = dir.make_dir("pods/uid-2/volumes/kubernetes.io~secret/credentials");
  rotator secret_kubelet{secret, kubelet_order::from_1_27};
};

const std::string secret_box
  = "[...document.querySelectorAll('details')].find((each) => "
    "each.dataset.key.endsWith('credentials'))";

bool lacks_browser() {
  if (browser::program())
    return false;
  MESSAGE("skipped: there is no chromium");
  return true;
}

/// Texts of which not 4.5 : 1 of light is between them and what they stand on
/// (WCAG 2, 1.4.3), but those of what cannot be pressed.
constexpr const char* too_faint = R"js((() => {
  const channels = (text) => text.match(/[\d.]+/g).map(Number);
  const light = (text) => {
    const [r, g, b] = channels(text).slice(0, 3).map((each) => {
      const part = each / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (node) => {
    for (; node; node = node.parentElement) {
      const [, , , alpha] = channels(getComputedStyle(node).backgroundColor);
      if (alpha !== 0) return getComputedStyle(node).backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const said = [];
  for (const node of document.body.querySelectorAll("*")) {
    if (node.disabled || !node.checkVisibility()) continue;
    if (![...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim())) continue;
    const both = [light(getComputedStyle(node).color), light(groundOf(node))];
    const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    if (contrast < 4.5) said.push(contrast.toFixed(2) + " " + node.textContent);
  }
  return said.join("; ");
})())js";

} // namespace

TEST_SUITE_BEGIN("operators/status_page");

TEST_CASE("a browser shows volumes, follows rotations by itself, and has "
          "nothing to complain of") {
  if (lacks_browser())
    return;
  busy_node w;
  shown_page page{w};
  CHECK(page.shows("settings"));
  CHECK(page.shows("credentials"));
  CHECK(page.holds("[...document.querySelectorAll('#facts div')].some((each) "
                   "=> each.innerText === 'Node agent\\nready')"));
  // What is opened stays open, and is filled anew.
  CHECK(page.window().evaluate("document.querySelectorAll('summary').forEach("
                               "(each) => each.click()), true")
        == true);
  for (int n = 1; n <= 3; ++n) {
    w.rotate(w.kubelet, "key", std::to_string(n));
    for (const auto& volume : w.volumes("?search=settings"))
      CHECK(
        page.shows(volume.at("generation").get<std::string>() + ", current"));
  }
  CHECK(page.holds("document.querySelector('svg[aria-label^=\"The last \"]') "
                   "!== null"));
  CHECK(page.shows("What happened to it"));
  CHECK(page.window().evaluate("document.getElementById('trouble').innerText")
        == "");
  CHECK(page.complaints() == "");
}

TEST_CASE("a browser says it when fsshared does not answer") {
  if (lacks_browser())
    return;
  busy_node w;
  shown_page page{w};
  w.node.program().signal(SIGKILL);
  CHECK(page.shows("fsshared does not answer"));
  // That what it complains of is seen at all.
  CHECK(page.complaints().find("127.0.0.1") != std::string::npos);
}

TEST_CASE("a keyboard is enough for the status page") {
  if (lacks_browser())
    return;
  busy_node w;
  shown_page page{w};
  auto& window = page.window();
  const auto is_pressed = [&page](const std::string& button) {
    return page.holds("document.getElementById('" + button
                      + "').getAttribute('aria-pressed') === 'true'");
  };
  window.press("b");
  CHECK(is_pressed("sandboxes"));
  CHECK(page.shows("pod-sandbox"));
  window.press("e");
  CHECK(is_pressed("events"));
  CHECK(page.shows("the latest first"));
  window.press("v");
  CHECK(is_pressed("volumes"));
  CHECK(page.shows("2 volumes"));
  window.press("s");
  CHECK(is_pressed("stale"));
  CHECK(page.shows("0 volumes not current"));
  window.press("s");
  window.press("/");
  for (const char* key : {"c", "r", "e", "d"})
    window.press(key);
  CHECK(page.shows("1 volume"));
  window.press("Escape");
  // From the search to what it found, which Enter opens.
  for (int tabs = 0; tabs < 10; ++tabs)
    if (window.evaluate("document.activeElement.tagName") != "SUMMARY")
      window.press("Tab");
  window.press("Enter");
  CHECK(page.holds("document.querySelector('details').open"));
  CHECK(page.shows("are watched"));
}

TEST_CASE("the status page can be read in light, in dark and on a phone") {
  if (lacks_browser())
    return;
  busy_node w;
  shown_page page{w};
  auto& window = page.window();
  REQUIRE(page.shows("credentials"));
  window.evaluate(secret_box + ".querySelector('summary').click()");
  for (int n = 1; n <= 6; ++n) {
    w.rotate(w.secret_kubelet, "token", std::to_string(n));
    window.evaluate("refresh()");
  }
  w.other_guest.process().stop();
  w.secret_kubelet.rotate({{"token", {"unseen"}}});
  REQUIRE(page.holds(secret_box + ".innerText.includes('Stale for')"));
  // What is above the list is not as late as it may be otherwise.
  CHECK(page.holds("document.getElementById('facts').innerText"
                   ".includes('Copies stale\\n1, ')",
                   std::chrono::seconds{5}));
  struct look {
    std::string name;
    viewport as;
  };
  for (const auto& [name, as] :
       {look{"light", {}}, look{"dark", {1100, 800, true}},
        look{"phone", {390, 844, false}},
        look{"phone-dark", {390, 844, true}}}) {
    CAPTURE(name);
    window.look_as(as);
    CHECK(window.evaluate(too_faint) == "");
    // Nothing has to be moved to the side.
    CHECK(window.evaluate("document.documentElement.scrollWidth") <= as.width);
    window.save_screenshot(std::string{FSSHARE_SCREENSHOTS} + "/status-" + name
                           + ".png");
  }
  w.other_guest.process().signal(SIGCONT);
}
