# The shared library exports the names of the public headers and no others.

execute_process(COMMAND ${NM} --dynamic --defined-only --format=posix ${LIBRARY}
  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" symbols "${symbols}")
file(GLOB_RECURSE headers ${INCLUDE}/weft/*.h)
set(contract "")
foreach(header IN LISTS headers)
  file(READ ${header} text)
  string(APPEND contract "${text}")
endforeach()

set(count 0)
foreach(line IN LISTS symbols)
  string(REGEX REPLACE " .*" "" name "${line}")
  if(line MATCHES " A ")
    continue() # the name of the version itself
  endif()
  string(REGEX REPLACE "@.*" "" name "${name}")
  math(EXPR count "${count} + 1")
  if(NOT name MATCHES "^wefti?_")
    message(SEND_ERROR "exported without our prefix: ${name}")
  elseif(NOT contract MATCHES "[^a-z0-9_]${name}[^a-z0-9_]")
    message(SEND_ERROR "exported, but in no public header: ${name}")
  endif()
endforeach()
if(count EQUAL 0)
  message(SEND_ERROR "nothing is exported")
endif()

execute_process(COMMAND ${READELF} --dynamic ${LIBRARY}
  OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
if(NOT dynamic MATCHES "SONAME[^\n]*\\[libweft\\.so\\.0\\]")
  message(SEND_ERROR "the SONAME is not libweft.so.0:\n${dynamic}")
endif()
