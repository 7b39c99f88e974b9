# SPDX-License-Identifier: Apache-2.0
# fish reads this when fssharectl is first completed. The program itself knows its
# commands.
fssharectl completion fish | source
