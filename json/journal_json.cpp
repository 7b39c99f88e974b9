// SPDX-License-Identifier: Apache-2.0
#include "json/journal_json.hpp"

#include "core/journal/journal_line.hpp"
#include "core/text/json_text.hpp"
#include "json/copy_records_json.hpp"
#include "json/prepare_record_json.hpp"
#include "json/record_reader.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace fsshare {

namespace {

using json = nlohmann::json;
using journal_words::word_for;
using journal_words::words;

constexpr words<recorded_phase, 4> phase_words{{
  {recorded_phase::intended, "intended"},
  {recorded_phase::made, "made"},
  {recorded_phase::leaving, "leaving"},
  {recorded_phase::gone, "gone"},
}};

constexpr words<rootfs_kind, 7> kind_words{{
  {rootfs_kind::forced_pull, "forced-pull"},
  {rootfs_kind::virtual_volume, "virtual-volume"},
  {rootfs_kind::nydus, "nydus"},
  {rootfs_kind::erofs, "erofs"},
  {rootfs_kind::layers, "layers"},
  {rootfs_kind::block_device, "block-device"},
  {rootfs_kind::bind, "bind"},
}};

enum class owner_word : std::uint8_t { process, nobody, unknown };

constexpr words<owner_word, 3> owner_words{{
  {owner_word::process, "process"},
  {owner_word::nobody, "nobody"},
  {owner_word::unknown, "unknown"},
}};

std::string line_of(const json& record) {
  return journal_line(
    record.dump(-1, ' ', false, json::error_handler_t::replace));
}

// -- writing ------------------------------------------------------------------

/// Of the owner: who it is, and what else is said.
struct owner_writer {
  json operator()(const unknown_owner& x) const {
    return {{"kind", "owner"}, {"is", "unknown"}, {"reason", x.reason}};
  }
  json operator()(const no_owner&) const {
    return {{"kind", "owner"}, {"is", "nobody"}};
  }
  json operator()(const process_identity& x) const {
    return {{"kind", "owner"},
            {"is", "process"},
            {"pid", x.pid},
            {"start_time", x.start_time},
            {"pid_namespace", x.pid_namespace}};
  }
  json operator()(const gone_owner& x) const {
    auto out = (*this)(x.process);
    out["gone_since"] = std::chrono::duration_cast<std::chrono::nanoseconds>(
                          x.since.time_since_epoch())
                          .count();
    return out;
  }
};

struct writer {
  json operator()(const recorded_progress& x) const {
    return {{"kind", "sandbox-phase"},
            {"phase", word_for(phase_words, x.phase)}};
  }
  json operator()(const recorded_watcher& x) const {
    return {{"kind", "watcher"}, {"runs", x.runs}};
  }
  json operator()(const recorded_owner& x) const {
    return std::visit(owner_writer{}, x.owner);
  }
  json operator()(const recorded_share& x) const {
    const auto& mount = x.mount;
    return {{"kind", "share"},
            {"share", x.share_id},
            {"container", x.container_id},
            {"source", mount.source},
            {"destination", mount.destination},
            {"type", mount.type},
            {"options", mount.options},
            {"read_only", mount.read_only},
            {"watchable", x.watchable},
            {"container_name", x.container_name}};
  }
  json operator()(const recorded_share_progress& x) const {
    return {{"kind", "share-phase"},
            {"share", x.share_id},
            {"phase", word_for(phase_words, x.phase)}};
  }
  json operator()(const recorded_rootfs& x) const {
    return {{"kind", "rootfs"},
            {"container", x.container_id},
            {"target", x.target},
            {"type", x.type},
            {"suffix", x.suffix},
            {"rootfs_kind", word_for(kind_words, x.kind)},
            {"guest_path", x.guest_path},
            {"host_path", x.host_path},
            {"image", x.image},
            {"digest", x.digest},
            {"container_name", x.container_name}};
  }
  json operator()(const recorded_rootfs_progress& x) const {
    return {{"kind", "rootfs-phase"},
            {"container", x.container_id},
            {"phase", word_for(phase_words, x.phase)}};
  }
  json operator()(const recorded_prepare& x) const {
    return prepare_record_json(x);
  }
  json operator()(const recorded_guest& x) const {
    return prepare_record_json(x);
  }
  template <class Record>
  json operator()(const Record& x) const {
    return copy_record_json(x);
  }
};

// -- reading ------------------------------------------------------------------

recorded_owner read_owner(record_reader& in) {
  const auto is = in.word("is", owner_words);
  if (is == owner_word::nobody)
    return {no_owner{}};
  if (is == owner_word::unknown)
    return {unknown_owner{in.text("reason")}};
  process_identity process;
  process.pid = static_cast<std::int32_t>(in.number32("pid"));
  process.start_time = in.number("start_time");
  process.pid_namespace = in.name("pid_namespace");
  if (!in.has("gone_since"))
    return {std::move(process)};
  const std::chrono::nanoseconds since{
    static_cast<std::int64_t>(in.number("gone_since"))};
  return {gone_owner{std::move(process), gone_owner::time_point{since}}};
}

recorded_share read_share(record_reader& in) {
  recorded_share out;
  out.share_id = in.name("share");
  out.container_id = in.id("container");
  out.mount = in.mount();
  out.watchable = in.truth("watchable");
  out.container_name = in.text("container_name");
  return out;
}

recorded_rootfs read_rootfs(record_reader& in) {
  recorded_rootfs out;
  out.container_id = in.id("container");
  out.target = in.text("target");
  out.type = in.text("type");
  out.suffix = in.text("suffix").empty() ? std::string{} : in.id("suffix");
  out.kind = in.word("rootfs_kind", kind_words);
  out.guest_path = in.text("guest_path");
  out.host_path = in.text("host_path");
  out.image = in.text("image");
  out.digest = in.text("digest");
  out.container_name = in.text("container_name");
  return out;
}

/// Returns nothing for a kind that is not known.
std::optional<journal_record> read_record(const std::string& kind,
                                          record_reader& in,
                                          const recorded_sandbox& before) {
  if (kind == "prepare")
    return read_prepare_record(in);
  if (kind == "guest")
    return read_guest_record(in);
  if (kind == "sandbox-phase")
    return recorded_progress{in.word("phase", phase_words)};
  if (kind == "watcher")
    return recorded_watcher{in.truth("runs")};
  if (kind == "owner")
    return read_owner(in);
  if (kind == "share")
    return read_share(in);
  if (kind == "share-phase")
    return recorded_share_progress{in.text("share"),
                                   in.word("phase", phase_words)};
  if (kind == "rootfs")
    return read_rootfs(in);
  if (kind == "rootfs-phase")
    return recorded_rootfs_progress{in.text("container"),
                                    in.word("phase", phase_words)};
  return read_copy_record(kind, in, before);
}

error damaged(std::size_t line, const char* what) {
  return {errc::data_loss, "line " + std::to_string(line) + " " + what};
}

result<json> parse_line(std::string_view text, std::size_t number) {
  if (is_too_deep(text))
    return damaged(number, "is nested too deeply");
  auto parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object())
    return damaged(number, "is no JSON object");
  return parsed;
}

result<journal_head> parse_head(std::string_view text) {
  const auto parsed = parse_line(text, 1);
  if (!parsed)
    return parsed.err();
  record_reader in{*parsed};
  const bool is_head = in.text("kind") == "head";
  journal_head head;
  head.format = in.number("format");
  if (in.is_good() && is_head && head.format != journal_head::known_format)
    return error{errc::unimplemented,
                 "it has format " + std::to_string(head.format)
                   + ", and this build knows format "
                   + std::to_string(journal_head::known_format)};
  head.minor = in.number("minor");
  head.boot_id = in.text("boot_id");
  head.sandbox_id = in.id("sandbox");
  head.share_root = in.text("share_root");
  if (!in.is_good() || !is_head)
    return damaged(1, "is no head");
  return head;
}

} // namespace

std::string render_journal_head(const journal_head& head) {
  return line_of({{"kind", "head"},
                  {"format", head.format},
                  {"minor", head.minor},
                  {"boot_id", head.boot_id},
                  {"sandbox", head.sandbox_id},
                  {"share_root", head.share_root}});
}

std::string render_journal_record(const journal_record& record) {
  return line_of(std::visit(writer{}, record));
}

std::string render_journal_record(const journal_record& record,
                                  const recorded_sandbox& before) {
  const auto* now = std::get_if<recorded_destination>(&record);
  const auto copy
    = now == nullptr ? before.copies.end() : before.copies.find(now->copy_id);
  if (copy == before.copies.end() || !copy->second.guest)
    return render_journal_record(record);
  return line_of(destination_change_json(*copy->second.guest, *now));
}

std::string render_journal(const journal_head& head,
                           const recorded_sandbox& sandbox) {
  auto text = render_journal_head(head);
  for (const auto& record : sandbox.records())
    text += render_journal_record(record);
  return text;
}

result<read_journal> parse_journal(std::string_view text) {
  const auto lines = split_journal(text);
  if (!lines)
    return lines.err();
  if (lines->records.empty())
    return damaged(1, "is missing");
  auto head = parse_head(lines->records.front());
  if (!head)
    return head.err();
  read_journal out{*std::move(head), {}, !lines->is_torn};
  // What it is to be appended to would be of a later minor version.
  out.is_whole = out.is_whole && out.head.minor >= journal_head::known_minor;
  const bool is_later = out.head.minor > journal_head::known_minor;
  for (std::size_t i = 1; i < lines->records.size(); ++i) {
    const auto parsed = parse_line(lines->records[i], i + 1);
    if (!parsed)
      return parsed.err();
    record_reader in{*parsed};
    const auto record = read_record(in.text("kind"), in, out.sandbox);
    if (!record && !is_later)
      return damaged(i + 1, "has a kind that is not known");
    if (!in.is_good())
      return damaged(i + 1, "lacks something");
    out.is_whole = out.is_whole && record.has_value();
    if (record)
      out.sandbox.apply(*record);
  }
  return out;
}

result<read_journal> parse_journal_of(std::string_view text,
                                      const std::string& sandbox_id,
                                      const std::string& boot_id,
                                      const std::string& share_root) {
  auto read = parse_journal(text);
  if (!read)
    return read;
  const auto& head = read->head;
  if (head.boot_id != boot_id)
    return error{errc::failed_precondition, "it is of another boot"};
  if (head.share_root != share_root)
    return error{errc::failed_precondition,
                 "it is of the share root " + head.share_root};
  if (head.sandbox_id != sandbox_id
      || read->sandbox.prepare.request.sandbox_id != sandbox_id)
    return error{errc::failed_precondition, "it is of another sandbox"};
  return read;
}

} // namespace fsshare
