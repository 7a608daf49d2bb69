# Compiler flags: warnings as errors for our code, the arithmetic rules of kernels, sanitizers.
set(RUSHLIGHT_WARNINGS -Wall -Wextra -Werror -Wno-unused-parameter
    -Wno-missing-field-initializers)
# Kernels may contract to FMA and ignore errno, but NaN and infinity keep their meaning; integers wrap.
set(RUSHLIGHT_KERNEL_FLAGS -O3 -fno-math-errno -fno-trapping-math -ffp-contract=fast -fwrapv
    -fopenmp-simd -ffunction-sections -fdata-sections)
if(RUSHLIGHT_SANITIZE)
  # Checked code is several times as large: -O1, and no errors for warnings that its branches cause.
  list(TRANSFORM RUSHLIGHT_KERNEL_FLAGS REPLACE "^-O3$" "-O1")
  list(REMOVE_ITEM RUSHLIGHT_WARNINGS -Werror)
  add_compile_options(-fsanitize=${RUSHLIGHT_SANITIZE} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${RUSHLIGHT_SANITIZE})
endif()
