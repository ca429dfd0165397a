# weft::model, the schedule explorer: the explorer itself, and weft compiled so
# that the explorer sees every access to memory. Programs link it instead of
# weft::weft, and are compiled in the same way.

# Sanitizers instrument too, and there can be only one. The portable engine
# sleeps on condition variables, which are not modelled.
if(WEFT_SANITIZE OR WEFT_COVERAGE OR NOT WEFT_ENGINE STREQUAL "futex"
   OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  return()
endif()

file(GLOB weft_model_sources CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_SOURCE_DIR}/src/model/*.c)

# The compiler announces each access, as it does for ThreadSanitizer, whose
# runtime is not linked. Copies must stay calls, to be announced as well. Fences
# that gcc warns of, because that runtime ignores them, are explored.
set(weft_model_cflags
  -fsanitize=thread -fno-builtin-memcpy -fno-builtin-memmove
  -fno-builtin-memset -fexceptions -g)
set(weft_model_compile
  ${weft_model_cflags} $<$<C_COMPILER_ID:GNU>:-Wno-tsan>)
if(CMAKE_C_COMPILER_ID STREQUAL GNU) # what weft-model.pc says
  list(APPEND weft_model_cflags -Wno-tsan)
endif()

# What the explorer puts its own functions in the place of.
set(weft_model_wraps
  malloc calloc realloc aligned_alloc posix_memalign free
  memcpy memmove memset
  syscall clock_gettime nanosleep sched_yield abort __assert_fail
  pthread_create pthread_join pthread_exit pthread_detach pthread_sigmask
  pthread_setname_np pthread_getname_np pthread_atfork pthread_once
  pthread_key_create pthread_key_delete pthread_setspecific
  pthread_getspecific pthread_mutex_init pthread_mutex_destroy
  pthread_mutex_lock pthread_mutex_trylock pthread_mutex_unlock
  _pthread_cleanup_push _pthread_cleanup_pop
  pthread_cond_init pthread_cond_destroy pthread_cond_wait
  pthread_cond_timedwait pthread_cond_clockwait pthread_cond_signal
  pthread_cond_broadcast
  pthread_rwlock_rdlock pthread_rwlock_wrlock pthread_rwlock_tryrdlock
  pthread_rwlock_trywrlock pthread_spin_lock pthread_spin_trylock
  pthread_barrier_wait pthread_mutex_timedlock sem_wait sem_trywait
  sem_timedwait sem_post mtx_lock mtx_trylock mtx_unlock cnd_wait
  cnd_timedwait call_once thrd_join fork)
list(TRANSFORM weft_model_wraps PREPEND -Wl,--wrap=)

add_library(weft_model_objects OBJECT ${weft_model_sources})
weft_own_flags(weft_model_objects)
target_compile_options(weft_model_objects PRIVATE -O3)

add_library(weft_explored_objects OBJECT ${weft_sources})
weft_own_flags(weft_explored_objects)
target_compile_options(weft_explored_objects PRIVATE
  ${weft_model_compile} -O1)
target_compile_definitions(weft_explored_objects PRIVATE WEFT_MODEL=1)

foreach(objects weft_model_objects weft_explored_objects)
  set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${objects} PRIVATE
    ${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)
endforeach()

add_library(weft_model STATIC
  $<TARGET_OBJECTS:weft_model_objects> $<TARGET_OBJECTS:weft_explored_objects>)
set_target_properties(weft_model PROPERTIES
  EXPORT_NAME model LINKER_LANGUAGE C)
target_include_directories(weft_model INTERFACE
  $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_options(weft_model INTERFACE ${weft_model_compile})
target_compile_definitions(weft_model INTERFACE WEFT_MODEL=1)
target_link_options(weft_model INTERFACE ${weft_model_wraps})
target_link_libraries(weft_model PUBLIC Threads::Threads)
add_library(weft::model ALIAS weft_model)

# For weft-model.pc.
list(JOIN weft_model_cflags " " weft_model_cflags)
list(JOIN weft_model_wraps " " weft_model_libs)
