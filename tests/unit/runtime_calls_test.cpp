// SPDX-License-Identifier: Apache-2.0
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <cctype>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

using nlohmann::ordered_json;

TEST_SUITE_BEGIN("runtime calls");

namespace {

using fsshare::test::read_file;

const std::vector<std::pair<std::string, std::string>> phases{
  {"sandbox_start", "the sandbox is made"},
  {"guest_start", "the guest agent has answered"},
  {"pause_start", "the pause container is made"},
  {"container_start", "a container is made"},
  {"container_end", "a container ends"},
  {"pause_end", "the pause container ends"},
  {"sandbox_end", "the sandbox ends"},
};

ordered_json calls() {
  return ordered_json::parse(read_file("tests/runtimes/calls.json"));
}

/// Returns the calls of a runtime in a phase.
ordered_json of_phase(const ordered_json& runtime, const std::string& phase) {
  return runtime.value(phase, ordered_json::array());
}

std::string row(const std::string& when, const ordered_json& call) {
  const auto method = call.at("method").get<std::string>();
  return "| " + when + " | " + method
         + (call.contains("for") ? ", for each mount" : "") + " | "
         + call.at("source").get<std::string>() + " |\n";
}

/// Returns what a document says of a runtime in one mode.
std::string section(const ordered_json& runtime, const std::string& read) {
  const auto copies = runtime.at("mode") == "copy";
  auto text = "## " + runtime.at("name").get<std::string>()
              + (copies ? ", with copies" : ", with a shared filesystem")
              + "\n\nRead in " + read + ".\n\n"
              + "| When | Call | Where the runtime makes it |\n|---|---|---|\n";
  for (const auto& [phase, when] : phases)
    for (const auto& call : of_phase(runtime, phase))
      text += row(when, call);
  return text;
}

/// Returns the methods that the list has of a runtime in copy mode.
std::set<std::string> listed_methods(const std::string& name) {
  const auto list = calls();
  std::set<std::string> found;
  for (const auto& runtime : list.at("runtimes"))
    if (runtime.at("name") == name && runtime.at("mode") == "copy")
      for (const auto& [phase, when] : phases)
        for (const auto& call : of_phase(runtime, phase))
          found.insert(call.at("method"));
  return found;
}

/// Returns share_files as ShareFiles.
std::string method_of(const std::string& function) {
  std::string method;
  bool is_first = true;
  for (const char each : function) {
    if (each != '_')
      method += is_first ? static_cast<char>(std::toupper(each)) : each;
    is_first = each == '_';
  }
  return method;
}

/// Returns the methods that an adapter calls.
std::set<std::string> called_methods(const std::string& file) {
  const auto text = read_file(file);
  const std::regex call{R"(client\s*\.(\w+)\((?:ctx|&request))"};
  std::set<std::string> found;
  for (std::sregex_iterator it{text.begin(), text.end(), call}, end; it != end;
       ++it)
    found.insert(method_of((*it)[1]));
  return found;
}

} // namespace

TEST_CASE("the document has every call of the runtimes, with its source") {
  const auto list = calls();
  const auto text = read_file("docs/runtimes/calls.md");
  std::size_t sections = 0;
  for (const auto& runtime : list.at("runtimes")) {
    const auto& read = list.at("read").at(runtime.at("name"));
    const auto wanted = section(runtime, read);
    CHECK_MESSAGE(text.find(wanted) != std::string::npos, wanted);
    ++sections;
  }
  std::size_t headings = 0;
  for (auto at = text.find("\n## "); at != std::string::npos;
       at = text.find("\n## ", at + 1))
    ++headings;
  CHECK(sections == 6);
  CHECK(headings == sections);
}

TEST_CASE("every call of the runtimes is a method, and names a file and what "
          "is in it") {
  const auto list = calls();
  const auto proto = read_file("proto/fsshare.proto");
  const std::regex source{R"([\w./-]+\.(rs|go): .*\w{4}.*)"};
  std::size_t seen = 0;
  for (const auto& runtime : list.at("runtimes"))
    for (const auto& [phase, when] : phases)
      for (const auto& call : of_phase(runtime, phase)) {
        const auto method = call.at("method").get<std::string>();
        CHECK_MESSAGE(proto.find("rpc " + method + "(") != std::string::npos,
                      method);
        CHECK_MESSAGE(
          std::regex_match(call.at("source").get<std::string>(), source),
          call.at("source"));
        ++seen;
      }
  CHECK(seen > 30);
}

TEST_CASE("the adapters make the calls that the list has of their runtimes, "
          "and no others") {
  CHECK(called_methods("adapters/kata-go/fs_share_fsshare.go")
        == listed_methods("kata-go"));
  CHECK(called_methods("adapters/kata-runtime-rs/src/volume/fsshare_volume.rs")
        == listed_methods("runtime-rs"));
}

TEST_SUITE_END();
