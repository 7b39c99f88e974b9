// SPDX-License-Identifier: Apache-2.0
#include "ctl/completion.hpp"

#include <algorithm>
#include <functional>

namespace fsshare::ctl {

namespace {

using visitor = std::function<void(const completed_command&)>;

void visit(const completed_command& command, const visitor& each) {
  each(command);
  for (const auto& inner : command.commands)
    visit(inner, each);
}

/// A string as bash and zsh take it.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return out + "'";
}

/// The same for fish.
std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + "'";
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const auto& word : words)
    out += (out.empty() ? "" : between) + word;
  return out;
}

/// What stands before the colon of a pattern: a command, or any for the
/// program's own options.
std::string place_of(const completed_command& command, const char* any) {
  return command.path.empty() ? any : quoted(command.path);
}

/// Patterns of COMMAND:OPTION, for one option.
std::string patterns_of(const completed_command& command,
                        const completed_option& option) {
  std::vector<std::string> all;
  for (const auto& name : option.names)
    all.push_back(place_of(command, "*") + ":" + name);
  return joined(all, " | ");
}

/// Patterns of COMMAND:WORD where the word is a further command.
std::string command_patterns(const completed_command& program) {
  std::vector<std::string> all;
  visit(program, [&all](const completed_command& at) {
    for (const auto& inner : at.commands)
      all.push_back(quoted(at.path + ":" + inner.name));
  });
  return joined(all, " | ");
}

/// Patterns of COMMAND:OPTION where the next word is the option's value.
std::string value_patterns(const completed_command& program) {
  std::vector<std::string> all;
  visit(program, [&all](const completed_command& at) {
    for (const auto& option : at.options)
      if (option.takes_value)
        all.push_back(patterns_of(at, option));
  });
  return joined(all, " | ");
}

std::vector<std::string> option_names(const completed_command& command) {
  std::vector<std::string> all;
  for (const auto& option : command.options)
    all.insert(all.end(), option.names.begin(), option.names.end());
  return all;
}

/// Names of a command's options, and of those that each command takes.
std::vector<std::string> all_option_names(const completed_command& program,
                                          const completed_command& command) {
  auto all = option_names(command);
  for (const auto& name : option_names(program))
    if (std::find(all.begin(), all.end(), name) == all.end())
      all.push_back(name);
  return all;
}

std::vector<std::string> command_names(const completed_command& command) {
  std::vector<std::string> all;
  for (const auto& inner : command.commands)
    all.push_back(inner.name);
  return all;
}

/// Branches of a `case` on COMMAND:OPTION; `then` makes the body.
std::string choice_branches(
  const completed_command& program,
  const std::function<std::string(const std::vector<std::string>&)>& then) {
  std::string out;
  visit(program, [&out, &then](const completed_command& at) {
    for (const auto& option : at.options)
      if (!option.choices.empty())
        out += "    " + patterns_of(at, option) + ") " + then(option.choices)
               + " ;;\n";
  });
  return out;
}

std::string bash_script(const completed_command& program) {
  std::string out = "# Completion of fssharectl for bash, as `fssharectl "
                    "completion bash` prints it.\n"
                    "_fssharectl() {\n"
                    "  local cur=${COMP_WORDS[COMP_CWORD]} at='' option='' "
                    "words='' options='' word i\n"
                    "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
                    "    word=${COMP_WORDS[i]}\n"
                    "    # Readline makes --option=value three words.\n"
                    "    [[ $word == '=' ]] && continue\n"
                    "    if [[ -n $option ]]; then\n"
                    "      option=''\n"
                    "      continue\n"
                    "    fi\n"
                    "    case $at:$word in\n      "
                    + command_patterns(program)
                    + ") at=${at:+$at }$word ;;\n      "
                    + value_patterns(program)
                    + ") option=$word ;;\n"
                      "    esac\n"
                      "  done\n"
                      "  [[ $cur == '=' ]] && cur=''\n"
                      "  case $at:$option in\n"
                    + choice_branches(program, [](const auto& choices) {
                        return "words=" + quoted(joined(choices, " "));
                      });
  visit(program, [&out, &program](const completed_command& at) {
    auto words = command_names(at);
    words.insert(words.end(), at.choices.begin(), at.choices.end());
    out += "    " + quoted(at.path + ":")
           + ") words=" + quoted(joined(words, " ")) + " options="
           + quoted(joined(all_option_names(program, at), " ")) + " ;;\n";
  });
  return out
         + "  esac\n"
           "  [[ $cur == -* ]] && words=$options\n"
           "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
           "}\n"
           "complete -o default -F _fssharectl fssharectl\n";
}

/// `NAME:ABOUT`, quoted, for zsh's _describe.
std::string described(const std::string& name, const std::string& about) {
  return quoted(name + ":" + about);
}

std::string zsh_options(const completed_command& program,
                        const completed_command& command) {
  std::string out;
  for (const auto& option : command.options)
    for (const auto& name : option.names)
      out += " " + described(name, option.about);
  if (command.path.empty())
    return out;
  const auto own = option_names(command);
  for (const auto& option : program.options)
    for (const auto& name : option.names)
      if (std::find(own.begin(), own.end(), name) == own.end())
        out += " " + described(name, option.about);
  return out;
}

std::string zsh_script(const completed_command& program) {
  std::string out
    = "#compdef fssharectl\n"
      "# Completion of fssharectl for zsh, as `fssharectl "
      "completion zsh` prints it.\n"
      "_fssharectl() {\n"
      "  local at= option= word\n"
      "  local -a commands options choices\n"
      "  integer i\n"
      "  for ((i = 2; i < CURRENT; ++i)); do\n"
      "    word=$words[i]\n"
      "    if [[ -n $option ]]; then\n"
      "      option=\n"
      "      continue\n"
      "    fi\n"
      "    case $at:$word in\n      "
      + command_patterns(program) + ") at=${at:+$at }$word ;;\n      "
      + value_patterns(program)
      + ") option=$word ;;\n"
        "    esac\n"
        "  done\n"
        "  if [[ -z $option && $words[CURRENT] == --*=* ]]; then\n"
        "    option=${words[CURRENT]%%=*}\n"
        "    compset -P '*='\n"
        "  fi\n"
        "  case $at:$option in\n"
      + choice_branches(program, [](const auto& choices) {
          return "choices=(" + joined(choices, " ") + ")";
        });
  visit(program, [&out, &program](const completed_command& at) {
    out += "    " + quoted(at.path + ":") + ")\n      commands=(";
    for (const auto& inner : at.commands)
      out += " " + described(inner.name, inner.about);
    out += " )\n      choices=( " + joined(at.choices, " ")
           + " )\n      options=(" + zsh_options(program, at) + " ) ;;\n";
  });
  return out
         + "  esac\n"
           "  if [[ -z $option && $words[CURRENT] == -* ]]; then\n"
           "    _describe -o option options\n"
           "  elif (( $#commands )); then\n"
           "    _describe command commands\n"
           "  elif (( $#choices )); then\n"
           "    compadd -a choices\n"
           "  else\n"
           "    _files\n"
           "  fi\n"
           "}\n"
           "compdef _fssharectl fssharectl\n";
}

std::string fish_condition(const completed_command& command) {
  return command.path.empty()
           ? ""
           : " -n " + fish_quoted("__fssharectl_at '" + command.path + "'");
}

std::string fish_option(const completed_command& command,
                        const completed_option& option) {
  std::string out = "complete -c fssharectl" + fish_condition(command);
  for (const auto& name : option.names)
    out += name.starts_with("--") ? " -l " + name.substr(2)
                                  : " -s " + name.substr(1);
  if (!option.choices.empty())
    out += " -x -a " + fish_quoted(joined(option.choices, " "));
  else if (option.takes_value)
    out += " -r -F";
  return out + " -d " + fish_quoted(option.about) + "\n";
}

/// Patterns of COMMAND:WORD as fish's `case` takes them.
std::string fish_patterns(std::string patterns) {
  for (auto at = patterns.find(" | "); at != std::string::npos;
       at = patterns.find(" | ", at))
    patterns.replace(at, 3, " ");
  for (auto at = patterns.find("*:"); at != std::string::npos;
       at = patterns.find("*:", at + 3))
    patterns.insert(at, 1, '\\');
  return patterns;
}

std::string fish_script(const completed_command& program) {
  std::string out
    = "# Completion of fssharectl for fish, as `fssharectl completion fish` "
      "prints it.\n"
      "function __fssharectl_at\n"
      "    set -l at\n"
      "    set -l has_value\n"
      "    for word in (commandline -opc)[2..-1]\n"
      "        if test -n \"$has_value\"\n"
      "            set has_value\n"
      "            continue\n"
      "        end\n"
      "        switch \"$at:$word\"\n"
      "            case "
      + fish_patterns(command_patterns(program))
      + "\n                set at (string trim \"$at $word\")\n"
        "            case "
      + fish_patterns(value_patterns(program))
      + "\n                set has_value yes\n"
        "        end\n"
        "    end\n"
        "    test \"$at\" = \"$argv[1]\"\n"
        "end\n"
        "complete -c fssharectl -f\n";
  visit(program, [&out](const completed_command& at) {
    for (const auto& inner : at.commands)
      out += "complete -c fssharectl -n "
             + fish_quoted("__fssharectl_at '" + at.path + "'") + " -a "
             + inner.name + " -d " + fish_quoted(inner.about) + "\n";
    if (!at.choices.empty())
      out += "complete -c fssharectl" + fish_condition(at) + " -a "
             + fish_quoted(joined(at.choices, " ")) + "\n";
    else if (at.commands.empty())
      out += "complete -c fssharectl" + fish_condition(at) + " -F\n";
    for (const auto& option : at.options)
      if (at.path.empty() || option.names.back() != "--help")
        out += fish_option(at, option);
  });
  return out;
}

} // namespace

std::string completion_script(const completed_command& program,
                              std::string_view shell) {
  if (shell == "zsh")
    return zsh_script(program);
  return shell == "fish" ? fish_script(program) : bash_script(program);
}

} // namespace fsshare::ctl
