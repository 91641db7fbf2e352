# Included by vm/CMakeLists.txt, after the target cosmoo_vm exists.
target_sources(cosmoo_vm PRIVATE
  ${CMAKE_CURRENT_LIST_DIR}/access.cpp
  ${CMAKE_CURRENT_LIST_DIR}/batch.cpp
  ${CMAKE_CURRENT_LIST_DIR}/codec.cpp
  ${CMAKE_CURRENT_LIST_DIR}/command.cpp
  ${CMAKE_CURRENT_LIST_DIR}/file_lock.cpp
  ${CMAKE_CURRENT_LIST_DIR}/match.cpp
  ${CMAKE_CURRENT_LIST_DIR}/planned_calls.cpp
  ${CMAKE_CURRENT_LIST_DIR}/quota.cpp
  ${CMAKE_CURRENT_LIST_DIR}/sqlite.cpp
  ${CMAKE_CURRENT_LIST_DIR}/store.cpp
  ${CMAKE_CURRENT_LIST_DIR}/store_load.cpp
  ${CMAKE_CURRENT_LIST_DIR}/symbol.cpp
  ${CMAKE_CURRENT_LIST_DIR}/verb_args.cpp
  ${CMAKE_CURRENT_LIST_DIR}/world.cpp
  ${CMAKE_CURRENT_LIST_DIR}/world_adopt.cpp
  ${CMAKE_CURRENT_LIST_DIR}/world_bytes.cpp
  ${CMAKE_CURRENT_LIST_DIR}/world_family.cpp
  ${CMAKE_CURRENT_LIST_DIR}/world_load.cpp
  ${CMAKE_CURRENT_LIST_DIR}/world_numbers.cpp
  ${CMAKE_CURRENT_LIST_DIR}/world_properties.cpp
  ${CMAKE_CURRENT_LIST_DIR}/world_verbs.cpp
  ${CMAKE_CURRENT_LIST_DIR}/write_behind.cpp
)
target_link_libraries(cosmoo_vm PRIVATE PkgConfig::SQLITE)
