// The part of CUDA's language that kernels use, on the host: one thread after the other, for tests without a GPU.
#define __global__
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline, unused))
#define __launch_bounds__(threads)

struct three_numbers {
  unsigned x;
};
static thread_local three_numbers threadIdx, blockIdx, blockDim;

template <class To, class From>
static inline To same_bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "other sizes");
  To to;
  __builtin_memcpy(&to, &from, sizeof to);
  return to;
}
#define __float_as_int(x) same_bits<int>((float)(x))
#define __float_as_uint(x) same_bits<unsigned>((float)(x))
#define __int_as_float(x) same_bits<float>((int)(x))
#define __uint_as_float(x) same_bits<float>((unsigned)(x))
#define __double_as_longlong(x) same_bits<long long>((double)(x))
#define __longlong_as_double(x) same_bits<double>((long long)(x))
#define __popc(x) __builtin_popcount(x)
#define __clz(x) ((x) == 0 ? 32 : __builtin_clz((unsigned)(x)))
#define sqrtf __builtin_sqrtf
#define floorf __builtin_floorf
#define ceilf __builtin_ceilf
#define rintf __builtin_rintf
#define sqrt __builtin_sqrt
