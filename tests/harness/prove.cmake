# Runs the planted test NAME in TREE as ctest would run any unit test; fails
# unless ctest reports a failure (but where it PASSES what the count does not),
# EXPECT is printed, and the count says one failure.

execute_process(
  COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${TREE} --verbose
  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
string(REPLACE "Synthesis:" "(planted)" shown "${output}")

if(result EQUAL 0 AND NOT PASSES)
  message(FATAL_ERROR "ctest passed the planted ${NAME}:\n${shown}")
endif()
if(NOT output MATCHES "${EXPECT}")
  message(FATAL_ERROR "${NAME} failed, but not with '${EXPECT}':\n${shown}")
endif()

execute_process(
  COMMAND awk -f ${COUNT} ${TREE}/Testing/Temporary/LastTest.log
  OUTPUT_VARIABLE count OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT count MATCHES "^[0-9]+ 1$")
  message(FATAL_ERROR "${NAME} is counted as '${count}' (passed failed)")
endif()
