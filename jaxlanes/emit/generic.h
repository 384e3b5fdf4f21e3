// Lanes as vectors of the compiler (GCC and Clang), for any width. A bool is an int lane of 0 or -1.
typedef float vf __attribute__((vector_size(4 * W)));
typedef int32_t vi __attribute__((vector_size(4 * W)));
typedef uint32_t vu __attribute__((vector_size(4 * W)));
typedef vi vb;

INLINE vf splat_f(float x) { return x - (vf){}; }  // minus: it keeps the sign of a zero
INLINE vi splat_i(int32_t x) { return x - (vi){}; }
INLINE vu splat_u(uint32_t x) { return x - (vu){}; }
#define TRUE_LANES splat_i(-1)
#define FALSE_LANES splat_i(0)

#define LANES_COMPARE(suffix, type)                                    \
  INLINE vb lt_##suffix(type a, type b) { return (vb)(a < b); }        \
  INLINE vb le_##suffix(type a, type b) { return (vb)(a <= b); }       \
  INLINE vb gt_##suffix(type a, type b) { return (vb)(a > b); }        \
  INLINE vb ge_##suffix(type a, type b) { return (vb)(a >= b); }       \
  INLINE vb eq_##suffix(type a, type b) { return (vb)(a == b); }       \
  INLINE vb ne_##suffix(type a, type b) { return (vb)(a != b); }       \
  INLINE type select_##suffix(vb p, type a, type b) { return (type)(((vi)a & p) | ((vi)b & ~p)); }
LANES_COMPARE(i, vi)
LANES_COMPARE(u, vu)
LANES_COMPARE(f, vf)

INLINE vb select_b(vb p, vb a, vb b) { return (a & p) | (b & ~p); }
INLINE vb and_b(vb a, vb b) { return a & b; }
INLINE vb or_b(vb a, vb b) { return a | b; }
INLINE vb xor_b(vb a, vb b) { return a ^ b; }
INLINE vb not_b(vb a) { return ~a; }
INLINE vi number_of(vb a) { return a & 1; }
INLINE vb bool_of_lane_bytes(const uint8_t* bytes) {
  vi result;
  for (int l = 0; l < W; l++) result[l] = -(int32_t)(bytes[l] != 0);
  return result;
}

#ifdef ISA_AVX2
INLINE bool any(vb a) { return !_mm256_testz_si256((__m256i)a, (__m256i)a); }
#else
INLINE bool any(vb a) {
  int32_t found = 0;
  for (int l = 0; l < W; l++) found |= a[l];
  return found != 0;
}
#endif

INLINE vi max_i(vi a, vi b) { return select_i((vb)(a > b), a, b); }
INLINE vi min_i(vi a, vi b) { return select_i((vb)(a < b), a, b); }
INLINE vu max_u(vu a, vu b) { return select_u((vb)(a > b), a, b); }
INLINE vu min_u(vu a, vu b) { return select_u((vb)(a < b), a, b); }

// A shift by the width or more leaves nothing, or the sign.
#ifdef ISA_AVX2
INLINE vu shl_u(vu a, vu s) { return (vu)_mm256_sllv_epi32((__m256i)a, (__m256i)s); }
INLINE vu shr_u(vu a, vu s) { return (vu)_mm256_srlv_epi32((__m256i)a, (__m256i)s); }
INLINE vi shra_i(vi a, vi s) { return (vi)_mm256_srav_epi32((__m256i)a, (__m256i)s); }
#else
INLINE vu shl_u(vu a, vu s) { return select_u((vb)(s < 32u), a << (s & 31u), splat_u(0)); }
INLINE vu shr_u(vu a, vu s) { return select_u((vb)(s < 32u), a >> (s & 31u), splat_u(0)); }
INLINE vi shra_i(vi a, vi s) { return a >> (vi)min_u((vu)s, splat_u(31)); }
#endif

INLINE vf float_of_i(vi a) { return __builtin_convertvector(a, vf); }
INLINE vf float_of_u(vu a) {
  vf r;
  for (int l = 0; l < W; l++) r[l] = (float)a[l];
  return r;
}
INLINE vi truncated(vf a) { return __builtin_convertvector(a, vi); }  // of what fits
INLINE vu truncated_u(vf a) {
  vu r;
  for (int l = 0; l < W; l++) r[l] = (uint32_t)(int64_t)a[l];
  return r;
}

#ifdef ISA_AVX2
INLINE vf sqrt_f(vf a) { return (vf)_mm256_sqrt_ps((__m256)a); }
INLINE vf floor_f(vf a) { return (vf)_mm256_floor_ps((__m256)a); }
INLINE vf ceil_f(vf a) { return (vf)_mm256_ceil_ps((__m256)a); }
INLINE vf round_even_f(vf a) { return (vf)_mm256_round_ps((__m256)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
#else
INLINE vf sqrt_f(vf a) {
  vf r;
  for (int l = 0; l < W; l++) r[l] = __builtin_sqrtf(a[l]);
  return r;
}
INLINE vf floor_f(vf a) {
  vf r;
  for (int l = 0; l < W; l++) r[l] = __builtin_floorf(a[l]);
  return r;
}
INLINE vf ceil_f(vf a) {
  vf r;
  for (int l = 0; l < W; l++) r[l] = __builtin_ceilf(a[l]);
  return r;
}
INLINE vf round_even_f(vf a) {
  vf r;
  for (int l = 0; l < W; l++) r[l] = __builtin_rintf(a[l]);
  return r;
}
#endif

// Exact: the quotient of two 32-bit integers is never within a rounding of a double of the next integer.
INLINE vi quotient_i(vi a, vi b) {
  vi r;
  for (int l = 0; l < W; l++) r[l] = (int32_t)(int64_t)((double)a[l] / (double)b[l]);
  return r;
}
INLINE vu quotient_u(vu a, vu b) {
  vu r;
  for (int l = 0; l < W; l++) r[l] = (uint32_t)(int64_t)((double)a[l] / (double)b[l]);
  return r;
}

#ifdef ISA_AVX2
INLINE vi gather_32(const int32_t* base, vi index) { return (vi)_mm256_i32gather_epi32(base, (__m256i)index, 4); }
#else
INLINE vi gather_32(const int32_t* base, vi index) {
  vi r;
  for (int l = 0; l < W; l++) r[l] = base[index[l]];
  return r;
}
#endif
INLINE vi popcount_i(vi a) {
  vi r;
  for (int l = 0; l < W; l++) r[l] = __builtin_popcount((uint32_t)a[l]);
  return r;
}
INLINE vi clz_i(vi a) {
  vi r;
  for (int l = 0; l < W; l++) r[l] = a[l] ? __builtin_clz((uint32_t)a[l]) : 32;
  return r;
}

// The high word of the product, from halves.
INLINE vu mulhi_u(vu a, vu b) {
  vu l = a & 65535u, h = a >> 16, e = b & 65535u, d = b >> 16, low = l * d, high = h * e;
  vu middle = ((l * e) >> 16) + (low & 65535u) + (high & 65535u);
  return h * d + (low >> 16) + (high >> 16) + (middle >> 16);
}
