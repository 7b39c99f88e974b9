// SPDX-License-Identifier: Apache-2.0
#include "core/journal/journal_line.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace fsshare {

namespace {

constexpr std::string_view head = R"({"crc":")";
constexpr std::string_view middle = R"(","record":)";
constexpr std::string_view tail = "}";
constexpr std::size_t sum_digits = 8;

// Eight bytes at a step, a table for each place in them ("slicing by 8", M. E.
// Kounavis and F. L. Berry, 2005): each line is summed before it is written.
constexpr std::size_t places = 8;
using sum_tables = std::array<std::array<std::uint32_t, 256>, places>;

constexpr sum_tables make_tables() {
  constexpr std::uint32_t reversed_polynomial = 0x82f63b78U;
  sum_tables tables{};
  for (std::uint32_t i = 0; i < tables[0].size(); ++i) {
    auto value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value >> 1U) ^ ((value & 1U) != 0 ? reversed_polynomial : 0U);
    tables[0][i] = value;
  }
  for (std::size_t place = 1; place < places; ++place)
    for (std::size_t i = 0; i < tables[0].size(); ++i) {
      const auto before = tables[place - 1][i];
      tables[place][i] = (before >> 8U) ^ tables[0][before & 0xffU];
    }
  return tables;
}

constexpr auto tables = make_tables();

std::string sum_of(std::string_view json) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto sum = crc32c(json);
  std::string text(sum_digits, '0');
  for (std::size_t i = text.size(); i-- > 0; sum >>= 4U)
    text[i] = digits[sum & 0xfU];
  return text;
}

/// Returns the JSON of a line; empty for one that is damaged.
std::string_view record_in(std::string_view line) {
  const auto before = head.size() + sum_digits + middle.size();
  if (line.size() <= before + tail.size() || !line.starts_with(head)
      || line.substr(head.size() + sum_digits, middle.size()) != middle
      || !line.ends_with(tail))
    return {};
  const auto json = line.substr(before, line.size() - before - tail.size());
  return line.substr(head.size(), sum_digits) == sum_of(json)
           ? json
           : std::string_view{};
}

} // namespace

std::uint32_t crc32c(std::string_view text) {
  static_assert(std::endian::native == std::endian::little);
  const auto& [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  auto sum = ~std::uint32_t{0};
  for (; text.size() >= places; text.remove_prefix(places)) {
    std::uint64_t x = 0;
    std::memcpy(&x, text.data(), places);
    x ^= sum;
    sum = t7[x & 0xffU] ^ t6[x >> 8U & 0xffU] ^ t5[x >> 16U & 0xffU]
          ^ t4[x >> 24U & 0xffU] ^ t3[x >> 32U & 0xffU] ^ t2[x >> 40U & 0xffU]
          ^ t1[x >> 48U & 0xffU] ^ t0[x >> 56U];
  }
  for (const char c : text)
    sum = (sum >> 8U) ^ t0[(sum ^ static_cast<unsigned char>(c)) & 0xffU];
  return ~sum;
}

std::string journal_line(std::string_view json) {
  std::string line;
  line.reserve(head.size() + sum_digits + middle.size() + json.size()
               + tail.size() + 1);
  line.append(head).append(sum_of(json)).append(middle).append(json);
  return line.append(tail).append("\n");
}

result<journal_lines> split_journal(std::string_view text) {
  journal_lines out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
      out.is_torn = true;
      break;
    }
    const auto json = record_in(text.substr(0, end));
    if (json.empty())
      return error{errc::data_loss,
                   "line " + std::to_string(number) + " is damaged"};
    out.records.push_back(json);
    text.remove_prefix(end + 1);
  }
  return out;
}

} // namespace fsshare
