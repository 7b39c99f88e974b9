#include "guest/temp_name.hpp"

namespace fsshare {

std::string temp_name(std::string_view file_name) {
  const auto dot = file_name.rfind('.');
  // A dot in the first place begins a name, not an extension.
  const auto has_extension = dot != std::string_view::npos && dot != 0;
  return std::string{
           file_name.substr(0, has_extension ? dot : std::string_view::npos)}
         + ".tmp";
}

} // namespace fsshare
