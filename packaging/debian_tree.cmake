# SPDX-License-Identifier: Apache-2.0
# Run by cpack when everything is in place: what Debian compresses, its changelog,
# and one time for all files, so that the same commit is the same package.
set(tree "${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
set(doc "${tree}/usr/share/doc/fsshare")

set(FSSHARE_DEB_FULL_VERSION
  "${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")
set(FSSHARE_DEB_MAINTAINER "${CPACK_DEBIAN_PACKAGE_MAINTAINER}")
# Of SOURCE_DATE_EPOCH, where that is set.
string(TIMESTAMP FSSHARE_DEB_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
string(TIMESTAMP seconds "%s" UTC)
configure_file("${CPACK_FSSHARE_CHANGELOG}" "${doc}/changelog.Debian" @ONLY)

file(GLOB_RECURSE compressed "${tree}/usr/share/man/*.[1-9]")
# Under the name that Debian's tools look for.
file(RENAME "${doc}/CHANGELOG.md" "${doc}/changelog")
list(APPEND compressed "${doc}/changelog" "${doc}/changelog.Debian")
execute_process(COMMAND gzip -9 -n -f ${compressed} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND find "${tree}" -exec touch -h -d "@${seconds}" "{}" +
  COMMAND_ERROR_IS_FATAL ANY)
