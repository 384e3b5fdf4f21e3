// The part of CUDA's language that kernels use, for Clang's NVPTX target without a CUDA toolkit.
#define __global__ __attribute__((nvptx_kernel))
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline, unused))
#define __launch_bounds__(threads)

struct three_numbers {
  unsigned x;
};
#define threadIdx (three_numbers{(unsigned)__nvvm_read_ptx_sreg_tid_x()})
#define blockIdx (three_numbers{(unsigned)__nvvm_read_ptx_sreg_ctaid_x()})
#define blockDim (three_numbers{(unsigned)__nvvm_read_ptx_sreg_ntid_x()})

#define __float_as_int(x) __builtin_bit_cast(int, (float)(x))
#define __float_as_uint(x) __builtin_bit_cast(unsigned, (float)(x))
#define __int_as_float(x) __builtin_bit_cast(float, (int)(x))
#define __uint_as_float(x) __builtin_bit_cast(float, (unsigned)(x))
#define __double_as_longlong(x) __builtin_bit_cast(long long, (double)(x))
#define __longlong_as_double(x) __builtin_bit_cast(double, (long long)(x))
#define __popc(x) __builtin_popcount(x)
#define __clz(x) ((x) == 0 ? 32 : __builtin_clz((unsigned)(x)))
#define sqrtf __builtin_sqrtf
#define floorf __builtin_floorf
#define ceilf __builtin_ceilf
#define rintf __builtin_rintf
#define sqrt __builtin_sqrt
