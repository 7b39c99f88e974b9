// SPDX-License-Identifier: Apache-2.0
#include "json/copy_records_json.hpp"

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

constexpr words<guest_record::generation_state, 4> generation_words{{
  {guest_record::generation_state::partial, "partial"},
  {guest_record::generation_state::doubtful, "doubtful"},
  {guest_record::generation_state::whole, "whole"},
  {guest_record::generation_state::kept, "kept"},
}};

constexpr words<guest_record::link_state, 3> link_words{{
  {guest_record::link_state::may_exist, "may-exist"},
  {guest_record::link_state::there, "there"},
  {guest_record::link_state::unsealed, "unsealed"},
}};

constexpr words<copy_category, 7> category_words{{
  {copy_category::configmap, "configmap"},
  {copy_category::secret, "secret"},
  {copy_category::projected, "projected"},
  {copy_category::downward_api, "downward-api"},
  {copy_category::network_files, "network-files"},
  {copy_category::other_files, "other-files"},
  {copy_category::other_directories, "other-directories"},
}};

json skipped_json(const skipped_list& list) {
  auto entries = json::array();
  for (const auto& entry : list)
    entries.push_back({{"path", entry.path}, {"reason", entry.reason}});
  return {{"listed", std::move(entries)}, {"more", list.more()}};
}

// Member by member, for a list of pairs is made into arrays first, and this is
// rendered at each rotation.
json root_json(const guest_record::known_root& root) {
  json out;
  out["mode"] = root.mode;
  out["uid"] = root.uid;
  out["gid"] = root.gid;
  out["is_known"] = root.is_known;
  return out;
}

json generations_json(const guest_record& guest) {
  auto out = json::object();
  for (const auto& [name, known] : guest.generations) {
    auto& one = out[name];
    one["state"] = word_for(generation_words, known.state);
    one["sealed"] = known.sealed;
    one["room"] = known.room;
  }
  return out;
}

json links_json(const guest_record& guest) {
  auto out = json::object();
  for (const auto& [name, link] : guest.links) {
    auto& one = out[name];
    one["state"] = word_for(link_words, link.state);
    one["uid"] = link.uid;
    one["gid"] = link.gid;
  }
  return out;
}

json guest_json(const guest_record& guest) {
  json out;
  out["may_exist"] = guest.may_exist;
  out["live"] = guest.live_name;
  out["root"] = root_json(guest.root);
  out["generations"] = generations_json(guest);
  out["links"] = links_json(guest);
  out["wanted_links"] = guest.wanted_links;
  out["others"] = guest.others;
  out["others_room"] = guest.others_room;
  out["attempts"] = guest.attempts;
  out["landmarks"] = guest.landmarks;
  out["skipped"] = skipped_json(guest.skipped);
  if (guest.acknowledged) {
    auto& live = out["acknowledged"];
    live["name"] = guest.acknowledged->name;
    live["digest"] = guest.acknowledged->digest;
  }
  if (guest.keep_until)
    out["keep_until"] = std::chrono::duration_cast<std::chrono::nanoseconds>(
                          guest.keep_until->time_since_epoch())
                          .count();
  return out;
}

skipped_list read_skipped(record_reader& in) {
  skipped_list out;
  in.object("skipped", [&out](record_reader& list) {
    list.each("listed", [&out](record_reader& entry) {
      auto path = entry.text("path");
      out.push_back({std::move(path), entry.text("reason")});
    });
    out.add_more(list.number("more"));
  });
  return out;
}

void read_root(record_reader& in, guest_record& guest) {
  in.object("root", [&guest](record_reader& root) {
    guest.root.mode = root.number32("mode");
    guest.root.uid = root.number32("uid");
    guest.root.gid = root.number32("gid");
    guest.root.is_known = root.truth("is_known");
  });
}

guest_record read_guest(record_reader& in) {
  guest_record guest;
  guest.may_exist = in.truth("may_exist");
  guest.live_name = in.text("live");
  read_root(in, guest);
  in.objects("generations",
             [&guest](const std::string& name, record_reader& known) {
               auto& one = guest.generations[name];
               one.state = known.word("state", generation_words);
               one.sealed = known.set<std::set<std::string>>("sealed");
               one.room = known.number("room");
             });
  in.objects("links", [&guest](const std::string& name, record_reader& link) {
    guest.links[name] = {link.word("state", link_words), link.number32("uid"),
                         link.number32("gid")};
  });
  guest.wanted_links = in.set<std::set<std::string>>("wanted_links");
  guest.others = in.set<std::set<std::string>>("others");
  guest.others_room = in.number("others_room");
  guest.attempts = in.numbers("attempts");
  guest.landmarks = in.texts("landmarks");
  guest.skipped = read_skipped(in);
  if (in.has("acknowledged"))
    in.object("acknowledged", [&guest](record_reader& live) {
      auto name = live.text("name");
      guest.acknowledged = generation{std::move(name), live.number("digest")};
    });
  if (in.has("keep_until"))
    guest.keep_until
      = std::chrono::steady_clock::time_point{std::chrono::nanoseconds{
        static_cast<std::int64_t>(in.number("keep_until"))}};
  return guest;
}

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
  return out;
}

recorded_tree read_tree_record(record_reader& in) {
  recorded_tree out;
  out.copy_id = in.name("copy");
  out.is_file = in.truth("is_file");
  out.would_be_denied = in.truth("would_be_denied");
  out.skipped = read_skipped(in);
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
  out.skipped = read_skipped(in);
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
          {"is_emptied", terms.is_emptied}};
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
          {"guest", guest_json(x.guest)}};
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

std::optional<journal_record> read_copy_record(const std::string& kind,
                                               record_reader& in) {
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
      out.guest = read_guest(guest);
    });
    return out;
  }
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
