# SPDX-License-Identifier: Apache-2.0
# The Debian package, made by cpack of any build: nothing is compiled for it.

set(FSSHARE_DEB_REVISION "1" CACHE STRING
  "What follows the version of the project in that of the Debian package")
set(FSSHARE_DEB_MAINTAINER "fsshare maintainers <fsshare@packages.invalid>"
  CACHE STRING "Maintainer field of the Debian package")

# What is in the Debian package only. A configuration in /etc is dpkg's to place,
# which asks before it overwrites anything.
set(only_debian COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES debian/config.json DESTINATION /etc/fsshare ${only_debian})
install(DIRECTORY DESTINATION /etc/fsshare/config.d ${only_debian})
install(FILES debian/needrestart.conf DESTINATION /etc/needrestart/conf.d
  RENAME fsshare.conf ${only_debian})
install(FILES debian/copyright DESTINATION share/doc/fsshare ${only_debian})
install(FILES completion/_fssharectl
  DESTINATION share/zsh/vendor-completions ${only_debian})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME fsshare)
set(CPACK_PACKAGE_VENDOR fsshare)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
  "node agent that shares filesystems with micro-VM sandboxes")
set(CPACK_PACKAGE_DESCRIPTION
  "Brings root filesystems and volumes of containers into the micro-VMs that
they run in (Kata Containers and its kind): by bind mounts where guest and host
share a filesystem, otherwise by copies through the guest agent, which follow
every rotation of ConfigMaps, Secrets, projected and downward-API volumes.
.
The package has the node agent fsshared, its command line fssharectl, and
fsshare-guest, which stands in for a guest agent. Installing it neither enables
nor starts the service.")
set(CPACK_INSTALL_CMAKE_PROJECTS
  "${CMAKE_BINARY_DIR};fsshare;Unspecified;/"
  "${CMAKE_BINARY_DIR};fsshare;docs;/"
  "${CMAKE_BINARY_DIR};fsshare;debian;/")
# With DESTDIR, there is no other way to /etc.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_BINARY_DIR}/package")
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_CURRENT_SOURCE_DIR}/debian_tree.cmake")

set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${FSSHARE_DEB_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_RELEASE "${FSSHARE_DEB_REVISION}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
foreach(script IN ITEMS conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${CMAKE_CURRENT_SOURCE_DIR}/debian/${script}")
endforeach()
# For debian_tree.cmake.
set(CPACK_FSSHARE_CHANGELOG "${CMAKE_CURRENT_SOURCE_DIR}/debian/changelog.in")
include(CPack)
