// SPDX-License-Identifier: Apache-2.0
#include "tests/operators/browser.hpp"

#include "core/text/base64.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <system_error>

namespace fsshare::test {

namespace {

using nlohmann::json;
using std::chrono::steady_clock;

[[noreturn]] void refuse(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// Opened for both ways, so that neither side waits for the other.
unique_fd open_pipe(const std::string& path) {
  if (::mkfifo(path.c_str(), 0600) < 0)
    refuse("mkfifo " + path);
  unique_fd fd{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
  if (!fd)
    refuse("open " + path);
  return fd;
}

// The sandbox of Chromium takes user namespaces, which not every machine of
// continuous integration has.
constexpr const char* start_program
  = "exec \"$1\" --headless --no-sandbox --disable-gpu "
    "--disable-dev-shm-usage --no-first-run --user-data-dir=\"$2/profile\" "
    "--remote-debugging-pipe about:blank 3<\"$2/to\" 4>\"$2/from\"";

/// What a keyboard sends for a key.
json key_event(const std::string& key) {
  static const std::map<std::string, int> named{
    {"Tab", 9}, {"Enter", 13}, {"Escape", 27}};
  json event{{"type", "keyDown"}, {"key", key}};
  const auto found = named.find(key);
  if (found == named.end())
    event["text"] = key;
  else {
    event["code"] = key;
    event["windowsVirtualKeyCode"] = found->second;
  }
  if (key == "Enter")
    event["text"] = "\r";
  return event;
}

} // namespace

std::optional<std::string> browser::program() {
  for (const char* name :
       {"chromium-headless-shell", "chromium", "chromium-browser"})
    if (run_process({"/bin/sh", "-c", "command -v \"$1\"", "sh", name})
          .exit_code
        == 0)
      return name;
  return std::nullopt;
}

browser::browser()
  : to_(open_pipe(dir_ / "to")), from_(open_pipe(dir_ / "from")) {
  process_.emplace(std::vector<std::string>{
    "/bin/sh", "-c", start_program, "sh", program().value(), dir_.path()});
  const auto page = call("Target.createTarget", {{"url", "about:blank"}});
  session_ = call("Target.attachToTarget",
                  {{"targetId", page.at("targetId")}, {"flatten", true}})
               .at("sessionId");
  for (const char* domain : {"Page.enable", "Runtime.enable", "Log.enable"})
    call(domain);
}

browser::~browser() {
  try {
    session_.clear();
    call("Browser.close");
    process_->wait();
  } catch (const std::exception&) {
    // It is killed with the process.
  }
}

void browser::open(const std::string& url) {
  const auto got = call("Page.navigate", {{"url", url}});
  if (got.contains("errorText"))
    throw std::runtime_error("open " + url + ": "
                             + got.at("errorText").get<std::string>());
}

void browser::look_as(const viewport& how) {
  call("Emulation.setDeviceMetricsOverride", {{"width", how.width},
                                              {"height", how.height},
                                              {"deviceScaleFactor", 1},
                                              {"mobile", how.width < 600}});
  call(
    "Emulation.setEmulatedMedia",
    {{"features", json::array({{{"name", "prefers-color-scheme"},
                                {"value", how.is_dark ? "dark" : "light"}}})}});
}

json browser::evaluate(const std::string& expression) {
  const auto got = call("Runtime.evaluate", {{"expression", expression},
                                             {"returnByValue", true},
                                             {"awaitPromise", true}});
  if (got.contains("exceptionDetails"))
    throw std::runtime_error("evaluate " + expression + ": "
                             + got.at("exceptionDetails").dump());
  return got.at("result").value("value", json{});
}

void browser::press(const std::string& key) {
  auto event = key_event(key);
  call("Input.dispatchKeyEvent", event);
  event["type"] = "keyUp";
  event.erase("text");
  call("Input.dispatchKeyEvent", event);
}

void browser::save_screenshot(const std::string& path) {
  const auto got = call("Page.captureScreenshot");
  const auto bytes = decode_base64(got.at("data").get<std::string>());
  std::filesystem::create_directories(
    std::filesystem::path{path}.parent_path());
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << bytes.value();
  if (!file.flush())
    refuse("write " + path);
}

json browser::call(const std::string& method, const json& parameters) {
  const int id = ++calls_;
  json message{{"id", id}, {"method", method}, {"params", parameters}};
  if (!session_.empty())
    message["sessionId"] = session_;
  send(message.dump());
  const auto deadline = steady_clock::now() + child_process::patience;
  for (;;) {
    const auto got = receive(deadline);
    if (got.value("id", 0) != id) {
      keep_complaint(got);
      continue;
    }
    if (got.contains("error"))
      throw std::runtime_error(method + ": " + got.at("error").dump());
    return got.at("result");
  }
}

void browser::send(const std::string& message) const {
  // With the zero byte that ends it.
  const char* next = message.c_str();
  for (auto left = message.size() + 1; left > 0;) {
    const auto written = ::write(to_.get(), next, left);
    if (written < 0)
      refuse("write to the browser");
    next += written;
    left -= static_cast<std::size_t>(written);
  }
}

json browser::receive(steady_clock::time_point deadline) {
  for (;;) {
    if (const auto end = received_.find('\0'); end != std::string::npos) {
      auto message = json::parse(received_.substr(0, end));
      received_.erase(0, end + 1);
      return message;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      deadline - steady_clock::now());
    pollfd ready{from_.get(), POLLIN, 0};
    if (left.count() <= 0
        || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0)
      throw std::runtime_error("the browser does not answer: "
                               + process_->errors());
    std::array<char, 65536> bytes{};
    const auto got = ::read(from_.get(), bytes.data(), bytes.size());
    if (got < 0)
      refuse("read from the browser");
    received_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

void browser::keep_complaint(const json& event) {
  const auto method = event.value("method", "");
  if (method == "Runtime.consoleAPICalled"
      || method == "Runtime.exceptionThrown" || method == "Log.entryAdded")
    complaints_.push_back(event.at("params").dump());
}

} // namespace fsshare::test
