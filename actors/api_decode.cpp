// SPDX-License-Identifier: Apache-2.0
#include "actors/api_decode.hpp"

#include "core/text/utf8.hpp"

#include <cstdint>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

namespace fsshare {

namespace {

namespace pb = google::protobuf;
using wire = pb::internal::WireFormatLite;

// Deeper than any message of the API.
constexpr int max_depth = 16;

std::string find_in(const pb::Descriptor& type, std::string_view encoded,
                    int depth);

std::string name_of(const pb::FieldDescriptor* field, int number) {
  return field != nullptr ? field->name() : "field " + std::to_string(number);
}

// Of what a length stands before: a text, a message, or bytes.
std::string find_in_bytes(const pb::FieldDescriptor& field,
                          std::string_view value, int depth) {
  if (field.type() == pb::FieldDescriptor::TYPE_STRING && !is_utf8(value))
    return field.name() + " (not UTF-8)";
  if (field.type() != pb::FieldDescriptor::TYPE_MESSAGE || depth == 0)
    return {};
  const auto inner = find_in(*field.message_type(), value, depth - 1);
  return inner.empty() ? inner : field.name() + "." + inner;
}

bool skip_number(pb::io::CodedInputStream& in, wire::WireType kind) {
  std::uint64_t large = 0;
  std::uint32_t small = 0;
  switch (kind) {
  case wire::WIRETYPE_VARINT: return in.ReadVarint64(&large);
  case wire::WIRETYPE_FIXED64: return in.ReadLittleEndian64(&large);
  case wire::WIRETYPE_FIXED32: return in.ReadLittleEndian32(&small);
  default: return false;
  }
}

std::string find_in(const pb::Descriptor& type, std::string_view encoded,
                    int depth) {
  pb::io::CodedInputStream in{
    reinterpret_cast<const std::uint8_t*>(encoded.data()),
    static_cast<int>(encoded.size())};
  while (const auto tag = in.ReadTag()) {
    const auto number = wire::GetTagFieldNumber(tag);
    const auto* field = type.FindFieldByNumber(number);
    const auto kind = wire::GetTagWireType(tag);
    if (kind != wire::WIRETYPE_LENGTH_DELIMITED) {
      if (number == 0 || !skip_number(in, kind))
        return name_of(field, number);
      continue;
    }
    std::uint32_t size = 0;
    std::string value;
    if (!in.ReadVarint32(&size)
        || !in.ReadString(&value, static_cast<int>(size)))
      return name_of(field, number);
    if (field == nullptr)
      continue;
    if (auto bad = find_in_bytes(*field, value, depth); !bad.empty())
      return bad;
  }
  return {};
}

} // namespace

std::string undecodable_field(const pb::Descriptor& type,
                              std::string_view encoded) {
  return find_in(type, encoded, max_depth);
}

} // namespace fsshare
