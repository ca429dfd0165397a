# The flags of weft's own code. Users see only what library.cmake exports.
#
# weft_own_flags(target): the language, the warnings and the instrumentation
# that every file of this repository is built with.

set(weft_warnings
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
  -Wmissing-prototypes -Wundef -Wvla -Wcast-qual)
if(WEFT_WERROR)
  list(APPEND weft_warnings -Werror)
endif()
if(CMAKE_C_COMPILER_ID MATCHES "Clang"
   AND CMAKE_C_COMPILER_VERSION VERSION_GREATER_EQUAL 18)
  list(APPEND weft_warnings -Wthread-safety -Wthread-safety-beta)
endif()

# Panics of the library name its files as the repository does.
list(APPEND weft_warnings -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

set(weft_instrument_compile "")
set(weft_instrument_link "")
if(WEFT_SANITIZE)
  list(APPEND weft_instrument_compile
    -fsanitize=${WEFT_SANITIZE} -fno-omit-frame-pointer)
  list(APPEND weft_instrument_link -fsanitize=${WEFT_SANITIZE})
endif()
if(WEFT_COVERAGE)
  list(APPEND weft_instrument_compile --coverage -fprofile-update=atomic)
  list(APPEND weft_instrument_link --coverage)
endif()

function(weft_own_flags target)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 17 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  target_compile_options(${target} PRIVATE
    -fexceptions ${weft_warnings} ${weft_instrument_compile})
  target_link_options(${target} PRIVATE ${weft_instrument_link})
endfunction()
