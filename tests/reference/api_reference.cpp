// SPDX-License-Identifier: Apache-2.0
#include "tests/reference/api_reference.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <stdexcept>

namespace fsshare::test {

namespace {

namespace pb = google::protobuf;

/// A comment as one line of a table or a paragraph.
std::string joined(std::string comment) {
  std::replace(comment.begin(), comment.end(), '\n', ' ');
  std::string out;
  for (const char each : comment) {
    if (each == ' ' && (out.empty() || out.back() == ' '))
      continue;
    if (each == '|')
      out += '\\';
    out += each;
  }
  while (!out.empty() && out.back() == ' ')
    out.pop_back();
  return out;
}

template <class Descriptor>
std::string comment_of(const Descriptor& of) {
  pb::SourceLocation at;
  if (!of.GetSourceLocation(&at))
    return {};
  return joined(at.leading_comments + " " + at.trailing_comments);
}

std::string link_to(const std::string& name) {
  std::string anchor = name;
  std::transform(anchor.begin(), anchor.end(), anchor.begin(), [](char each) {
    return each >= 'A' && each <= 'Z' ? static_cast<char>(each + ('a' - 'A'))
                                      : each;
  });
  return "[" + name + "](#" + anchor + ")";
}

std::string type_of(const pb::FieldDescriptor& field) {
  if (field.is_map())
    return "map of " + type_of(*field.message_type()->field(0)) + " to "
           + type_of(*field.message_type()->field(1));
  std::string name = field.type_name();
  if (const auto* message = field.message_type())
    name = link_to(message->name());
  else if (const auto* list = field.enum_type())
    name = link_to(list->name());
  return field.is_repeated() ? "list of " + name : name;
}

void add_paragraph(std::string& out, const std::string& text) {
  if (!text.empty())
    out += text + "\n\n";
}

void add_row(std::string& out, const std::string& name, int number,
             const std::string& type, const std::string& about) {
  out += "| `" + name + "` | " + std::to_string(number) + " |";
  if (!type.empty())
    out += " " + type + " |";
  out += (about.empty() ? "" : " " + about) + " |\n";
}

void add_enum(std::string& out, const pb::EnumDescriptor& list) {
  out += "### " + list.name() + "\n\n";
  add_paragraph(out, comment_of(list));
  out += "| Value | Number | Meaning |\n|---|---|---|\n";
  for (int i = 0; i < list.value_count(); ++i)
    add_row(out, list.value(i)->name(), list.value(i)->number(), {},
            comment_of(*list.value(i)));
  out += "\n";
}

void add_message(std::string& out, const pb::Descriptor& message) {
  out += "### " + message.name() + "\n\n";
  add_paragraph(out, comment_of(message));
  if (message.field_count() == 0)
    add_paragraph(out, "It has no fields.");
  else
    out += "| Field | Number | Type | Meaning |\n|---|---|---|---|\n";
  for (int i = 0; i < message.field_count(); ++i)
    add_row(out, message.field(i)->name(), message.field(i)->number(),
            type_of(*message.field(i)), comment_of(*message.field(i)));
  if (message.field_count() > 0)
    out += "\n";
  for (int i = 0; i < message.enum_type_count(); ++i)
    add_enum(out, *message.enum_type(i));
}

void add_calls(std::string& out, const pb::ServiceDescriptor& service) {
  out += "## Calls\n\nOf the service `" + service.full_name() + "`.\n\n";
  out += "| Call | Takes | Answers | What it does |\n|---|---|---|---|\n";
  for (int i = 0; i < service.method_count(); ++i) {
    const auto& call = *service.method(i);
    const auto about = comment_of(call);
    out += "| `" + call.name() + "` | " + link_to(call.input_type()->name())
           + " | " + link_to(call.output_type()->name()) + " |"
           + (about.empty() ? "" : " " + about) + " |\n";
  }
  out += "\n";
}

/// What the file says before `syntax`.
std::string head_of(const pb::FileDescriptor& file) {
  pb::SourceLocation at;
  std::string out;
  if (!file.GetSourceLocation({pb::FileDescriptorProto::kSyntaxFieldNumber},
                              &at))
    return out;
  auto text = at.leading_comments;
  if (text.starts_with(" SPDX-"))
    text.erase(0, text.find('\n'));
  // Paragraphs are apart by an empty line.
  for (std::size_t end = text.find("\n\n"); !text.empty();
       end = text.find("\n\n")) {
    add_paragraph(out, joined(text.substr(0, end)));
    text.erase(0, end == std::string::npos ? end : end + 2);
  }
  return out;
}

} // namespace

std::string api_as_markdown(const std::string& descriptors) {
  pb::FileDescriptorSet files;
  if (!files.ParseFromString(descriptors) || files.file_size() != 1)
    throw std::runtime_error("not the descriptors of one file");
  pb::DescriptorPool pool;
  const auto* read = pool.BuildFile(files.file(0));
  if (read == nullptr)
    throw std::runtime_error("descriptors that contradict themselves");
  std::string out = head_of(*read);
  for (int i = 0; i < read->service_count(); ++i)
    add_calls(out, *read->service(i));
  out += "## Messages\n\n";
  for (int i = 0; i < read->message_type_count(); ++i)
    add_message(out, *read->message_type(i));
  out += "## Enums\n\n";
  for (int i = 0; i < read->enum_type_count(); ++i)
    add_enum(out, *read->enum_type(i));
  out.pop_back();
  return out;
}

} // namespace fsshare::test
