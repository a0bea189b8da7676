# The generated lists of what the build finds: operators, units, engines, back ends and embedded sources. A definition is found by its line,
# not by a macro:
#   ops/*.cpp            extern const OpDef op_max_pool{          (any number a file)
#   units/*/*.cpp        extern const UnitDef unit_matvec{
#   src/engines/*.cpp    extern const EngineDef engine_float{
#   src/emit/*.cpp       extern const BackEnd back_end_hls{

# Sets `result` to the names of the definitions of `type`, `<prefix>_...`, in the sources given, ordered.
function(weft_find_definitions result type prefix)
  set(names)
  foreach(source IN LISTS ARGN)
    file(STRINGS ${source} lines REGEX "^extern const ${type} ${prefix}_[a-z0-9_]+( =|{)")
    if(lines)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    endif()
    foreach(line IN LISTS lines)
      string(REGEX MATCH "${prefix}_[a-z0-9_]+" name "${line}")
      list(APPEND names ${name})
    endforeach()
  endforeach()
  list(SORT names)
  set(${result} "${names}" PARENT_SCOPE)
endfunction()

# Writes `path`: the table `array` of pointers to the definitions given (of `type`, declared in `header`), and `count`. No definitions: an empty table.
function(weft_write_registry path header type array count)
  set(declarations "")
  set(entries "")
  foreach(name IN LISTS ARGN)
    string(APPEND declarations "extern const ${type} ${name};\n")
    string(APPEND entries "    &${name},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${path} @ONLY CONTENT
"#include \"@header@\"
namespace weft {
@declarations@namespace generated {
extern const @type@* const @array@[];
extern const int @count@;
const @type@* const @array@[] = {
@entries@    nullptr};
const int @count@ = sizeof(@array@) / sizeof(*@array@) - 1;
}  // namespace generated
}  // namespace weft
")
endfunction()

# Writes `path`: the units given by symbol, for lowerings and tests.
function(weft_write_units_header path)
  set(declarations "")
  foreach(name IN LISTS ARGN)
    string(APPEND declarations "extern const UnitDef ${name};\n")
  endforeach()
  file(CONFIGURE OUTPUT ${path} @ONLY CONTENT
"#pragma once
#include \"src/design/unit_def.h\"
namespace weft {
@declarations@}  // namespace weft
")
endfunction()

# Writes `path`: the table `table` (and its `count`) of files as string literals: the program needs no source tree. What follows are the
# folders in which they stand and, behind PATTERNS, which they are; each is known by its path below its folder.
function(weft_embed path table count)
  cmake_parse_arguments(PARSE_ARGV 3 embed "" "" "ROOTS;PATTERNS")
  set(entries)
  set(inputs)
  foreach(root IN LISTS embed_ROOTS)
    list(TRANSFORM embed_PATTERNS PREPEND ${CMAKE_SOURCE_DIR}/${root}/ OUTPUT_VARIABLE patterns)
    file(GLOB found CONFIGURE_DEPENDS ${patterns})
    foreach(input IN LISTS found)
      file(RELATIVE_PATH file ${CMAKE_SOURCE_DIR}/${root} ${input})
      list(APPEND entries "${file}:${input}")
      list(APPEND inputs ${input})
    endforeach()
  endforeach()
  list(SORT entries)
  list(JOIN entries "|" joined)
  add_custom_command(
    OUTPUT ${path}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${path} -DTABLE=${table} -DCOUNT=${count} "-DFILES=${joined}" -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${inputs} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
endfunction()

# Sets `result` to the sources of `kind` (OPS, UNITS, ENGINES, BACK_ENDS, BOARDS) in the folders given, tests left out.
function(weft_find_sources result kind)
  set(sources)
  foreach(root IN LISTS ARGN)
    set(patterns ${CMAKE_SOURCE_DIR}/${root}/*.cpp)
    if(kind STREQUAL "OPS")
      list(APPEND patterns ${CMAKE_SOURCE_DIR}/${root}/common/*.cpp)
    elseif(kind STREQUAL "UNITS")
      set(patterns ${CMAKE_SOURCE_DIR}/${root}/*/*.cpp)
    endif()
    file(GLOB found CONFIGURE_DEPENDS ${patterns})
    list(FILTER found EXCLUDE REGEX "_(test|train)\\.cpp$")
    list(APPEND sources ${found})
  endforeach()
  set(${result} "${sources}" PARENT_SCOPE)
endfunction()

# Adds the object library `target`: the tables of what stands in the folders given for each kind, and nothing of it. They are written to
# `generated`, units/units.h for those who include it among them.
function(weft_add_tables target generated)
  cmake_parse_arguments(PARSE_ARGV 2 of "" "" "OPS;UNITS;BOARDS;ENGINES;BACK_ENDS")
  foreach(kind OPS UNITS ENGINES BACK_ENDS)
    weft_find_sources(${kind}_sources ${kind} ${of_${kind}})
  endforeach()
  weft_find_definitions(ops OpDef op ${OPS_sources})
  weft_find_definitions(units UnitDef unit ${UNITS_sources})
  weft_find_definitions(engines EngineDef engine ${ENGINES_sources})
  weft_find_definitions(back_ends BackEnd back_end ${BACK_ENDS_sources})
  weft_write_registry(${generated}/op_registry.cpp src/graph/op_def.h OpDef ops op_count ${ops})
  weft_write_registry(${generated}/unit_registry.cpp src/design/unit_def.h UnitDef units unit_count ${units})
  weft_write_registry(${generated}/engine_registry.cpp src/engines/engine_def.h EngineDef engines engine_count ${engines})
  weft_write_registry(${generated}/back_end_registry.cpp src/emit/back_end.h BackEnd back_ends back_end_count ${back_ends})
  weft_write_units_header(${generated}/units/units.h ${units})
  weft_embed(${generated}/embedded_units.cpp files file_count ROOTS ${of_UNITS} PATTERNS */*.hpp */*/*.hpp */*.sv */*/*.sv */*.h */*/*.h */cost.toml)
  weft_embed(${generated}/embedded_boards.cpp boards board_count ROOTS ${of_BOARDS} PATTERNS *.toml)
  weft_embed(${generated}/embedded_runtime.cpp runtime_files runtime_file_count ROOTS src/runtime PATTERNS *.h *.cpp programs/*.cpp)
  set(tables)
  foreach(table op_registry unit_registry engine_registry back_end_registry embedded_units embedded_boards embedded_runtime)
    list(APPEND tables ${generated}/${table}.cpp)
  endforeach()
  add_library(${target} OBJECT ${tables})
  target_link_libraries(${target} PUBLIC weft_core)
  target_include_directories(${target} INTERFACE ${generated})
endfunction()
