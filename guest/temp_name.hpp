#pragma once

#include <string>
#include <string_view>

namespace fsshare {

/// Returns the name of the file that guest agents collect the chunks of
/// `file_name` in: its last extension replaced by `tmp` by the rules of Rust's
/// Path::set_extension.
std::string temp_name(std::string_view file_name);

} // namespace fsshare
