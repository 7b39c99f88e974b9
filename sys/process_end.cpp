// SPDX-License-Identifier: Apache-2.0
#include "sys/process_end.hpp"

#include <fstream>
#include <string>

namespace fsshare {

bool has_ended(int pid) {
  if (pid <= 0)
    return false;
  std::ifstream status{"/proc/" + std::to_string(pid) + "/stat"};
  if (!status)
    return true;
  std::string text;
  std::getline(status, text);
  // The state stands after the name, which may have spaces and brackets.
  const auto name_end = text.rfind(')');
  return name_end != std::string::npos && text.size() > name_end + 2
         && text[name_end + 2] == 'Z';
}

} // namespace fsshare
