// SPDX-License-Identifier: Apache-2.0
#include "config/describe_config.hpp"
#include "config/parse_config.hpp"
#include "log/log.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace fsshare;
using nlohmann::json;
using test::read_file;

TEST_SUITE_BEGIN("docs");

namespace {

namespace fs = std::filesystem;

/// Returns what `./dev docs` has written into a document.
std::string written(const std::string& file, const std::string& name) {
  const auto text = read_file(file);
  const auto begin = text.find(name + ": ./dev docs writes this");
  const auto end = text.find("end of " + name);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const auto first = text.find('\n', begin) + 1;
  return text.substr(first, text.rfind('\n', end) + 1 - first);
}

std::vector<std::string> files_in(const std::vector<std::string>& folders,
                                  const std::string& ending) {
  std::vector<std::string> found;
  for (const auto& folder : folders)
    for (const auto& each : fs::directory_iterator{folder})
      if (each.path().string().ends_with(ending))
        found.push_back(each.path().string());
  return found;
}

std::vector<std::string> documents() {
  return files_in({".", "docs", "docs/adr"}, ".md");
}

/// Everything that a regular expression's first group matches.
std::vector<std::string> all_of(const std::string& text,
                                const std::string& expression) {
  const std::regex wanted{expression};
  std::vector<std::string> found;
  for (std::sregex_iterator it{text.begin(), text.end(), wanted}, end;
       it != end; ++it)
    found.push_back((*it)[1]);
  return found;
}

bool is_known(const std::string& event) {
  return std::any_of(log::known_events.begin(), log::known_events.end(),
                     [&event](const log::known_event& each) {
                       return each.name == event;
                     });
}

/// What a source calls exit codes.
std::set<std::string> exit_codes_of(const std::string& source) {
  auto codes = all_of(source, R"(constexpr int exit_\w+ = (\d+);)");
  const auto listed = all_of(source, R"(enum exit_code : int \{([^}]*)\})");
  for (const auto& list : listed)
    for (const auto& code : all_of(list, R"(= (\d+),)"))
      codes.push_back(code);
  return {codes.begin(), codes.end()};
}

std::set<std::string> exit_codes_of_page(const std::string& page) {
  const auto sections = all_of(page, R"(\n\.SH EXIT STATUS\n([^]*?)\n\.SH )");
  REQUIRE(sections.size() == 1);
  const auto codes = all_of(sections.front(), R"(\.TP\n\.B (\d+)\n)");
  return {codes.begin(), codes.end()};
}

/// Of the rows that say something of a program.
std::set<std::string> exit_codes_of_table(const std::string& guide,
                                          std::size_t column) {
  const auto sections = all_of(guide, R"(\n## Exit codes\n([^]*?)\n## )");
  REQUIRE(sections.size() == 1);
  std::set<std::string> codes;
  for (const auto& row : all_of(sections.front(), R"(\n(\| \d+ \|[^\n]*))")) {
    const auto cells = all_of(row, R"(\| ([^|]*) )");
    REQUIRE(cells.size() == 4);
    if (cells.at(column) != "–")
      codes.insert(cells.front());
  }
  return codes;
}

/// Checks that a schema knows the keys of an object, with their defaults, and
/// no others.
void check_schema(const json& schema, const json& defaults,
                  const std::string& where) {
  INFO(where);
  CHECK(schema.at("additionalProperties") == false);
  const auto& known = schema.at("properties");
  REQUIRE(known.size() == defaults.size());
  for (auto it = defaults.begin(); it != defaults.end(); ++it) {
    INFO(it.key());
    REQUIRE(known.contains(it.key()));
    const auto& entry = known.at(it.key());
    if (it->is_object()) {
      check_schema(entry, *it, where + "/" + it.key());
      continue;
    }
    CHECK(entry.at("default") == *it);
    CHECK(entry.at("description").get<std::string>().size() > 10);
    // What a value may be is said in one way or another.
    CHECK((entry.contains("enum") || entry.contains("pattern")
           || entry.contains("minimum") || entry.contains("items")
           || entry.at("type") == json({"boolean", "null"})));
  }
}

} // namespace

TEST_CASE("what documents say of the keys of the configuration is what the "
          "program says") {
  CHECK(written("docs/configuration.md", "keys") == config_as_markdown());
  CHECK(written("docs/man/fsshare.json.5", "keys") == config_as_man());
  CHECK(read_file("config/schema.json") == config_as_schema());
  CHECK(read_file("config/example.json") == to_json_text(node_config{}));
}

TEST_CASE("the examples of fsshare.json(5) are configurations") {
  const auto page = std::regex_replace(read_file("docs/man/fsshare.json.5"),
                                       std::regex{R"(\\-)"}, "-");
  const auto examples = all_of(page, R"(\n\.nf\n([^]*?)\n\.fi\n)");
  CHECK(examples.size() == 2);
  for (const auto& example : examples) {
    const auto parsed = parse_config({{"config.json", example}}, {});
    CHECK_MESSAGE(parsed, parsed.err().message);
    CHECK(*parsed != node_config{});
  }
}

TEST_CASE("every key of the configuration has a row with type, unit, default "
          "and sentence") {
  const auto rows = all_of(config_as_markdown(), "(\\| `[^\\n]*)\\n");
  const std::regex row{
    R"(\| `[a-z_.-]+` \| .+ \| [^ |][^|]* \| `.+` \| .*[^ ]\. \|)"};
  REQUIRE(rows.size() > 30);
  for (const auto& each : rows) {
    CHECK_MESSAGE(std::regex_match(each, row), each);
    // A number without a unit is a bug.
    if (std::regex_search(each, std::regex{R"(\| (\d+ to|at least) )"}))
      CHECK_MESSAGE(each.find(" | – | ") == std::string::npos, each);
  }
}

TEST_CASE("the JSON Schema has every key with its default, and refuses "
          "others") {
  const auto schema = json::parse(config_as_schema());
  check_schema(schema, json::parse(to_json_text(node_config{})), "");
  const auto& window
    = schema.at(json::json_pointer{"/properties/copy/properties/window_bytes"});
  CHECK(window.at("minimum") == 1048576);
  CHECK(window.at("maximum") == 1073741824);
  CHECK(window.at("type") == json({"integer", "null"}));
  const auto& level
    = schema.at(json::json_pointer{"/properties/log/properties/level"});
  CHECK(level.at("enum")
        == json({"debug", "info", "warning", "error", nullptr}));
}

TEST_CASE("documents have every event of the log, and none that does not "
          "exist") {
  CHECK(written("docs/operating.md", "events") == log::events_as_markdown());
  std::size_t seen = 0;
  for (const auto& file : documents())
    for (const auto& event : all_of(read_file(file), "event=([a-z-]+)")) {
      CHECK_MESSAGE(is_known(event), file, ": ", event);
      ++seen;
    }
  CHECK(seen > 5);
  CHECK_FALSE(is_known("no-such-event"));
}

TEST_CASE("every event of the list is logged, and listed once at a level") {
  std::string sources;
  for (const auto& file : files_in({"actors", "log", "main"}, ".cpp"))
    sources += read_file(file);
  std::vector<std::pair<std::string_view, log_level>> listed;
  for (const auto& each : log::known_events) {
    const auto quoted = "\"" + std::string{each.name} + "\"";
    CHECK_MESSAGE(sources.find(quoted) != std::string::npos, each.name);
    CHECK_MESSAGE(each.about.ends_with("."), each.name);
    const std::pair entry{each.name, each.level};
    CHECK_MESSAGE(std::count(listed.begin(), listed.end(), entry) == 0,
                  each.name);
    listed.push_back(entry);
  }
}

TEST_CASE("every exit code is in the program's manual page and in the "
          "operators' guide, and no other") {
  struct program {
    std::string page;
    std::string source;
    std::size_t column;
  };
  const auto guide = read_file("docs/operating.md");
  for (const auto& [page, source, column] :
       {program{"docs/man/fsshared.8", "main/fsshared.cpp", 1},
        program{"docs/man/fssharectl.1", "ctl/program.hpp", 2},
        program{"docs/man/fsshare-guest.1", "main/fsshare_guest.cpp", 3}}) {
    CAPTURE(page);
    auto codes = exit_codes_of(read_file(source));
    codes.insert({"0", "1"});
    CHECK(codes.size() > 2);
    CHECK(exit_codes_of_page(read_file(page)) == codes);
    CHECK(exit_codes_of_table(guide, column) == codes);
  }
}

TEST_CASE("every link between documents leads to a file") {
  std::size_t seen = 0;
  for (const auto& file : documents())
    for (const auto& link :
         all_of(read_file(file), R"(\]\(([^)#:\s]+)(?:#[^)]*)?\))")) {
      CHECK_MESSAGE(fs::exists(fs::path{file}.parent_path() / link), file,
                    " links ", link);
      ++seen;
    }
  CHECK(seen > 50);
}

TEST_CASE("the walk of a rotation leads through functions that there are, and "
          "is counted right") {
  const auto text = read_file("ARCHITECTURE.md");
  const auto begin = text.find("### A rotation, stop by stop");
  REQUIRE(begin != std::string::npos);
  const auto walk = text.substr(begin, text.find("\n#", begin + 1) - begin);
  const std::regex row{"\\| ([0-9]+) \\| `([^`]+)`: `([a-z_]+)` \\|"};
  std::size_t stops = 0;
  std::size_t changes = 0;
  std::string before;
  for (std::sregex_iterator it{walk.begin(), walk.end(), row}, end; it != end;
       ++it) {
    const std::string file = (*it)[2];
    const std::string name = (*it)[3];
    INFO(file, ": ", name);
    CHECK((*it)[1] == std::to_string(++stops));
    REQUIRE(fs::exists(file));
    CHECK(std::regex_search(read_file(file), std::regex{"\\b" + name + "\\b"}));
    const auto folder = file.substr(0, file.find('/'));
    changes += !before.empty() && folder != before ? 1 : 0;
    before = folder;
  }
  CHECK(all_of(walk, "is ([0-9]+) stops")
        == std::vector{std::to_string(stops)});
  CHECK(all_of(walk, "stops and ([0-9]+) changes")
        == std::vector{std::to_string(changes)});
}

TEST_SUITE_END();
