# The peers written in Rust: one static library, built from the crates that
# Debian packages (librust-*-dev), without a network.
#
# This happens while configuring, so that a failure can be told in the rows of
# the table and does not break the build; it is repeated only when the sources
# or the compiler change.
#
# bench_build_rust_peers(library missing version) sets the library's path, or
# else why there is none, and the compiler's version.

function(bench_build_rust_peers library_var missing_var version_var)
  set(${library_var} "" PARENT_SCOPE)
  set(${version_var} "none" PARENT_SCOPE)
  set(crates /usr/share/cargo/registry)
  find_program(CARGO cargo PATHS $ENV{HOME}/.cargo/bin)
  find_program(RUSTC rustc PATHS $ENV{HOME}/.cargo/bin)
  if(NOT CARGO OR NOT RUSTC)
    set(${missing_var} "needs cargo and rustc" PARENT_SCOPE)
    return()
  endif()
  foreach(crate parking_lot crossbeam-channel rayon)
    file(GLOB found ${crates}/${crate}-[0-9]*)
    if(NOT found)
      string(REPLACE "_" "-" package ${crate})
      set(${missing_var} "needs librust-${package}-dev" PARENT_SCOPE)
      return()
    endif()
  endforeach()

  execute_process(COMMAND ${RUSTC} --version
    OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/peers/rust)
  set(build ${CMAKE_CURRENT_BINARY_DIR}/rust)
  set(library ${build}/target/release/libbench_peers.a)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS
    ${source}/Cargo.toml ${source}/src/*.rs)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources})
  set(identity "${version}")
  foreach(file IN LISTS sources)
    file(SHA256 ${file} hash)
    string(APPEND identity " ${hash}")
  endforeach()
  set(built "")
  if(EXISTS ${library} AND EXISTS ${build}/identity)
    file(READ ${build}/identity built)
  endif()

  if(NOT built STREQUAL identity)
    file(COPY ${source}/ DESTINATION ${build})
    file(WRITE ${build}/.cargo/config.toml
      "[source.crates-io]\nreplace-with = \"debian\"\n"
      "[source.debian]\ndirectory = \"${crates}\"\n")
    message(STATUS "weft: building the Rust peers")
    execute_process(
      COMMAND ${CMAKE_COMMAND} -E env RUSTC=${RUSTC} RUSTFLAGS=
        ${CARGO} build --release --offline
          --target-dir ${build}/target
      WORKING_DIRECTORY ${build}
      RESULT_VARIABLE failed
      OUTPUT_FILE ${build}/cargo.log ERROR_FILE ${build}/cargo.log)
    if(failed)
      set(${missing_var} "cargo build failed, see bench/rust/cargo.log"
        PARENT_SCOPE)
      return()
    endif()
    file(WRITE ${build}/identity "${identity}")
  endif()
  set(${library_var} ${library} PARENT_SCOPE)
  set(${version_var} "${version}" PARENT_SCOPE)
endfunction()
