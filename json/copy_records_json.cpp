// SPDX-License-Identifier: Apache-2.0
#include "json/copy_records_json.hpp"

#include "json/guest_record_json.hpp"

#include <utility>

namespace fsshare {

namespace {

using json = nlohmann::json;
using journal_words::word_for;
using journal_words::words;

constexpr words<source_kind, 2> kind_words{{
  {source_kind::volume, "volume"},
  {source_kind::tree, "tree"},
}};

constexpr words<copy_life, 2> life_words{{
  {copy_life::until_last_share, "last-share"},
  {copy_life::until_sandbox_ends, "sandbox"},
}};

constexpr words<part_step, 3> part_words{{
  {part_step::begun, "begun"},
  {part_step::whole, "whole"},
  {part_step::failed, "failed"},
}};

constexpr words<copy_category, 8> category_words{{
  {copy_category::configmap, "configmap"},
  {copy_category::secret, "secret"},
  {copy_category::projected, "projected"},
  {copy_category::downward_api, "downward-api"},
  {copy_category::image_volumes, "image-volumes"},
  {copy_category::network_files, "network-files"},
  {copy_category::other_files, "other-files"},
  {copy_category::other_directories, "other-directories"},
}};

recorded_copy read_copy(record_reader& in) {
  recorded_copy out;
  auto& terms = out.terms;
  out.copy_id = in.name("copy");
  terms.kind = in.word("source_kind", kind_words);
  terms.life = in.word("until", life_words);
  terms.key = in.text("key");
  terms.source = in.text("source");
  terms.guest_path = in.text("guest_path");
  terms.container_id = in.text("container");
  terms.destination = in.text("destination");
  terms.becomes_volume = in.truth("becomes_volume");
  // Version 3 had no such copies.
  terms.is_emptied = in.has("is_emptied") && in.truth("is_emptied");
  // Nor version 4 these.
  terms.is_local = in.has("is_local") && in.truth("is_local");
  terms.fs_group = static_cast<std::uint32_t>(in.number("fs_group"));
  return out;
}

recorded_tree read_tree_record(record_reader& in) {
  recorded_tree out;
  out.copy_id = in.name("copy");
  out.is_file = in.truth("is_file");
  out.would_be_denied = in.truth("would_be_denied");
  out.skipped = read_skipped(in, "skipped");
  out.notes = in.texts("notes");
  out.parts = in.set<std::set<std::string, std::less<>>>("parts");
  out.room = in.number("room");
  out.landmark = in.text("landmark");
  return out;
}

recorded_part read_part(record_reader& in) {
  recorded_part out;
  out.copy_id = in.name("copy");
  out.part = in.text("part");
  out.step = in.word("step", part_words);
  out.entries = in.set<std::set<std::string, std::less<>>>("entries");
  return out;
}

// What is changed has to be there.
recorded_destination read_destination_change(record_reader& in,
                                             const recorded_sandbox& before) {
  recorded_destination out{in.name("copy"), {}};
  const auto known = before.copies.find(out.copy_id);
  if (known == before.copies.end() || !known->second.guest) {
    in.refuse();
    return out;
  }
  out.guest = *known->second.guest;
  in.object("guest", [&out](record_reader& guest) {
    read_changed_guest_members(guest, out.guest);
  });
  return out;
}

recorded_push read_push(record_reader& in) {
  recorded_push out;
  out.copy_id = in.name("copy");
  out.push.name = in.name("name");
  out.push.room = in.number("room");
  out.push.host_name = in.name("generation");
  out.push.attempts = in.number("attempts");
  out.push.links = in.set<std::set<std::string>>("links");
  out.push.sends_root = in.truth("sends_root");
  return out;
}

recorded_copied_share read_copied_share(record_reader& in) {
  recorded_copied_share out;
  out.share_id = in.name("share");
  out.container_id = in.id("container");
  out.mount = in.mount();
  out.copy_id = in.text("copy");
  out.is_volume = in.truth("is_volume");
  out.inside = in.text("inside");
  out.resolved = in.text("resolved");
  if (in.has("category"))
    out.category = in.word("category", category_words);
  out.would_be_denied = in.truth("would_be_denied");
  out.ignored = in.truth("ignored");
  out.reason = in.text("reason");
  out.guest_path = in.text("guest_path");
  out.generation = in.text("generation");
  out.skipped = read_skipped(in, "skipped");
  out.notes = in.texts("notes");
  out.container_name = in.text("container_name");
  return out;
}

} // namespace

json copy_record_json(const recorded_copy& x) {
  const auto& terms = x.terms;
  return {{"kind", "copy"},
          {"copy", x.copy_id},
          {"source_kind", word_for(kind_words, terms.kind)},
          {"until", word_for(life_words, terms.life)},
          {"key", terms.key},
          {"source", terms.source},
          {"guest_path", terms.guest_path},
          {"container", terms.container_id},
          {"destination", terms.destination},
          {"becomes_volume", terms.becomes_volume},
          {"is_emptied", terms.is_emptied},
          {"is_local", terms.is_local},
          {"fs_group", terms.fs_group}};
}

json copy_record_json(const recorded_tree& x) {
  return {{"kind", "tree"},
          {"copy", x.copy_id},
          {"is_file", x.is_file},
          {"would_be_denied", x.would_be_denied},
          {"skipped", skipped_json(x.skipped)},
          {"notes", x.notes},
          {"parts", x.parts},
          {"room", x.room},
          {"landmark", x.landmark}};
}

json copy_record_json(const recorded_part& x) {
  return {{"kind", "part"},
          {"copy", x.copy_id},
          {"part", x.part},
          {"step", word_for(part_words, x.step)},
          {"entries", x.entries}};
}

json copy_record_json(const recorded_copy_end& x) {
  return {{"kind", "copy-end"}, {"copy", x.copy_id}};
}

json copy_record_json(const recorded_destination& x) {
  return {{"kind", "destination"},
          {"copy", x.copy_id},
          {"guest", guest_members_json(x.guest)}};
}

json copy_record_json(const recorded_push& x) {
  const auto& push = x.push;
  return {{"kind", "push"},
          {"copy", x.copy_id},
          {"name", push.name},
          {"room", push.room},
          {"generation", push.host_name},
          {"attempts", push.attempts},
          {"links", push.links},
          {"sends_root", push.sends_root}};
}

json copy_record_json(const recorded_files& x) {
  return {{"kind", "files"},
          {"root", x.what.root},
          {"sizes", x.what.sizes},
          {"sealed", x.what.sealed}};
}

json copy_record_json(const recorded_emptying& x) {
  return {{"kind", "emptied"}, {"path", x.path}};
}

json copy_record_json(const recorded_leftover& x) {
  json out{{"kind", "leftover"}, {"path", x.path}, {"is_gone", !x.reason}};
  if (x.reason)
    out["reason"] = *x.reason;
  return out;
}

json copy_record_json(const recorded_copied_share& x) {
  json out{{"kind", "copied-share"},
           {"share", x.share_id},
           {"container", x.container_id},
           {"source", x.mount.source},
           {"destination", x.mount.destination},
           {"type", x.mount.type},
           {"options", x.mount.options},
           {"read_only", x.mount.read_only},
           {"copy", x.copy_id},
           {"is_volume", x.is_volume},
           {"inside", x.inside},
           {"resolved", x.resolved},
           {"would_be_denied", x.would_be_denied},
           {"ignored", x.ignored},
           {"reason", x.reason},
           {"guest_path", x.guest_path},
           {"generation", x.generation},
           {"skipped", skipped_json(x.skipped)},
           {"notes", x.notes},
           {"container_name", x.container_name}};
  if (x.category)
    out["category"] = word_for(category_words, *x.category);
  return out;
}

json destination_change_json(const guest_record& before,
                             const recorded_destination& x) {
  return {{"kind", "destination-change"},
          {"copy", x.copy_id},
          {"guest", changed_guest_members_json(before, x.guest)}};
}

std::optional<journal_record> read_copy_record(const std::string& kind,
                                               record_reader& in,
                                               const recorded_sandbox& before) {
  if (kind == "copy")
    return read_copy(in);
  if (kind == "tree")
    return read_tree_record(in);
  if (kind == "part")
    return read_part(in);
  if (kind == "copy-end")
    return recorded_copy_end{in.name("copy")};
  if (kind == "destination") {
    recorded_destination out{in.name("copy"), {}};
    in.object("guest", [&out](record_reader& guest) {
      out.guest = read_guest_members(guest);
    });
    return out;
  }
  if (kind == "destination-change")
    return read_destination_change(in, before);
  if (kind == "push")
    return read_push(in);
  if (kind == "files") {
    recorded_files out;
    out.what.root = in.text("root");
    out.what.sizes = in.numbers("sizes");
    out.what.sealed = in.set<std::set<std::string>>("sealed");
    return out;
  }
  if (kind == "emptied")
    return recorded_emptying{in.text("path")};
  if (kind == "leftover") {
    recorded_leftover out{in.text("path"), std::nullopt};
    if (!in.truth("is_gone"))
      out.reason = in.text("reason");
    return out;
  }
  if (kind == "copied-share")
    return read_copied_share(in);
  return std::nullopt;
}

} // namespace fsshare
