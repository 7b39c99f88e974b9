// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace fsshare::test {

/// How a page is looked at.
struct viewport {
  int width = 1100;
  int height = 800;
  bool is_dark = false;
};

/// A headless Chromium with one page. It is told what to do in the DevTools
/// protocol over two pipes: JSON, each message ended by a zero byte. Functions
/// throw where it refuses, or does not answer in time.
class browser {
public:
  /// The name of a program that can be it; nothing where there is none.
  static std::optional<std::string> program();

  browser();
  ~browser();
  browser(const browser&) = delete;
  browser& operator=(const browser&) = delete;

  void open(const std::string& url);
  void look_as(const viewport& how);
  /// Returns what an expression comes to in the page.
  nlohmann::json evaluate(const std::string& expression);
  /// Presses a key: a letter, `/`, `Tab`, `Enter` or `Escape`.
  void press(const std::string& key);
  /// Writes what is seen as PNG; makes the directory above.
  void save_screenshot(const std::string& path);
  /// Console lines, exceptions and failed requests of the page so far.
  const std::vector<std::string>& complaints() const {
    return complaints_;
  }

private:
  nlohmann::json call(const std::string& method,
                      const nlohmann::json& parameters
                      = nlohmann::json::object());
  void send(const std::string& message) const;
  nlohmann::json receive(std::chrono::steady_clock::time_point deadline);
  void keep_complaint(const nlohmann::json& event);

  temp_dir dir_;
  unique_fd to_;
  unique_fd from_;
  std::string received_;
  std::optional<child_process> process_;
  std::string session_;
  int calls_ = 0;
  std::vector<std::string> complaints_;
};

} // namespace fsshare::test
