# The library, static and shared, from one set of objects.

find_package(Threads REQUIRED)

file(GLOB weft_sources CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_SOURCE_DIR}/src/*/*.c)
list(FILTER weft_sources EXCLUDE REGEX "/src/model/")
if(NOT weft_sources)
  message(FATAL_ERROR "weft: no sources under src/")
endif()
if(WEFT_ENGINE STREQUAL "futex")
  list(FILTER weft_sources EXCLUDE REGEX "/src/base/futex_portable\\.c$")
elseif(WEFT_ENGINE STREQUAL "portable")
  list(FILTER weft_sources EXCLUDE REGEX "/src/base/futex\\.c$")
else()
  message(FATAL_ERROR "weft: WEFT_ENGINE is futex or portable, "
    "not '${WEFT_ENGINE}'")
endif()

# What a program must define to be like its library (docs/checked.md).
set(weft_definitions "")
if(WEFT_CHECKED)
  set(weft_definitions WEFT_CHECKED=1)
endif()

# Position-independent, so that the static library fits into shared objects.
add_library(weft_objects OBJECT ${weft_sources})
weft_own_flags(weft_objects)
target_compile_definitions(weft_objects PRIVATE ${weft_definitions})
set_target_properties(weft_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_include_directories(weft_objects PRIVATE
  ${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)

add_library(weft_static STATIC $<TARGET_OBJECTS:weft_objects>)
add_library(weft_shared SHARED $<TARGET_OBJECTS:weft_objects>)

foreach(lib weft_static weft_shared)
  set_target_properties(${lib} PROPERTIES
    OUTPUT_NAME weft LINKER_LANGUAGE C)
  target_include_directories(${lib} INTERFACE
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_definitions(${lib} INTERFACE ${weft_definitions})
  # A panic runs the cleanups only of frames that can be unwound.
  target_compile_options(${lib} INTERFACE -fexceptions)
  # What is built against an instrumented library must be so as well.
  target_compile_options(${lib} INTERFACE
    "$<BUILD_INTERFACE:${weft_instrument_compile}>")
  target_link_options(${lib} INTERFACE
    "$<BUILD_INTERFACE:${weft_instrument_link}>")
  target_link_libraries(${lib} PUBLIC Threads::Threads)
endforeach()

set_target_properties(weft_static PROPERTIES EXPORT_NAME static)

set(weft_map ${CMAKE_CURRENT_SOURCE_DIR}/cmake/weft.map)
target_link_options(weft_shared PRIVATE
  ${weft_instrument_link} LINKER:--version-script=${weft_map})
set_target_properties(weft_shared PROPERTIES
  EXPORT_NAME shared VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LINK_DEPENDS ${weft_map})

if(WEFT_SHARED)
  add_library(weft::weft ALIAS weft_shared)
else()
  add_library(weft::weft ALIAS weft_static)
endif()
add_library(weft::static ALIAS weft_static)
add_library(weft::shared ALIAS weft_shared)
