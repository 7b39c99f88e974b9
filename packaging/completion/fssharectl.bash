# SPDX-License-Identifier: Apache-2.0
# bash-completion reads this when fssharectl is first completed. The program
# itself knows its commands.
# shellcheck shell=bash source=/dev/null
source <(fssharectl completion bash)
