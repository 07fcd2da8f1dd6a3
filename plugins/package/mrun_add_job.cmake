# mrun_add_job: builds a job for mrun, in this tree and, through find_package(mrun), in yours.

set(MRUN_JOB_EXPORTS ${CMAKE_CURRENT_LIST_DIR}/job_exports.map)

# mrun_add_job(NAME source...) makes NAME.so, which exports the entry symbol of the contract and nothing else:
# hidden visibility alone still exports templates of the standard library, which two jobs would then share. Where
# nothing says how to optimise (no CMAKE_BUILD_TYPE), it is -O2: a job takes twice the time without.
function(mrun_add_job name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE mrun::sdk)
  target_compile_options(${name} PRIVATE -fvisibility=hidden
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>
    $<$<CONFIG:>:-O2>)
  target_link_options(${name} PRIVATE LINKER:--version-script=${MRUN_JOB_EXPORTS})
  set_target_properties(${name} PROPERTIES PREFIX "" LINK_DEPENDS ${MRUN_JOB_EXPORTS}
    POSITION_INDEPENDENT_CODE ON)
endfunction()
