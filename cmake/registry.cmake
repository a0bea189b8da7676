# The generated lists of operators, units and embedded sources. A definition is found by its line, not by a macro:
#   ops/*.cpp              extern const OpDef op_max_pool{     (any number a file)
#   units/<u>/<u>.cpp      extern const UnitDef unit_<u>{      (one a folder)

# Writes `path`: the table `array` of pointers to the definitions given (of `type`, declared in `header`), and `count`. No definitions: an empty table.
function(weft_write_registry path header type array count)
  set(names ${ARGN})
  list(SORT names)
  set(declarations "")
  set(entries "")
  foreach(name IN LISTS names)
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

function(weft_op_registry path)
  set(names)
  foreach(source ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    file(STRINGS ${source} lines REGEX "^extern const OpDef op_[a-z0-9_]+( =|{)")
    foreach(line IN LISTS lines)
      string(REGEX MATCH "op_[a-z0-9_]+" name "${line}")
      list(APPEND names ${name})
    endforeach()
  endforeach()
  weft_write_registry(${path} src/graph/op_def.h OpDef ops op_count ${names})
endfunction()

function(weft_unit_registry path)
  file(GLOB sources RELATIVE ${CMAKE_SOURCE_DIR}/units CONFIGURE_DEPENDS units/*/*.cpp)
  set(names)
  foreach(source IN LISTS sources)
    get_filename_component(folder ${source} DIRECTORY)
    get_filename_component(stem ${source} NAME_WE)
    if(folder STREQUAL stem)
      list(APPEND names unit_${folder})
    endif()
  endforeach()
  weft_write_registry(${path} src/design/unit_def.h UnitDef units unit_count ${names})
endfunction()

# Writes `path`: the table `table` (and its `count`) of the files below `root` that match the patterns given, as string literals: the program
# needs no source tree.
function(weft_embed path root table count)
  list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/${root}/ OUTPUT_VARIABLE patterns)
  file(GLOB inputs CONFIGURE_DEPENDS ${patterns})
  list(SORT inputs)
  set(files)
  foreach(input IN LISTS inputs)
    file(RELATIVE_PATH file ${CMAKE_SOURCE_DIR}/${root} ${input})
    list(APPEND files ${file})
  endforeach()
  list(JOIN files "|" joined)
  add_custom_command(
    OUTPUT ${path}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${path} -DROOT=${CMAKE_SOURCE_DIR}/${root} -DTABLE=${table} -DCOUNT=${count} "-DFILES=${joined}" -P
            ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${inputs} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
endfunction()
