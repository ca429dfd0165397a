# SOURCE, compiled with OPTION against a library of the other kind, does not
# link, and what the linker misses is NAME.
execute_process(
  COMMAND ${COMPILER} -std=c17 -O1 -fexceptions ${INSTRUMENT} ${OPTION}
    -I${INCLUDE} ${SOURCE} ${LIBRARY} -pthread -o ${LIBRARY}.mismatch
  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
if(result EQUAL 0)
  message(FATAL_ERROR "a program of the other kind links")
endif()
if(NOT output MATCHES "undefined reference to [^\n]*${NAME}")
  message(FATAL_ERROR "the linker does not miss ${NAME}:\n${output}")
endif()
