# WRONG panics with the words that PAGE has in the row of MISTAKE, addresses
# aside; FIXED ends well and says nothing.
file(READ ${PAGE} page)
if(NOT page MATCHES "wrong/${MISTAKE}\\.c\\) \\| `([^`]+)`")
  message(FATAL_ERROR "${PAGE} has no row for ${MISTAKE}")
endif()
set(promised "${CMAKE_MATCH_1}")

execute_process(COMMAND ${WRONG} ERROR_VARIABLE said OUTPUT_QUIET
  RESULT_VARIABLE result TIMEOUT 20)
string(REGEX REPLACE "0x[0-9a-f]+" "0x..." said "${said}")
string(FIND "${said}" ": ${promised}\n" found)
if(found EQUAL -1)
  message(FATAL_ERROR "the page promises: ${promised}\nsaid is: ${said}")
endif()
if(NOT result MATCHES "[Aa]bort")
  message(FATAL_ERROR "it ends with ${result}")
endif()

execute_process(COMMAND ${FIXED} ERROR_VARIABLE said OUTPUT_VARIABLE said
  RESULT_VARIABLE result TIMEOUT 20)
if(NOT result EQUAL 0 OR said)
  message(FATAL_ERROR "the fixed one ends with ${result}: ${said}")
endif()
