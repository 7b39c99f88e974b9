// SPDX-License-Identifier: Apache-2.0
#include "tests/support/transcript.hpp"

#include <iostream>
#include <sstream>
#include <utility>

namespace fsshare::test {

namespace {

// Each line, empty ones too, below what it belongs to.
std::string indented(const std::string& text) {
  std::istringstream in{text};
  std::string out;
  for (std::string line; std::getline(in, line);)
    out += line.empty() ? "\n" : "    " + line + "\n";
  return out;
}

} // namespace

transcript::transcript(std::string dir) : dir_(std::move(dir)) {
  std::cout << "T=" << dir_ << "\n";
}

void transcript::heading(const std::string& text) {
  std::cout << "\n== " << text << "\n" << std::flush;
}

void transcript::say(const std::string& text) {
  std::cout << readable(text) << "\n" << std::flush;
}

void transcript::command(const std::vector<std::string>& argv,
                         const std::string& output) {
  std::string line = "$";
  for (const auto& word : argv)
    line += " " + word;
  std::cout << readable(line) << "\n" << indented(output) << std::flush;
}

void transcript::check(bool holds, const std::string& sentence,
                       const std::string& details) {
  ++(holds ? held_ : failed_);
  std::cout << (holds ? "ok: " : "FAILED: ") << readable(sentence) << "\n";
  if (!holds)
    std::cout << indented(readable(details));
  std::cout << std::flush;
}

void transcript::skip(const std::string& sentence) {
  ++skipped_;
  std::cout << "skipped: " << readable(sentence) << "\n" << std::flush;
}

int transcript::finish() const {
  std::cout << "\n" << held_ << " checks ok, " << failed_ << " failed";
  if (skipped_ != 0)
    std::cout << ", " << skipped_ << " skipped";
  std::cout << std::endl;
  return failed_ == 0 && held_ != 0 ? 0 : 1;
}

std::string transcript::readable(std::string text) const {
  for (auto at = text.find(dir_); at != std::string::npos;
       at = text.find(dir_, at + 2))
    text.replace(at, dir_.size(), "$T");
  return text;
}

} // namespace fsshare::test
