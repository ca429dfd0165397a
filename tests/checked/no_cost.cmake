# The names of the checked build are neither in the unchecked LIBRARY nor asked
# for by a program compiled for it; and this test sees them where they are.
set(names
  "wefti_(lockdep|order|open|place|checked|counted_checked|allow|emptied|quarantine|tell|spinlock_[a-z]+_checked)|weft_bury")
set(object ${LIBRARY}.user)

function(symbols_of file variable)
  execute_process(COMMAND ${NM} ${file} OUTPUT_VARIABLE found
    ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
  set(${variable} "${found}" PARENT_SCOPE)
endfunction()

foreach(checked 0 1)
  execute_process(COMMAND ${COMPILER} -std=c17 -O2 -fexceptions -I${INCLUDE}
    -DWEFT_CHECKED=${checked} -c ${SOURCE} -o ${object}.${checked}.o
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
symbols_of(${object}.1.o checked)
symbols_of(${object}.0.o unchecked)
symbols_of(${LIBRARY} library)

if(NOT checked MATCHES "${names}")
  message(FATAL_ERROR "this test does not know the names of the checked build")
endif()
foreach(what unchecked library)
  if("${${what}}" MATCHES "(${names})")
    message(FATAL_ERROR "${what}: ${CMAKE_MATCH_1} is there")
  endif()
endforeach()
