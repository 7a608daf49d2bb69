# Flags of the instruction sets that kernels are compiled for; the best one is chosen at run time.
set(RUSHLIGHT_ISA_FLAGS_baseline -O2)  # for old processors: built fast rather than tuned
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(RUSHLIGHT_ISA_FLAGS_avx2 -mavx2 -mfma -mf16c -mbmi2)
  set(RUSHLIGHT_ISA_FLAGS_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c -mbmi2
      -mprefer-vector-width=512)
endif()
