// What every CUDA kernel uses, on the value of one lane. Integers as XLA has them, to the bit.
#define INLINE static __device__ __forceinline__
#define OUTLINE static __device__ __noinline__

// Wrapping: a compiler may assume that signed numbers do not overflow.
INLINE int add_i(int a, int b) { return (int)((unsigned)a + (unsigned)b); }
INLINE int sub_i(int a, int b) { return (int)((unsigned)a - (unsigned)b); }
INLINE int mul_i(int a, int b) { return (int)((unsigned)a * (unsigned)b); }
INLINE int neg_i(int a) { return (int)(0u - (unsigned)a); }
INLINE unsigned neg_u(unsigned a) { return 0u - a; }
INLINE int max_i(int a, int b) { return a > b ? a : b; }
INLINE int min_i(int a, int b) { return a < b ? a : b; }
INLINE unsigned max_u(unsigned a, unsigned b) { return a > b ? a : b; }
INLINE unsigned min_u(unsigned a, unsigned b) { return a < b ? a : b; }
INLINE int abs_i(int a) { return max_i(a, neg_i(a)); }
INLINE int popcount_i(int a) { return __popc((unsigned)a); }
INLINE unsigned popcount_u(unsigned a) { return (unsigned)__popc(a); }
INLINE int clz_i(int a) { return __clz(a); }
INLINE unsigned clz_u(unsigned a) { return (unsigned)__clz((int)a); }
INLINE unsigned mulhi_u(unsigned a, unsigned b) { return (unsigned)(((unsigned long long)a * b) >> 32); }

// A shift by the width or more leaves nothing, or the sign.
INLINE unsigned shl_u(unsigned a, unsigned s) { return s < 32u ? a << s : 0u; }
INLINE unsigned shr_u(unsigned a, unsigned s) { return s < 32u ? a >> s : 0u; }
INLINE int shra_i(int a, int s) { return a >> min_u((unsigned)s, 31u); }
INLINE int shl_i(int a, int s) { return (int)shl_u((unsigned)a, (unsigned)s); }
INLINE int shr_i(int a, int s) { return (int)shr_u((unsigned)a, (unsigned)s); }
INLINE unsigned shra_u(unsigned a, unsigned s) { return (unsigned)shra_i((int)a, (int)s); }

// x / 0 is -1 (all ones if unsigned); the smallest integer / -1 is itself.
INLINE int div_i(int a, int b) { return b == 0 ? -1 : b == -1 ? neg_i(a) : a / b; }
INLINE unsigned div_u(unsigned a, unsigned b) { return b == 0u ? 0xFFFFFFFFu : a / b; }

// A NaN on either side is the result; the greater zero is +0.
INLINE float max_f(float a, float b) {
  float m = a > b ? a : a == b ? __int_as_float(__float_as_int(a) & __float_as_int(b)) : b;
  return a != a ? a : m;
}
INLINE float min_f(float a, float b) {
  float m = a < b ? a : a == b ? __int_as_float(__float_as_int(a) | __float_as_int(b)) : b;
  return a != a ? a : m;
}
INLINE float abs_f(float a) { return __int_as_float(__float_as_int(a) & 0x7FFFFFFF); }
INLINE float neg_f(float a) { return __uint_as_float(__float_as_uint(a) ^ 0x80000000u); }
INLINE float copysign_f(float a, float sign) {
  return __uint_as_float((__float_as_uint(a) & 0x7FFFFFFFu) | (__float_as_uint(sign) & 0x80000000u));
}
INLINE float sign_f(float a) { return a == 0.0f || a != a ? a : copysign_f(1.0f, a); }
INLINE bool is_finite_f(float a) { return (__float_as_int(a) & 0x7FFFFFFF) < 0x7F800000; }
INLINE float sqrt_f(float a) { return sqrtf(a); }
INLINE float floor_f(float a) { return floorf(a); }
INLINE float ceil_f(float a) { return ceilf(a); }
INLINE float round_even_f(float a) { return rintf(a); }
INLINE float round_away_f(float a) {
  if (!(abs_f(a) < 8388608.0f)) return a;
  float down = floorf(abs_f(a));
  return copysign_f(abs_f(a) - down >= 0.5f ? down + 1.0f : down, a);
}

// To integers: what does not fit becomes the nearest that does, NaN becomes 0.
INLINE int integer_of(float a) {
  if (a >= 2147483648.0f) return 0x7FFFFFFF;
  if (a <= -2147483648.0f) return -0x7FFFFFFF - 1;
  return a == a ? (int)a : 0;
}
INLINE unsigned integer_of_u(float a) {
  if (a >= 4294967296.0f) return 0xFFFFFFFFu;
  return a > 0.0f ? (unsigned)a : 0u;
}

// Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
struct two_words {
  unsigned word[2];
};
INLINE unsigned rotated(unsigned x, int by) { return (x << by) | (x >> (32 - by)); }
INLINE void four_rounds(unsigned& x0, unsigned& x1, int a, int b, int c, int d) {
  x0 += x1, x1 = rotated(x1, a) ^ x0;
  x0 += x1, x1 = rotated(x1, b) ^ x0;
  x0 += x1, x1 = rotated(x1, c) ^ x0;
  x0 += x1, x1 = rotated(x1, d) ^ x0;
}
INLINE two_words threefry(unsigned k0, unsigned k1, unsigned x0, unsigned x1) {
  unsigned k2 = k0 ^ k1 ^ 0x1BD11BDAu;
  x0 += k0, x1 += k1;
  four_rounds(x0, x1, 13, 15, 26, 6), x0 += k1, x1 += k2 + 1u;
  four_rounds(x0, x1, 17, 29, 16, 24), x0 += k2, x1 += k0 + 2u;
  four_rounds(x0, x1, 13, 15, 26, 6), x0 += k0, x1 += k1 + 3u;
  four_rounds(x0, x1, 17, 29, 16, 24), x0 += k1, x1 += k2 + 4u;
  four_rounds(x0, x1, 13, 15, 26, 6), x0 += k2, x1 += k0 + 5u;
  two_words result = {{x0, x1}};
  return result;
}
