// SPDX-License-Identifier: Apache-2.0
#include "json/guest_record_json.hpp"

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace fsshare {

namespace {

using json = nlohmann::json;
using journal_words::word_for;
using journal_words::words;
using std::chrono::steady_clock;

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

// How the members' types are written and read. Objects are written member by
// member: a list of pairs is made into arrays first, and this happens at each
// rotation.

struct truth {
  static json write(bool value) {
    return value;
  }
  static bool read(record_reader& in, const char* name) {
    return in.truth(name);
  }
};

struct text {
  static json write(const std::string& value) {
    return value;
  }
  static std::string read(record_reader& in, const char* name) {
    return in.text(name);
  }
};

struct texts {
  static json write(const std::vector<std::string>& value) {
    return value;
  }
  static std::vector<std::string> read(record_reader& in, const char* name) {
    return in.texts(name);
  }
};

struct names {
  static json write(const std::set<std::string>& value) {
    return value;
  }
  static std::set<std::string> read(record_reader& in, const char* name) {
    return in.set<std::set<std::string>>(name);
  }
};

struct number {
  static json write(std::uint64_t value) {
    return value;
  }
  static std::uint64_t read(record_reader& in, const char* name) {
    return in.number(name);
  }
};

struct numbers {
  static json write(const std::map<std::string, std::uint64_t>& value) {
    return value;
  }
  static std::map<std::string, std::uint64_t> read(record_reader& in,
                                                   const char* name) {
    return in.numbers(name);
  }
};

struct root {
  static json write(const guest_record::known_root& value) {
    json out;
    out["mode"] = value.mode;
    out["uid"] = value.uid;
    out["gid"] = value.gid;
    out["is_known"] = value.is_known;
    return out;
  }
  static guest_record::known_root read(record_reader& in, const char* name) {
    guest_record::known_root out;
    in.object(name, [&out](record_reader& root) {
      out.mode = root.number32("mode");
      out.uid = root.number32("uid");
      out.gid = root.number32("gid");
      out.is_known = root.truth("is_known");
    });
    return out;
  }
};

struct generations {
  using known_generation = guest_record::known_generation;
  using value_type = std::map<std::string, known_generation>;
  static json write(const known_generation& known) {
    json out;
    out["state"] = word_for(generation_words, known.state);
    out["sealed"] = known.sealed;
    out["room"] = known.room;
    return out;
  }
  static json write(const value_type& value) {
    auto out = json::object();
    for (const auto& [name, known] : value)
      out[name] = write(known);
    return out;
  }
  static known_generation read(record_reader& known) {
    known_generation out;
    out.state = known.word("state", generation_words);
    out.sealed = known.set<std::set<std::string>>("sealed");
    out.room = known.number("room");
    return out;
  }
  static value_type read(record_reader& in, const char* name) {
    value_type out;
    in.objects(name, [&out](const std::string& which, record_reader& known) {
      out[which] = read(known);
    });
    return out;
  }
};

struct links {
  using value_type = std::map<std::string, guest_record::known_link>;
  static json write(const value_type& value) {
    auto out = json::object();
    for (const auto& [name, link] : value) {
      auto& one = out[name];
      one["state"] = word_for(link_words, link.state);
      one["uid"] = link.uid;
      one["gid"] = link.gid;
    }
    return out;
  }
  static value_type read(record_reader& in, const char* name) {
    value_type out;
    in.objects(name, [&out](const std::string& which, record_reader& link) {
      out[which] = {link.word("state", link_words), link.number32("uid"),
                    link.number32("gid")};
    });
    return out;
  }
};

struct skipped {
  static json write(const skipped_list& value) {
    return skipped_json(value);
  }
  static skipped_list read(record_reader& in, const char* name) {
    return read_skipped(in, name);
  }
};

struct acknowledged {
  static json write(const std::optional<generation>& value) {
    json out;
    if (!value)
      return out;
    out["name"] = value->name;
    out["digest"] = value->digest;
    return out;
  }
  static std::optional<generation> read(record_reader& in, const char* name) {
    std::optional<generation> out;
    if (in.has_value(name))
      in.object(name, [&out](record_reader& live) {
        auto which = live.text("name");
        out = generation{std::move(which), live.number("digest")};
      });
    return out;
  }
};

struct moment {
  using value_type = std::optional<steady_clock::time_point>;
  static json write(const value_type& value) {
    using std::chrono::nanoseconds;
    return value ? json(
             std::chrono::duration_cast<nanoseconds>(value->time_since_epoch())
               .count())
                 : json{};
  }
  static value_type read(record_reader& in, const char* name) {
    if (!in.has_value(name))
      return std::nullopt;
    return steady_clock::time_point{
      std::chrono::nanoseconds{static_cast<std::int64_t>(in.number(name))}};
  }
};

struct member {
  const char* name;
  bool (*is_same)(const guest_record&, const guest_record&);
  json (*write)(const guest_record&);
  void (*read)(record_reader&, const char* name, guest_record&);
};

template <auto Field, class Form>
constexpr member member_of(const char* name) {
  return {name,
          [](const guest_record& one, const guest_record& other) {
            return one.*Field == other.*Field;
          },
          [](const guest_record& guest) {
            return Form::write(guest.*Field);
          },
          [](record_reader& in, const char* which, guest_record& guest) {
            guest.*Field = Form::read(in, which);
          }};
}

constexpr const char* generations_name = "generations";
constexpr const char* changed_generations_name = "changed_generations";

// A volume that rotates quickly has many within the time that old ones are
// kept, of which a rotation changes two.
json changed_generations_json(const guest_record& before,
                              const guest_record& guest) {
  auto out = json::object();
  for (const auto& [name, known] : guest.generations) {
    const auto was = before.generations.find(name);
    if (was == before.generations.end() || was->second != known)
      out[name] = generations::write(known);
  }
  for (const auto& [name, known] : before.generations)
    if (!guest.generations.contains(name))
      out[name] = nullptr;
  return out;
}

using g = guest_record;
constexpr std::array members{
  member_of<&g::may_exist, truth>("may_exist"),
  member_of<&g::acknowledged, acknowledged>("acknowledged"),
  member_of<&g::live_name, text>("live"),
  member_of<&g::root, root>("root"),
  member_of<&g::generations, generations>(generations_name),
  member_of<&g::links, links>("links"),
  member_of<&g::wanted_links, names>("wanted_links"),
  member_of<&g::others, names>("others"),
  member_of<&g::others_room, number>("others_room"),
  member_of<&g::attempts, numbers>("attempts"),
  member_of<&g::keep_until, moment>("keep_until"),
  member_of<&g::landmarks, texts>("landmarks"),
  member_of<&g::skipped, skipped>("skipped"),
};

} // namespace

json guest_members_json(const guest_record& guest) {
  json out;
  for (const auto& each : members)
    if (auto value = each.write(guest); !value.is_null())
      out[each.name] = std::move(value);
  return out;
}

guest_record read_guest_members(record_reader& in) {
  guest_record guest;
  for (const auto& each : members)
    each.read(in, each.name, guest);
  return guest;
}

json changed_guest_members_json(const guest_record& before,
                                const guest_record& guest) {
  auto out = json::object();
  for (const auto& each : members) {
    if (each.is_same(before, guest))
      continue;
    if (each.name == std::string_view{generations_name})
      out[changed_generations_name] = changed_generations_json(before, guest);
    else
      out[each.name] = each.write(guest);
  }
  return out;
}

void read_changed_guest_members(record_reader& in, guest_record& guest) {
  for (const auto& each : members)
    if (in.has(each.name))
      each.read(in, each.name, guest);
  if (in.has(changed_generations_name))
    in.objects(
      changed_generations_name,
      [&guest](const std::string& which, record_reader& known) {
        guest.generations[which] = generations::read(known);
      },
      [&guest](const std::string& which) {
        guest.generations.erase(which);
      });
}

json skipped_json(const skipped_list& list) {
  auto entries = json::array();
  for (const auto& entry : list)
    entries.push_back({{"path", entry.path}, {"reason", entry.reason}});
  return {{"listed", std::move(entries)}, {"more", list.more()}};
}

skipped_list read_skipped(record_reader& in, const char* name) {
  skipped_list out;
  in.object(name, [&out](record_reader& list) {
    list.each("listed", [&out](record_reader& entry) {
      auto path = entry.text("path");
      out.push_back({std::move(path), entry.text("reason")});
    });
    out.add_more(list.number("more"));
  });
  return out;
}

} // namespace fsshare
